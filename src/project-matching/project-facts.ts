import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { IS_OPEN } from "../db/candidacy.ts";
import { coverIds } from "../db/cut-ids.ts";
import type { IdRange } from "../db/id-ranges.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { locationOf } from "../scoring/distance.ts";
import type { MatchProject } from "../scoring/project-matching/match.ts";
import { MAX_REQUIRED_SKILLS } from "../scoring/project-matching/match-search.ts";
import { requiredSkillIds } from "./spellings.ts";

/**
 * SQL: whether the project `p` has a list of candidates: it is open, and requires skills, but not too many.
 */
export const IS_MATCHED = sql`${IS_OPEN}
  and (select count(*) from project_required_skills q where q.project_id = p.id) between 1 and ${sql.raw(String(MAX_REQUIRED_SKILLS))}`;

/** A range of project ids, `to` excluded, or a set of them. */
export const projectScope = z.union([
  z.object({ from: z.string(), to: z.string() }),
  z.object({ ids: z.array(z.string()).readonly() }),
]);
export type ProjectScope = z.infer<typeof projectScope>;

/** SQL: whether an id is in a scope. */
export const inScope = (id: SQL, scope: ProjectScope): SQL =>
  "ids" in scope
    ? sql`${id} = any(${array(scope.ids)}::bigint[])`
    : sql`${id} >= ${scope.from}::bigint and ${id} < ${scope.to}::bigint`;

/** The matched projects of a scope, by id. */
export async function readProjects(tx: Queryable, scope: ProjectScope): Promise<MatchProject[]> {
  const found = await rows<{
    id: string;
    latitude: number | null;
    longitude: number | null;
    remote: boolean;
    skillIds: string[];
  }>(
    tx,
    sql`select p.id, p.latitude, p.longitude, p.remote,
               array(select r.skill_id from ${requiredSkillIds(sql`p.id`)} r order by r.skill_id) as "skillIds"
        from projects p where ${inScope(sql`p.id`, scope)} and ${IS_MATCHED} order by p.id`,
  );
  return found.map(({ id, remote, skillIds, ...columns }) => ({
    id: Number(id),
    requiredSkillIds: skillIds.map(Number),
    location: locationOf(columns),
    remote,
  }));
}

/** A project, and how long its list may be. */
export type ListedProject = MatchProject & { readonly capacity: number };

/** A list is at most this much longer than others. */
const MAX_SPENT = 1_000;

/**
 * SQL: the number of volunteers who take up no room on the list of project `p`, since they are spent as
 * candidates: on the team, applicants, notified before, or not interested. Otherwise a list that is notified
 * of ten candidates a day would be used up in three weeks, and nobody below its end would ever be notified.
 */
const SPENT = sql`(
  select count(*)::int from (
    select p.team_lead as user_id union select p.created_by
    union select t.user_id from project_members t where t.project_id = p.id
    union select t.user_id from project_team_members t where t.project_id = p.id
    union select a.user_id from project_applications a where a.project_id = p.id
    union select d.user_id from match_dismissals d where d.project_id = p.id
    union select c.volunteer_id from candidate_notifications c where c.project_id = p.id) spent
  where exists (select 1 from volunteers v where v.user_id = spent.user_id))`;

/**
 * The matched projects of a scope with the capacity of their lists, by id.
 * @param keep length of a list without spent candidates.
 */
export async function readListedProjects(
  tx: Queryable,
  scope: ProjectScope,
  keep: number,
): Promise<ListedProject[]> {
  const projects = await readProjects(tx, scope);
  const found = await rows<{ id: string; spent: number }>(
    tx,
    sql`select p.id, ${SPENT} as spent from projects p where ${inScope(sql`p.id`, scope)}`,
  );
  const spent = new Map(found.map(({ id, spent }) => [Number(id), spent]));
  return projects.map((project) => ({
    ...project,
    capacity: keep + Math.min(spent.get(project.id) ?? 0, MAX_SPENT),
  }));
}

/**
 * Ranges of ids with at most `size` matched projects each. They cover all ids, so that lists of closed
 * projects are removed too.
 */
export const cutMatchProjects = (tx: Tx, size: number): Promise<IdRange[]> =>
  coverIds(tx, sql`select p.id from projects p where ${IS_MATCHED}`, size);
