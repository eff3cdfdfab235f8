import { type SQL, sql } from "drizzle-orm";
import { type IdRange, MAX_ID } from "./id-ranges.ts";
import { rows } from "./statement.ts";
import type { Tx } from "./transaction.ts";

/**
 * Ranges that begin with each `size`-th id. The last one has no end, so that ids which are drawn later are in
 * it; without ids there is none.
 *
 * @param ids a select of one column named `id`, without duplicates.
 */
export async function cutIds(tx: Tx, ids: SQL, size: number): Promise<IdRange[]> {
  const starts = await rows<{ id: string }>(
    tx,
    sql`select id from (select id, row_number() over (order by id) as n from (${ids}) given) counted
        where (n - 1) % ${size} = 0 order by id`,
  );
  return starts.map(({ id }, index) => ({ from: id, to: starts[index + 1]?.id ?? MAX_ID }));
}

/**
 * The same ranges, of which the first begins at 0: together they cover all ids, including those of deleted
 * rows.
 */
export async function coverIds(tx: Tx, ids: SQL, size: number): Promise<IdRange[]> {
  const [first, ...others] = await cutIds(tx, ids, size);
  return [{ from: "0", to: first?.to ?? MAX_ID }, ...others];
}
