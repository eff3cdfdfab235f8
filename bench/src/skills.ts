import { seededRandom } from "../../src/random.ts";
import type { MatchProject, MatchVolunteer } from "../../src/scoring/project-matching/match.ts";
import type { Scratch } from "./database.ts";

export const SKILLS = 500;
const SKILLS_EACH = 8;
const CITIES = 60;
/** Share of volunteers with a location, and of projects on site. */
const LOCATED_SHARE = 0.5;
const SEED = 71;

/** Volunteers and projects with eight skills each, by Zipf's law (exponent 1), in or around sixty cities. */
export type SkillPlan = {
  readonly volunteers: number;
  readonly projects: number;
  volunteer(): MatchVolunteer;
  project(): MatchProject;
};

/** The same volunteers and projects in every run, with ids from 1. Each call returns the next one. */
export function planSkills(volunteers: number, projects: number): SkillPlan {
  const random = seededRandom(SEED).next;
  const forProjects = seededRandom(SEED + 1).next;
  const sums: number[] = [];
  for (let rank = 1; rank <= SKILLS; rank++) sums.push((sums.at(-1) ?? 0) + 1 / rank);
  const draw = (chance: () => number): Set<number> => {
    const drawn = new Set<number>();
    while (drawn.size < SKILLS_EACH) drawn.add(1 + firstAbove(sums, chance() * (sums.at(-1) as number)));
    return drawn;
  };
  const cities = Array.from({ length: CITIES }, () => [random() * 110 - 50, random() * 340 - 170] as const);
  const locationNear = (chance: () => number, spread: number) => {
    const [latitude, longitude] = cities[Math.floor(chance() * CITIES)] as readonly [number, number];
    return {
      latitude: latitude + (chance() - 0.5) * spread,
      longitude: longitude + (chance() - 0.5) * spread,
    };
  };
  let lastVolunteer = 0;
  let lastProject = 0;
  return {
    volunteers,
    projects,
    volunteer: () => ({
      id: ++lastVolunteer,
      skills: new Map([...draw(random)].map((skill) => [skill, 100 + Math.floor(random() * 901)])),
      location: random() < LOCATED_SHARE ? locationNear(random, 1) : null,
    }),
    project: () => ({
      id: ++lastProject,
      requiredSkillIds: [...draw(forProjects)].sort((a, b) => a - b),
      location: locationNear(forProjects, 0),
      remote: forProjects() >= LOCATED_SHARE,
    }),
  };
}

function firstAbove(sums: readonly number[], value: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

const PIECE = 20_000;

/** Loads a plan. Existing users become the first volunteers. Indexes are built at the end. */
export async function loadSkills(scratch: Scratch, plan: SkillPlan): Promise<void> {
  const [there] = await scratch.sql("select count(*)::int as n from users where id > 0");
  await scratch.sql("insert into users (created_at) select '2020-01-01' from generate_series(1, $1::int)", [
    Math.max(0, plan.volunteers - Number(there?.["n"])),
  ]);
  await scratch.sql(
    "insert into organizations (name) select 'Bench' where not exists (select 1 from organizations)",
  );
  await scratch.sql("insert into skills (name) select 'Skill ' || g from generate_series(1, $1::int) g", [
    SKILLS,
  ]);
  for (const table of ["volunteers", "volunteer_skills", "projects", "project_required_skills"])
    await scratch.sql(`alter table ${table} disable trigger all`);
  const indexes = await scratch.sql(
    "select indexdef from pg_indexes where indexname = 'volunteer_skills_skill'",
  );
  await scratch.sql("drop index volunteer_skills_skill");
  for (let from = 0; from < plan.volunteers; from += PIECE)
    await loadVolunteers(
      scratch,
      Array.from({ length: Math.min(PIECE, plan.volunteers - from) }, () => plan.volunteer()),
    );
  await loadProjects(
    scratch,
    Array.from({ length: plan.projects }, () => plan.project()),
  );
  for (const { indexdef } of indexes) await scratch.sql(String(indexdef));
  for (const table of ["volunteers", "volunteer_skills", "projects", "project_required_skills"])
    await scratch.sql(`alter table ${table} enable trigger all`);
}

const list = (values: readonly unknown[]): string => `{${values.map((v) => v ?? "NULL").join(",")}}`;

async function loadVolunteers(scratch: Scratch, people: readonly MatchVolunteer[]): Promise<void> {
  await scratch.sql(
    "insert into volunteers (user_id, latitude, longitude) select * from unnest($1::bigint[], $2::float8[], $3::float8[])",
    [
      list(people.map(({ id }) => id)),
      list(people.map(({ location }) => location?.latitude)),
      list(people.map(({ location }) => location?.longitude)),
    ],
  );
  const given = people.flatMap(({ id, skills }) =>
    [...skills].map(([skill, weight]) => [id, skill, weight] as const),
  );
  await scratch.sql(
    "insert into volunteer_skills (volunteer_id, skill_id, weight) select * from unnest($1::bigint[], $2::bigint[], $3::real[])",
    [
      list(given.map(([id]) => id)),
      list(given.map(([, skill]) => skill)),
      list(given.map(([, , weight]) => weight / 1_000)),
    ],
  );
}

async function loadProjects(scratch: Scratch, projects: readonly MatchProject[]): Promise<void> {
  await scratch.sql(
    `insert into projects (organization_id, name, project_status, created_by, latitude, longitude, remote)
     select (select min(id) from organizations), 'Project ' || n, 'recruiting', 1, latitude, longitude, remote
     from unnest($1::float8[], $2::float8[], $3::boolean[]) with ordinality as p(latitude, longitude, remote, n) order by n`,
    [
      list(projects.map(({ location }) => location?.latitude)),
      list(projects.map(({ location }) => location?.longitude)),
      list(projects.map(({ remote }) => remote)),
    ],
  );
  const needed = projects.flatMap(({ id, requiredSkillIds }) =>
    requiredSkillIds.map((skill) => [id, skill] as const),
  );
  await scratch.sql(
    "insert into project_required_skills (project_id, skill_id) select * from unnest($1::bigint[], $2::bigint[])",
    [list(needed.map(([id]) => id)), list(needed.map(([, skill]) => skill))],
  );
}
