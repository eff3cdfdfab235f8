import { sql } from "drizzle-orm";
import { type Queryable, rows } from "./statement.ts";

/** A table whose ids are drawn in the order of the time in one of its columns. */
export type TimedTable = { readonly table: string; readonly time: string };

/**
 * The ids of the rows of a table that are older than an instant: from `first` up to but not including `end`.
 */
export type IdSpan = { readonly first: bigint; readonly end: bigint };

/**
 * Finds the first id whose row is not older than an instant, by binary search over the primary key: counting
 * and deleting over time need no index of the time.
 *
 * @param since an instant in ISO 8601.
 * @returns null for an empty table. Rows of transactions that ran at the same time may be a few ids apart.
 */
export async function idsBefore(
  on: Queryable,
  { table, time }: TimedTable,
  since: string,
): Promise<IdSpan | null> {
  const name = sql.identifier(table);
  const [span] = await rows<{ first: string | null; last: string | null }>(
    on,
    sql`select min(id) as first, max(id) as last from ${name}`,
  );
  if (span?.first == null || span.last === null) return null;
  const first = BigInt(span.first);
  let low = first;
  let high = BigInt(span.last) + 1n;
  while (low < high) {
    const middle = (low + high) / 2n;
    const [row] = await rows<{ isOlder: boolean }>(
      on,
      sql`select ${sql.identifier(time)} < ${since}::timestamptz as "isOlder" from ${name}
          where id >= ${String(middle)} order by id limit 1`,
    );
    if (row?.isOlder) low = middle + 1n;
    else high = middle;
  }
  return { first, end: low };
}
