import { sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { array, rows } from "../../db/statement.ts";
import { inTransaction, type Tx } from "../../db/transaction.ts";
import { type Random, seededRandom } from "../../random.ts";
import type { Community } from "./community.ts";

/** How much was created. */
export type CreatedSkills = {
  readonly skills: number;
  readonly volunteers: number;
  readonly projects: number;
};

/** Most common first. */
const SKILLS =
  "cooking,first aid,driving,gardening,teaching,translation,event planning,carpentry,photography,bookkeeping,web design,fundraising,plumbing,social work,law,data analysis,sign language,bee keeping".split(
    ",",
  );

const PROJECTS: readonly { name: string; needs: readonly string[]; remote?: true; status?: "active" }[] = [
  { name: "Community Garden", needs: ["gardening", "carpentry", "bee keeping"] },
  { name: "Soup Kitchen on Wheels", needs: ["cooking", "driving", "first aid"], status: "active" },
  { name: "Homework Club", needs: ["teaching", "translation", "social work"] },
  {
    name: "Donation Website",
    needs: ["web design", "fundraising", "photography", "data analysis"],
    remote: true,
  },
  {
    name: "Legal Help Desk",
    needs: ["law", "translation", "bookkeeping", "sign language"],
    remote: true,
    status: "active",
  },
  { name: "Flood Repair Crew", needs: ["plumbing", "carpentry", "driving", "first aid"] },
];

/** One city per organization; volunteers live around it. */
const CITIES = [
  { latitude: 53.55, longitude: 9.99 },
  { latitude: 40.71, longitude: -74.01 },
  { latitude: 22.57, longitude: 88.36 },
] as const;

const MAX_SKILLS = 6;
const HIDDEN_SHARE = 0.05;

/** Gives members skills and locations, and organizations projects that need skills. */
export async function createSkills(db: Database, community: Community, seed: number): Promise<CreatedSkills> {
  const random = seededRandom(seed);
  return inTransaction(db, async (tx) => {
    await tx.execute(
      sql`insert into skills (name) select unnest(${array(SKILLS)}::text[]) on conflict (name) do nothing`,
    );
    const found = await rows<{ id: string; name: string }>(tx, sql`select id, name from skills`);
    const ids = new Map(found.map(({ id, name }) => [name, id]));
    await locateVolunteers(tx, community, random);
    const skilled = await giveSkills(tx, community, ids, random);
    const projects = await startProjects(tx, community, ids, random);
    return { skills: SKILLS.length, volunteers: skilled, projects };
  });
}

async function locateVolunteers(tx: Tx, { members }: Community, random: Random): Promise<void> {
  const locations = members.map(() => {
    const city = random.pick(CITIES);
    return {
      latitude: city.latitude + random.next() * 1.2 - 0.6,
      longitude: city.longitude + random.next() * 1.2 - 0.6,
      visible: random.next() >= HIDDEN_SHARE,
    };
  });
  await tx.execute(
    sql`update volunteers v set latitude = p.latitude, longitude = p.longitude, skills_visible = p.visible
        from unnest(${array(members.map(({ userId }) => userId))}::bigint[], ${array(locations.map((p) => p.latitude))}::float8[],
                    ${array(locations.map((p) => p.longitude))}::float8[], ${array(locations.map((p) => p.visible))}::boolean[])
          as p(id, latitude, longitude, visible)
        where v.user_id = p.id`,
  );
}

/** Common skills are drawn more often than rare ones. */
async function giveSkills(
  tx: Tx,
  { members }: Community,
  ids: ReadonlyMap<string, string>,
  random: Random,
): Promise<number> {
  const given = members.flatMap(({ userId }) => {
    const names = new Set<string>();
    const count = random.between(1, MAX_SKILLS);
    while (names.size < count)
      names.add(SKILLS[Math.floor(SKILLS.length * random.next() * random.next())] as string);
    return [...names].map((name) => ({ userId, name, weight: random.between(1, 10) / 10 }));
  });
  await tx.execute(
    sql`insert into volunteer_skills (volunteer_id, skill_id, weight)
        select * from unnest(${array(given.map(({ userId }) => userId))}::bigint[],
                             ${array(given.map(({ name }) => ids.get(name)))}::bigint[], ${array(given.map(({ weight }) => weight))}::real[])`,
  );
  return members.length;
}

async function startProjects(
  tx: Tx,
  { members, organizationIds }: Community,
  ids: ReadonlyMap<string, string>,
  random: Random,
): Promise<number> {
  for (const [index, { name, needs, remote = false, status = "recruiting" }] of PROJECTS.entries()) {
    const at = index % organizationIds.length;
    const city = CITIES[at % CITIES.length] as (typeof CITIES)[number];
    const lead = random.pick(members).userId;
    await tx.execute(
      sql`with started as (
            insert into projects (organization_id, name, project_status, team_lead, created_by, latitude, longitude, remote)
            values (${organizationIds[at]}, ${name}, ${status}, ${lead}, ${lead}, ${city.latitude}, ${city.longitude}, ${remote})
            returning id)
          insert into project_required_skills (project_id, skill_id)
          select started.id, s.id from started, unnest(${array(needs.map((need) => ids.get(need)))}::bigint[]) as s(id)`,
    );
  }
  return PROJECTS.length;
}

/** A volunteer learns every skill that a project needs, next door to it. */
export async function aVolunteerLearnsSkills({ db }: { readonly db: Database }): Promise<object> {
  return inTransaction(db, async (tx) => {
    const [volunteer] = await rows<{ id: string }>(
      tx,
      sql`update volunteers v set latitude = p.latitude, longitude = p.longitude, skills_visible = true
          from projects p
          where p.id = (select min(project_id) from project_required_skills)
            and v.user_id = (select max(user_id) from volunteers)
          returning v.user_id as id`,
    );
    if (!volunteer) throw new Error("The demo has no volunteers or no projects.");
    await tx.execute(
      sql`insert into volunteer_skills (volunteer_id, skill_id, weight)
          select ${volunteer.id}::bigint, skill_id, 1 from project_required_skills
          where project_id = (select min(project_id) from project_required_skills)
          on conflict (volunteer_id, skill_id) do update set weight = 1`,
    );
    return { volunteerId: volunteer.id };
  });
}
