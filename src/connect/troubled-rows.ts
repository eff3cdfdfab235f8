import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";

/** A row of the host that is not mirrored, by its key. */
export type TroubledRow = {
  readonly mirror: string;
  readonly key: string;
  /** Why: the code and constraint that refused it, or the row that is missing. */
  readonly why: string;
  /** Since when it has been refused; null for a row that waits. */
  readonly at: Date | null;
};

/** SQL: why a row of mirror_faults is refused: its column and fault, as far as known. */
export const FAULT_TEXT = sql`coalesce(nullif(concat_ws(' ', column_name, reason), '') || ' (' || code || ')', concat_ws(' ', code, constraint_name))`;

/** Rows that our tables refused, then rows that wait for another one, some of each. */
export async function troubledRows(on: Queryable, limit: number): Promise<TroubledRow[]> {
  const found = await rows<Omit<TroubledRow, "at"> & { at: string | null }>(
    on,
    sql`(select mirror, key, ${FAULT_TEXT} as why, at from mirror_faults order by mirror, key limit ${limit})
        union all
        (select mirror, key, 'waits for ' || needs || ' ' || needs_key, null from mirror_waiting order by mirror, key limit ${limit})`,
  );
  return found.map((row) => ({ ...row, at: row.at === null ? null : new Date(row.at) }));
}
