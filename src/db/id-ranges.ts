import { type SQL, sql } from "drizzle-orm";
import { type Queryable, rows } from "./statement.ts";

/** Rows of a table that are deleted once they are old. Their ids are drawn in the order of `time`. */
export type Prunable = {
  readonly table: string;
  readonly time: string;
  /**
   * Which rows `r` may be deleted at all: the condition of a partial index on the id, by which they are found
   * without reading the rows that stay. Default: every row, by the primary key.
   */
  readonly among?: SQL;
};

/** No bigint is higher. */
export const MAX_ID = "9223372036854775807";

/** The ids from `from` up to but not including `to`. */
export type IdRange = { readonly from: string; readonly to: string };

/** How ranges are cut: over at most `size` ids each, and at most `max` of them. */
type Cut = { readonly size: bigint; readonly max: number };

/**
 * Cuts the ids of the rows that are older than an instant into ranges. Each range begins at a row, so gaps of
 * deleted rows, and of rows that stay, cost nothing.
 *
 * @param before an instant in ISO 8601. Rows of concurrent transactions may be a few ids apart.
 */
export async function idRangesBefore(
  on: Queryable,
  prunable: Prunable,
  before: string,
  { size, max }: Cut,
): Promise<IdRange[]> {
  const end = await endOfOlder(on, prunable, before);
  if (end === null) return [];
  const firstFrom = (id: SQL) => sql`(select r.id from ${tableOf(prunable)} r
    where ${amongOf(prunable)} and r.id >= ${id} and r.id < ${String(end)} order by r.id limit 1)`;
  const starts = await rows<{ id: string }>(
    on,
    sql`with recursive starts(id) as (
          select ${firstFrom(sql`0`)}
          union all
          select ${firstFrom(sql`starts.id + ${String(size)}`)} from starts where starts.id is not null)
        select id from starts where id is not null limit ${max}`,
  );
  return starts.map(({ id }) => {
    const to = BigInt(id) + size;
    return { from: id, to: String(to < end ? to : end) };
  });
}

/** At most this many rows are read to find the oldest one, for tables in which many old rows stay. */
const LOOKED_AT: Cut = { size: 20_000n, max: 3 };

/**
 * The time of the oldest row that is older than an instant and may be deleted, among the 60,000 oldest ones.
 *
 * @param deletable restricts further which rows `r` may be deleted.
 * @returns null if there is none.
 */
export async function oldestBefore(
  on: Queryable,
  prunable: Prunable,
  before: string,
  deletable: SQL = sql`true`,
): Promise<Date | null> {
  const time = sql`r.${sql.identifier(prunable.time)}`;
  for (const { from, to } of await idRangesBefore(on, prunable, before, LOOKED_AT)) {
    const [row] = await rows<{ oldest: string | null }>(
      on,
      sql`select min(${time}) as oldest from ${tableOf(prunable)} r where r.id >= ${from} and r.id < ${to}
            and ${time} < ${before}::timestamptz and ${amongOf(prunable)} and ${deletable}`,
    );
    if (row?.oldest != null) return new Date(row.oldest);
  }
  return null;
}

/** Rows that should have been deleted. */
export type Overdue = {
  readonly table: string;
  /** For how many days they are kept. */
  readonly keptDays: number;
  readonly oldest: Date;
};

const tableOf = ({ table }: Prunable) => sql.identifier(table);
const amongOf = ({ among }: Prunable) => among ?? sql`true`;

/**
 * The range of ids of the rows between two instants, found by the primary key. `to` null: until the newest
 * row.
 *
 * @returns an empty range if there are none.
 */
export async function idsBetween(
  on: Queryable,
  rowsInTime: Omit<Prunable, "among">,
  from: Date,
  to: Date | null,
): Promise<IdRange> {
  const first = await endOfOlder(on, rowsInTime, from.toISOString());
  if (first === null) return { from: "0", to: "0" };
  const end = to === null ? null : await endOfOlder(on, rowsInTime, to.toISOString());
  return { from: String(first), to: end === null ? MAX_ID : String(end) };
}

/**
 * Finds the first id whose row is not older than an instant, by binary search over the index: no index of the
 * time is needed.
 *
 * @returns null if there are no rows.
 */
async function endOfOlder(on: Queryable, prunable: Prunable, before: string): Promise<bigint | null> {
  const [span] = await rows<{ first: string | null; last: string | null }>(
    on,
    sql`select min(r.id) as first, max(r.id) as last from ${tableOf(prunable)} r where ${amongOf(prunable)}`,
  );
  if (span?.first == null || span.last === null) return null;
  let low = BigInt(span.first);
  let high = BigInt(span.last) + 1n;
  while (low < high) {
    const middle = (low + high) / 2n;
    const [row] = await rows<{ isOlder: boolean }>(
      on,
      sql`select r.${sql.identifier(prunable.time)} < ${before}::timestamptz as "isOlder" from ${tableOf(prunable)} r
          where ${amongOf(prunable)} and r.id >= ${String(middle)} order by r.id limit 1`,
    );
    if (row?.isOlder) low = middle + 1n;
    else high = middle;
  }
  return low;
}
