import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { Match } from "../scoring/project-matching/match.ts";

/** A row to write. */
export type PlacedRow = Match & { readonly projectId: number; readonly skillIds: readonly number[] };

/** Removes volunteers from lists. @returns how many rows. */
export async function removeMatchRows(
  tx: Tx,
  pairs: readonly { readonly projectId: string; readonly volunteerId: string }[],
): Promise<number> {
  if (pairs.length === 0) return 0;
  const removed = await tx.execute(
    sql`delete from volunteer_initiative_matches m
        using unnest(${array(pairs.map(({ projectId }) => projectId))}::bigint[],
                     ${array(pairs.map(({ volunteerId }) => volunteerId))}::bigint[]) as r(project_id, volunteer_id)
        where m.project_id = r.project_id and m.volunteer_id = r.volunteer_id`,
  );
  return removed.rowCount ?? 0;
}

/** Inserts and updates rows; rows that are already equal are not touched. */
export async function upsertRows(
  tx: Tx,
  upserts: readonly PlacedRow[],
  slot: Date,
): Promise<{ added: number; changed: number }> {
  if (upserts.length === 0) return { added: 0, changed: 0 };
  const column = (read: (row: PlacedRow) => unknown) => array(upserts.map(read));
  const written = await rows<{ isNew: boolean }>(
    tx,
    sql`insert into volunteer_initiative_matches as m (project_id, volunteer_id, match_score, coverage, cosine, jaccard,
          location_score, matched_skill_ids, matched_skill_count, calculated_at)
        select f.project_id, f.volunteer_id, f.score, f.coverage, f.cosine, f.jaccard, f.location, f.skill_ids::bigint[],
               cardinality(f.skill_ids::bigint[]), ${slot}::timestamptz
        from unnest(${column((f) => f.projectId)}::bigint[], ${column((f) => f.volunteerId)}::bigint[],
                    ${column((f) => f.score)}::float8[], ${column((f) => f.coverage)}::float8[], ${column((f) => f.cosine)}::float8[],
                    ${column((f) => f.jaccard)}::float8[], ${column((f) => f.locationScore)}::float8[],
                    ${column((f) => `{${f.skillIds.join(",")}}`)}::text[])
          as f(project_id, volunteer_id, score, coverage, cosine, jaccard, location, skill_ids)
        order by f.project_id, f.volunteer_id
        on conflict (project_id, volunteer_id) do update set
          (match_score, coverage, cosine, jaccard, location_score, matched_skill_ids, matched_skill_count, calculated_at) =
          (excluded.match_score, excluded.coverage, excluded.cosine, excluded.jaccard, excluded.location_score,
           excluded.matched_skill_ids, excluded.matched_skill_count, excluded.calculated_at)
        where (m.match_score, m.coverage, m.cosine, m.jaccard, m.location_score, m.matched_skill_ids) is distinct from
          (excluded.match_score, excluded.coverage, excluded.cosine, excluded.jaccard, excluded.location_score, excluded.matched_skill_ids)
        returning m.xmax = 0 as "isNew"`,
  );
  const added = written.filter(({ isNew }) => isNew).length;
  return { added, changed: written.length - added };
}

/**
 * Cuts lists to their capacity, and updates their recorded size and floor.
 *
 * @returns how many rows were cut off.
 */
export async function trimLists(
  tx: Tx,
  lists: readonly { readonly id: string; readonly capacity: number }[],
): Promise<number> {
  if (lists.length === 0) return 0;
  const ids = array(lists.map(({ id }) => id));
  const cut = sql`unnest(${ids}::bigint[], ${array(lists.map(({ capacity }) => Math.min(capacity, MAX_INT)))}::int[]) as cut(project_id, capacity)`;
  const trimmed = await tx.execute(
    sql`delete from volunteer_initiative_matches m
        using (select project_id, volunteer_id, row_number() over (
                 partition by project_id order by match_score desc, matched_skill_count desc, volunteer_id) as rank
               from volunteer_initiative_matches where project_id = any(${ids}::bigint[])) r, ${cut}
        where cut.project_id = r.project_id and r.rank > cut.capacity and m.project_id = r.project_id and m.volunteer_id = r.volunteer_id`,
  );
  await tx.execute(
    sql`with lists as (
          select project_id, count(*)::int as size, min(match_score) as floor_score
          from volunteer_initiative_matches where project_id = any(${ids}::bigint[]) group by project_id),
        unlisted as (
          delete from project_match_lists l where l.project_id = any(${ids}::bigint[])
            and not exists (select 1 from lists n where n.project_id = l.project_id))
        insert into project_match_lists (project_id, size, floor_score, capacity)
        select lists.project_id, lists.size, lists.floor_score, cut.capacity
        from lists join ${cut} on cut.project_id = lists.project_id order by lists.project_id
        on conflict (project_id) do update set size = excluded.size, floor_score = excluded.floor_score`,
  );
  return trimmed.rowCount ?? 0;
}

const MAX_INT = 2 ** 31 - 1;
