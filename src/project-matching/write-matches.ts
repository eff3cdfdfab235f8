import { type SQL, sql } from "drizzle-orm";
import { int4Array, int8Array } from "../db/binary-arrays.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { inScope, type ListedProject, type ProjectScope } from "./project-facts.ts";
import type { MatchColumns } from "./rank.task.ts";

export type WrittenMatches = {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
};

/** The lists of a scope, and its projects. */
export type ComputedScope = {
  readonly scope: ProjectScope;
  readonly columns: MatchColumns;
  readonly projects: readonly Pick<ListedProject, "id" | "capacity">[];
};

const VALUES = ["match_score", "coverage", "cosine", "jaccard", "location_score", "matched_skill_ids"];
const valuesOf = (row: string) => sql.raw(VALUES.map((name) => `${row}.${name}`).join(", "));

/**
 * Makes the stored lists of a scope equal to `columns` in one statement: inserts new rows, updates those that
 * differ, deletes the rest, and leaves equal rows alone. Readers see the lists before or after, never an
 * empty one. Ranges do not overlap and full runs exclude each other, so no one else inserts the same rows;
 * `on conflict` would take half as long again (docs/decisions/0045).
 *
 * The joins are between thousands of rows each. If statistics are older than the lists, the planner expects
 * one row and picks a nested loop, which exceeds the statement timeout; so nested loops are off.
 */
export async function writeMatches(tx: Tx, lists: ComputedScope, slot: Date): Promise<WrittenMatches> {
  await tx.execute(sql`select set_config('jit', 'off', true), set_config('enable_nestloop', 'off', true)`);
  const [written] = await rows<WrittenMatches>(tx, mergeStatement(lists, slot));
  await tx.execute(sql`set local enable_nestloop = on`);
  return written ?? { added: 0, changed: 0, removed: 0 };
}

function mergeStatement({ scope, columns, projects }: ComputedScope, slot: Date): SQL {
  const skillSets = columns.skillSets.map((ids) => `{${ids.join()}}`);
  return sql`with skill_sets as (select n - 1 as at, f::bigint[] as skill_ids from unnest(${array(skillSets)}::text[]) with ordinality s(f, n)),
        fresh as materialized (
          select f.project_id, f.volunteer_id, f.score / 1e6::float8 as match_score, f.coverage / 1e6::float8 as coverage,
                 f.cosine / 1e6::float8 as cosine, f.jaccard / 1e6::float8 as jaccard,
                 nullif(f.location, -1) / 1e6::float8 as location_score, s.skill_ids as matched_skill_ids
          from unnest(${sql.param(int8Array(columns.projectIds))}::bigint[], ${sql.param(int8Array(columns.volunteerIds))}::bigint[],
                      ${sql.param(int4Array(columns.scores))}::int[], ${sql.param(int4Array(columns.coverages))}::int[],
                      ${sql.param(int4Array(columns.cosines))}::int[], ${sql.param(int4Array(columns.jaccards))}::int[],
                      ${sql.param(int4Array(columns.locationScores))}::int[], ${sql.param(int4Array(columns.skillSetIndexes))}::int[])
            as f(project_id, volunteer_id, score, coverage, cosine, jaccard, location, skill_set_at)
          join skill_sets s on s.at = f.skill_set_at),
        held as materialized (
          select m.project_id, m.volunteer_id, ${valuesOf("m")} from volunteer_initiative_matches m
          where ${inScope(sql`m.project_id`, scope)}),
        compared as materialized (
          select f.*, h.project_id as held_project_id, h.volunteer_id as held_volunteer_id,
                 (${valuesOf("h")}) is distinct from (${valuesOf("f")}) as differs
          from fresh f full join held h on h.project_id = f.project_id and h.volunteer_id = f.volunteer_id),
        gone as (
          delete from volunteer_initiative_matches m using compared c
          where c.project_id is null and m.project_id = c.held_project_id and m.volunteer_id = c.held_volunteer_id
            and ${inScope(sql`m.project_id`, scope)} returning 1),
        added as (
          insert into volunteer_initiative_matches as m (project_id, volunteer_id, ${sql.raw(VALUES.join(", "))}, matched_skill_count, calculated_at)
          select c.project_id, c.volunteer_id, ${valuesOf("c")}, cardinality(c.matched_skill_ids), ${slot}::timestamptz
          from compared c where c.held_project_id is null order by c.project_id, c.volunteer_id returning 1),
        changed as (
          update volunteer_initiative_matches m
          set (${sql.raw(VALUES.join(", "))}, matched_skill_count, calculated_at) =
              (${valuesOf("c")}, cardinality(c.matched_skill_ids), ${slot}::timestamptz)
          from compared c where c.held_project_id is not null and c.differs
            and m.project_id = c.project_id and m.volunteer_id = c.volunteer_id and ${inScope(sql`m.project_id`, scope)} returning 1),
        lists as (
          select f.project_id, count(*)::int as size, min(f.match_score) as floor_score, min(c.capacity) as capacity
          from fresh f join unnest(${array(projects.map(({ id }) => id))}::bigint[],
                                   ${array(projects.map(({ capacity }) => capacity))}::int[]) as c(id, capacity) on c.id = f.project_id
          group by f.project_id),
        unlisted as (
          delete from project_match_lists l
          where ${inScope(sql`l.project_id`, scope)} and not exists (select 1 from lists n where n.project_id = l.project_id)),
        listed as (
          insert into project_match_lists as l (project_id, size, floor_score, capacity)
          select project_id, size, floor_score, capacity from lists order by project_id
          on conflict (project_id) do update set size = excluded.size, floor_score = excluded.floor_score, capacity = excluded.capacity
          where (l.size, l.floor_score, l.capacity) is distinct from (excluded.size, excluded.floor_score, excluded.capacity))
        select (select count(*) from added)::int as added, (select count(*) from changed)::int as changed, (select count(*) from gone)::int as removed`;
}
