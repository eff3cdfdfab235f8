import { type SQL, sql } from "drizzle-orm";
import { endsOf, float8Array, int4Array, int8Array } from "../../db/binary-arrays.ts";
import { prepared } from "../../db/statement.ts";
import type { Tx } from "../../db/transaction.ts";
import { inUserScope, type UserScope } from "../../db/user-scope.ts";
import { COMPONENT_BYTES } from "../../scoring/postings/recommend/components.ts";
import type { ListColumns } from "../../scoring/postings/recommend/list-columns.ts";
import type { ListsWithFacts } from "./recommend.task.ts";

/** The values that all lists of a run share. */
export type RunVersion = { readonly asOf: Date; readonly algoVersion: string };

/** Up to this many lists are stored by a plan that is prepared once and too cheap to be compiled. */
const FEW_LISTS = 10;

const ENTRY = sql.raw(String(COMPONENT_BYTES));

/**
 * Stores lists that were computed from all postings, each replacing the user's old one: readers see one
 * or the other. A list of a later instant stays.
 */
export const swapLists = (tx: Tx, lists: ListsWithFacts, { asOf, algoVersion }: RunVersion): Promise<void> =>
  store(
    tx,
    lists,
    sql`insert into recommendation_lists as l
          (user_id, posting_ids, scores, created_at, components, first_places, floor_score, floor_id, user_facts, algo_version, as_of)
        select n.user_id, n.posting_ids, n.scores, n.created_at, n.components, n.first_places, n.floor_score, n.floor_id,
               substring(f.bytes from n.facts_end - n.facts_size + 1 for n.facts_size), ${algoVersion}, ${asOf}::timestamptz
        from ${rowsOf(lists, asOf, {
          facts_size: int4Array(lists.facts.sizes),
          facts_end: int4Array(endsOf(lists.facts.sizes)),
        })} n
        cross join (select ${sql.param(Buffer.from(lists.facts.bytes))}::bytea as bytes) f
        where exists (select 1 from users u where u.id = n.user_id)
        on conflict (user_id) do update set
          posting_ids = excluded.posting_ids, scores = excluded.scores, created_at = excluded.created_at, components = excluded.components,
          first_places = excluded.first_places, floor_score = excluded.floor_score, floor_id = excluded.floor_id,
          user_facts = excluded.user_facts, algo_version = excluded.algo_version, as_of = excluded.as_of
        where l.as_of <= excluded.as_of`,
  );

/**
 * Stores lists that postings were merged into. The facts of their users have not changed. A list of a later
 * instant stays, and a deleted one is not stored again.
 */
export const replaceLists = (tx: Tx, lists: ListColumns, { asOf, algoVersion }: RunVersion): Promise<void> =>
  store(
    tx,
    lists,
    sql`update recommendation_lists l set
          posting_ids = n.posting_ids, scores = n.scores, created_at = n.created_at, components = n.components,
          first_places = n.first_places, floor_score = n.floor_score, floor_id = n.floor_id, as_of = ${asOf}::timestamptz
        from ${rowsOf(lists, asOf)} n
        where l.user_id = n.user_id and l.algo_version = ${algoVersion} and l.as_of <= ${asOf}::timestamptz`,
  );

async function store(tx: Tx, { userIds }: ListColumns, statement: SQL): Promise<void> {
  if (userIds.length === 0) return;
  if (userIds.length <= FEW_LISTS) await tx.execute(prepared`${statement}`);
  else {
    // Compiling takes longer than the statement.
    await tx.execute(sql`set local jit = off`);
    await tx.execute(statement);
  }
}

/** SQL: a row for each list. @param others further columns of numbers. */
function rowsOf(lists: ListColumns, asOf: Date, others: Readonly<Record<string, Buffer>> = {}): SQL {
  const seconds = Math.floor(asOf.getTime() / 1_000);
  const names = Object.keys(others).map((name) => sql.raw(`, ${name}`));
  const columns = Object.values(others).map((column) => sql`, ${sql.param(column)}::int[]`);
  return sql`(
    select r.*, a.ids[r.last - r.size + 1 : r.last] as posting_ids, a.scores[r.last - r.size + 1 : r.last] as scores,
           array_fill(${seconds}::int, array[r.size]) as created_at,
           substring(a.components from (r.last - r.size) * ${ENTRY} + 1 for r.size * ${ENTRY}) as components
    from unnest(${sql.param(int8Array(lists.userIds))}::bigint[], ${sql.param(int4Array(lists.sizes))}::int[],
                ${sql.param(int4Array(endsOf(lists.sizes)))}::int[], ${sql.param(int4Array(lists.firstSizes))}::int[],
                ${sql.param(float8Array(lists.floorScores))}::float8[], ${sql.param(int8Array(lists.floorIds))}::bigint[]
                ${sql.join(columns)}) as r(user_id, size, last, first_places, floor_score, floor_id${sql.join(names)})
    cross join (select ${sql.param(int8Array(lists.postingIds))}::bigint[] as ids, ${sql.param(float8Array(lists.scores))}::float8[] as scores,
                       ${sql.param(Buffer.from(lists.components.buffer))}::bytea as components) a)`;
}

/** Deletes the lists of users in a scope who have no active CV any more. @returns their number. */
export async function deleteOrphanedLists(tx: Tx, scope: UserScope): Promise<number> {
  const deleted = await tx.execute(
    sql`delete from recommendation_lists l
        where ${inUserScope(sql`l.user_id`, scope)} and not exists (select 1 from cvs c where c.user_id = l.user_id and c.is_active)`,
  );
  return deleted.rowCount ?? 0;
}
