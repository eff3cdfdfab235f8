import { type SQL, sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { MatchProject } from "../scoring/project-matching/match.ts";
import { MAX_REQUIRED_SKILLS } from "../scoring/project-matching/match-index.ts";

/** Projects that candidates are looked for: open, and with a requirement that can be matched. */
export const OPEN = sql`p.project_status in ('recruiting', 'active')
  and (select count(*) from project_required_skills q where q.project_id = p.id) between 1 and ${sql.raw(String(MAX_REQUIRED_SKILLS))}`;

/** A stretch of project ids, or some of them. */
export type ProjectScope =
  | { readonly from: string; readonly to: string }
  | { readonly ids: readonly string[] };

/** Whether an id lies in a scope. `to` is not included. */
export const inScope = (id: SQL, scope: ProjectScope): SQL =>
  "ids" in scope
    ? sql`${id} = any(${array(scope.ids)}::bigint[])`
    : sql`${id} >= ${scope.from}::bigint and ${id} < ${scope.to}::bigint`;

/** The open projects of a scope, by id. */
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
               array(select r.skill_id from project_required_skills r where r.project_id = p.id order by r.skill_id) as "skillIds"
        from projects p where ${inScope(sql`p.id`, scope)} and ${OPEN} order by p.id`,
  );
  return found.map(({ id, latitude, longitude, remote, skillIds }) => ({
    id: Number(id),
    requiredSkillIds: skillIds.map(Number),
    place: latitude === null || longitude === null ? null : { latitude, longitude },
    remote,
  }));
}

/** No id is higher. */
const END = "9223372036854775807";

/** Stretches of ids with at most so many open projects each; together all ids there are, so that lists of closed projects go too. */
export async function cutMatchProjects(tx: Tx, size: number): Promise<{ from: string; to: string }[]> {
  const starts = await rows<{ id: string }>(
    tx,
    sql`select id from (select p.id, row_number() over (order by p.id) as n from projects p where ${OPEN}) counted
        where (n - 1) % ${size} = 0 order by id`,
  );
  const bounds = ["0", ...starts.slice(1).map(({ id }) => id), END];
  return bounds.slice(0, -1).map((from, index) => ({ from, to: bounds[index + 1] as string }));
}
