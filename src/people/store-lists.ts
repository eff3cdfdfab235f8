import { sql } from "drizzle-orm";
import { endsOf, float4Array, float8Array, int4Array, int8Array } from "../db/binary-arrays.ts";
import type { Tx } from "../db/transaction.ts";
import type { ListVersion } from "../db/versions.ts";
import type { PairListColumns } from "../scoring/people/list-columns.ts";
import { PAIR_TERM_BYTES } from "../scoring/people/pair-bytes.ts";
import type { PairEntryColumns } from "../scoring/people/pair-entries.ts";

/** SQL: the head of the row `l` of pair_lists (src/scoring/people/sent-lists.ts). */
export const LIST_HEAD = sql`int8send(l.user_id) || case l.tier when 'A' then '\\x00'::bytea else '\\x01'::bytea end
  || float8send(coalesce(l.floor_score, 'NaN')) || int8send(coalesce(l.floor_user_id, 0))`;

/**
 * Stores lists in a version, each replacing the one before. Users who left or were erased since get none.
 *
 * @param changed `changes` of the version with those who are placed; 0: of a version that is being written.
 */
export async function storePairLists(
  tx: Tx,
  version: ListVersion,
  lists: PairListColumns,
  { now, changed }: { readonly now: Date; readonly changed: number },
): Promise<void> {
  if (lists.userIds.length === 0) return;
  const bytes = sql.raw(String(PAIR_TERM_BYTES));
  await tx.execute(sql`set local jit = off`);
  await tx.execute(
    sql`insert into pair_lists (version, user_id, tier, positions, scores, components, floor_score, floor_user_id, scored_at, changed)
        select ${version.id}::bigint, n.user_id, case n.tier when 0 then 'A' else 'B' end, a.positions[n.last - n.size + 1 : n.last],
               a.scores[n.last - n.size + 1 : n.last], substring(a.components from (n.last - n.size) * ${bytes} + 1 for n.size * ${bytes}),
               nullif(n.floor_score, 'NaN'), nullif(n.floor_user_id, 0), ${now}::timestamptz, ${changed}::int
        from unnest(${sql.param(int8Array(lists.userIds))}::bigint[], ${sql.param(int4Array(lists.tiers))}::int[],
                    ${sql.param(int4Array(lists.sizes))}::int[], ${sql.param(int4Array(endsOf(lists.sizes)))}::int[],
                    ${sql.param(float8Array(lists.floorScores))}::float8[], ${sql.param(int8Array(lists.floorUserIds))}::bigint[])
               as n(user_id, tier, size, last, floor_score, floor_user_id)
        cross join (select ${sql.param(int4Array(lists.positions))}::int[] as positions, ${sql.param(float4Array(lists.scores))}::real[] as scores,
                           ${sql.param(Buffer.from(lists.components))}::bytea as components) a
        where exists (select 1 from pair_people p where p.version = ${version.id} and p.user_id = n.user_id and p.facts is not null)
        on conflict (version, user_id, tier) do update set
          positions = excluded.positions, scores = excluded.scores, components = excluded.components, floor_score = excluded.floor_score,
          floor_user_id = excluded.floor_user_id, scored_at = excluded.scored_at,
          changed = excluded.changed`,
  );
}

/** Stores which lists of others the placed people enter and leave. */
export async function storePairEntries(
  tx: Tx,
  version: ListVersion,
  entries: PairEntryColumns,
  change: number,
): Promise<void> {
  if (entries.parts.length === 0) return;
  const bytes = sql.raw(String(PAIR_TERM_BYTES));
  await tx.execute(
    sql`insert into pair_entries (version, part, change, lists, candidates, scores, components)
        select ${version.id}::bigint, n.part, ${change}::int, a.lists[n.last - n.size + 1 : n.last],
               a.candidates[n.last - n.size + 1 : n.last], a.scores[n.last - n.size + 1 : n.last],
               substring(a.components from (n.last - n.size) * ${bytes} + 1 for n.size * ${bytes})
        from unnest(${sql.param(int4Array(entries.parts))}::int[], ${sql.param(int4Array(entries.sizes))}::int[],
                    ${sql.param(int4Array(endsOf(entries.sizes)))}::int[]) as n(part, size, last)
        cross join (select ${sql.param(int4Array(entries.lists))}::int[] as lists, ${sql.param(int4Array(entries.candidates))}::int[] as candidates,
                           ${sql.param(float4Array(entries.scores))}::real[] as scores,
                           ${sql.param(Buffer.from(entries.components))}::bytea as components) a`,
  );
}
