import { sql } from "drizzle-orm";
import { endsOf, float8Array, int4Array, int8Array } from "../db/binary-arrays.ts";
import { prepared } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { inUserScope, type UserScope } from "../db/user-scope.ts";
import { COMPONENT_BYTES } from "../scoring/postings/recommend/components.ts";
import type { ListColumns } from "../scoring/postings/recommend/list-columns.ts";

/** What all lists of a run have in common. */
export type RunVersion = { readonly asOf: Date; readonly algoVersion: string };

/** Up to this many lists are stored by a plan that is prepared once and too cheap to be compiled. */
const FEW_LISTS = 10;

/**
 * Stores lists, each replacing the user's old one: readers see one or the other. A list of a later
 * instant stays.
 */
export async function swapLists(
  tx: Tx,
  lists: ListColumns,
  { asOf, algoVersion }: RunVersion,
): Promise<void> {
  if (lists.userIds.length === 0) return;
  const seconds = Math.floor(asOf.getTime() / 1_000);
  const entry = sql.raw(String(COMPONENT_BYTES));
  const statement = sql`insert into recommendation_lists as l
          (user_id, posting_ids, scores, created_at, components, first_places, floor_score, floor_id, algo_version, as_of)
        select n.user_id, a.ids[n.last - n.size + 1 : n.last], a.scores[n.last - n.size + 1 : n.last],
               array_fill(${seconds}::int, array[n.size]), substring(a.components from (n.last - n.size) * ${entry} + 1 for n.size * ${entry}),
               n.first_places, n.floor_score, n.floor_id, ${algoVersion}, ${asOf}::timestamptz
        from unnest(${sql.param(int8Array(lists.userIds))}::bigint[], ${sql.param(int4Array(lists.sizes))}::int[],
                    ${sql.param(int4Array(endsOf(lists.sizes)))}::int[], ${sql.param(int4Array(lists.firstPlaces))}::int[],
                    ${sql.param(float8Array(lists.floorScores))}::float8[],
                    ${sql.param(int8Array(lists.floorIds))}::bigint[]) as n(user_id, size, last, first_places, floor_score, floor_id)
        cross join (select ${sql.param(int8Array(lists.postingIds))}::bigint[] as ids, ${sql.param(float8Array(lists.scores))}::float8[] as scores,
                           ${sql.param(Buffer.from(lists.components.buffer))}::bytea as components) a
        where exists (select 1 from users u where u.id = n.user_id)
        on conflict (user_id) do update set
          posting_ids = excluded.posting_ids, scores = excluded.scores, created_at = excluded.created_at, components = excluded.components,
          first_places = excluded.first_places, floor_score = excluded.floor_score, floor_id = excluded.floor_id, algo_version = excluded.algo_version, as_of = excluded.as_of
        where l.as_of <= excluded.as_of`;
  if (lists.userIds.length <= FEW_LISTS) await tx.execute(prepared`${statement}`);
  else {
    // Compiling takes longer than the statement.
    await tx.execute(sql`set local jit = off`);
    await tx.execute(statement);
  }
}

/** Deletes the lists of users in a scope who have no active CV any more. @returns their number. */
export async function deleteOrphanedLists(tx: Tx, scope: UserScope): Promise<number> {
  const deleted = await tx.execute(
    sql`delete from recommendation_lists l
        where ${inUserScope(sql`l.user_id`, scope)} and not exists (select 1 from cvs c where c.user_id = l.user_id and c.is_active)`,
  );
  return deleted.rowCount ?? 0;
}
