import { sql } from "drizzle-orm";
import { rows, type Tx } from "../db/client.ts";
import type { MatchColumns } from "../scoring/match-rows.ts";
import { inScope, type ProjectScope } from "./project-facts.ts";

export type WrittenMatches = {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
};

const VALUES = sql`match_score, coverage, cosine, jaccard, location_score, matched_skill_ids`;

/**
 * Brings the lists of a scope to what was found, in one statement: what is new is inserted, what differs updated, what fell out
 * deleted, and what is the same is not touched. Readers see the lists before or after, never none.
 */
export async function writeMatches(
  tx: Tx,
  scope: ProjectScope,
  columns: MatchColumns,
  slot: Date,
): Promise<WrittenMatches> {
  await tx.execute(sql`set local jit = off`);
  const [written] = await rows<WrittenMatches>(
    tx,
    sql`with fresh as materialized (
          select f.project_id, f.volunteer_id, f.match_score, f.coverage, f.cosine, f.jaccard, f.location_score,
                 f.matched_skill_ids::bigint[] as matched_skill_ids
          from unnest(${sql.param(columns.projectIds)}::bigint[], ${sql.param(columns.volunteerIds)}::bigint[],
                      ${sql.param(columns.scores)}::float8[], ${sql.param(columns.coverages)}::float8[],
                      ${sql.param(columns.cosines)}::float8[], ${sql.param(columns.jaccards)}::float8[],
                      ${sql.param(columns.locations)}::float8[], ${sql.param(columns.skillIds)}::text[])
            as f(project_id, volunteer_id, match_score, coverage, cosine, jaccard, location_score, matched_skill_ids)),
        held as materialized (
          select project_id, volunteer_id, ${VALUES} from volunteer_initiative_matches m where ${inScope(sql`m.project_id`, scope)}),
        gone as (
          delete from volunteer_initiative_matches m
          using (select project_id, volunteer_id from held except all select project_id, volunteer_id from fresh) g
          where m.project_id = g.project_id and m.volunteer_id = g.volunteer_id and ${inScope(sql`m.project_id`, scope)} returning 1),
        written as (
          insert into volunteer_initiative_matches (project_id, volunteer_id, ${VALUES}, matched_skill_count, calculated_at)
          select project_id, volunteer_id, ${VALUES}, cardinality(matched_skill_ids), ${slot}::timestamptz
          from (select project_id, volunteer_id, ${VALUES} from fresh except all select project_id, volunteer_id, ${VALUES} from held) c
          order by project_id, volunteer_id
          on conflict (project_id, volunteer_id) do update set
            (match_score, coverage, cosine, jaccard, location_score, matched_skill_ids, matched_skill_count, calculated_at) =
            (excluded.match_score, excluded.coverage, excluded.cosine, excluded.jaccard, excluded.location_score,
             excluded.matched_skill_ids, excluded.matched_skill_count, excluded.calculated_at)
          returning xmax = 0 as added),
        lists as (
          select project_id, count(*)::int as size, min(match_score) as floor_score from fresh group by project_id),
        unlisted as (
          delete from project_match_lists l
          where ${inScope(sql`l.project_id`, scope)} and not exists (select 1 from lists n where n.project_id = l.project_id)),
        listed as (
          insert into project_match_lists as l (project_id, size, floor_score)
          select project_id, size, floor_score from lists order by project_id
          on conflict (project_id) do update set size = excluded.size, floor_score = excluded.floor_score
          where (l.size, l.floor_score) is distinct from (excluded.size, excluded.floor_score))
        select (select count(*) from written where added)::int as added, (select count(*) from written where not added)::int as changed,
               (select count(*) from gone)::int as removed`,
  );
  return written ?? { added: 0, changed: 0, removed: 0 };
}
