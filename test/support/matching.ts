import { volunteer } from "./factories.ts";
import type { World } from "./world.ts";

export type Coordinates = { latitude: number; longitude: number };

export const BERLIN: Coordinates = { latitude: 52.52, longitude: 13.4 };

/** Skills by name, made when they are new. @returns their ids in the order of the names. */
export async function skillIds(world: World, ...names: string[]): Promise<string[]> {
  await world.query("insert into skills (name) select unnest($1::text[]) on conflict do nothing", [names]);
  const found = await world.query<{ id: string; name: string }>(
    "select id, name from skills where name = any($1::text[])",
    [names],
  );
  return names.map((name) => found.find((skill) => skill.name === name)!.id);
}

/** A volunteer with skills by name. @returns the user id. */
export async function skilled(
  world: World,
  weights: Record<string, number>,
  fields: { organizationId: string; location?: Coordinates; visible?: boolean; name?: string },
): Promise<string> {
  const { userId } = await volunteer(world, { organizationId: fields.organizationId });
  await world.query("update users set name = $2 where id = $1", [userId, fields.name ?? `Person ${userId}`]);
  await world.query(
    "insert into volunteers (user_id, skills_visible, latitude, longitude) values ($1, $2, $3, $4)",
    [userId, fields.visible ?? true, fields.location?.latitude ?? null, fields.location?.longitude ?? null],
  );
  await giveSkills(world, userId, weights);
  return userId;
}

/** Replaces the skills of a volunteer. */
export async function giveSkills(
  world: World,
  userId: string,
  weights: Record<string, number>,
): Promise<void> {
  await world.query("delete from volunteer_skills where volunteer_id = $1", [userId]);
  const names = Object.keys(weights);
  await world.query(
    `insert into volunteer_skills (volunteer_id, skill_id, weight)
     select $1, s.id, s.weight from unnest($2::bigint[], $3::real[]) as s(id, weight)`,
    [userId, await skillIds(world, ...names), Object.values(weights)],
  );
}

/** A project that looks for people with skills by name. @returns its id. */
export async function projectFor(
  world: World,
  names: string[],
  fields: {
    organizationId: string;
    status?: string;
    location?: Coordinates;
    remote?: boolean;
    autoNotify?: boolean;
    lead?: string | null;
    createdBy?: string;
    name?: string;
  },
): Promise<string> {
  const createdBy =
    fields.createdBy ?? (await volunteer(world, { organizationId: fields.organizationId })).userId;
  await world.query(
    "insert into organization_members (organization_id, user_id) values ($1, $2) on conflict do nothing",
    [fields.organizationId, createdBy],
  );
  const [project] = await world.query<{ id: string }>(
    `insert into projects (organization_id, name, project_status, team_lead, created_by, latitude, longitude, remote, auto_notify)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id`,
    [
      fields.organizationId,
      fields.name ?? "Community Garden",
      fields.status ?? "recruiting",
      fields.lead ?? null,
      createdBy,
      fields.location?.latitude ?? null,
      fields.location?.longitude ?? null,
      fields.remote ?? false,
      fields.autoNotify ?? true,
    ],
  );
  await requireSkills(world, project!.id, names);
  return project!.id;
}

/** Projects that look for people with one skill, with creators of their own, in a few statements. */
export async function projectsFor(
  world: World,
  count: number,
  skill: string,
  { organizationId }: { organizationId: string },
): Promise<void> {
  const [skillId] = await skillIds(world, skill);
  await world.query(
    `with creators as (insert into users (name) select 'Creator' from generate_series(1, $1) returning id),
          members as (insert into organization_members (organization_id, user_id) select $2, id from creators)
     insert into projects (organization_id, name, project_status, created_by, auto_notify)
     select $2, 'Community Garden', 'recruiting', id, true from creators`,
    [count, organizationId],
  );
  await world.query(
    `insert into project_required_skills (project_id, skill_id)
     select p.id, $2 from projects p where p.organization_id = $1 and not exists (select 1 from project_required_skills r where r.project_id = p.id)`,
    [organizationId, skillId],
  );
}

/** Replaces the requirement of a project. */
export async function requireSkills(world: World, projectId: string, names: string[]): Promise<void> {
  await world.query("delete from project_required_skills where project_id = $1", [projectId]);
  await world.query(
    "insert into project_required_skills (project_id, skill_id) select $1, unnest($2::bigint[])",
    [projectId, await skillIds(world, ...names)],
  );
}

export type StoredMatch = {
  project: string;
  volunteer: string;
  score: number;
  coverage: number;
  cosine: number;
  jaccard: number;
  location: number | null;
  skills: string[];
  count: number;
};

/** What is stored, list by list, best first. */
export const storedMatches = (world: World): Promise<StoredMatch[]> =>
  world.query<StoredMatch>(
    `select project_id as project, volunteer_id as volunteer, match_score as score, coverage, cosine, jaccard,
            location_score as location, matched_skill_ids as skills, matched_skill_count as count
     from volunteer_initiative_matches
     order by project_id, match_score desc, matched_skill_count desc, volunteer_id`,
  );

export const storedLists = (world: World) =>
  world.query("select project_id, size, floor_score from project_match_lists order by project_id");
