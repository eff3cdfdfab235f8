import { type SQL, sql } from "drizzle-orm";

/** SQL of a column from the host's row `s`; null if the mapping or the record does not have it. */
type Given = (column: string) => SQL | null;

/** Whether our row `o` keeps its value; false: the host's is written. */
type Keeps = (given: Given) => SQL;

const UNCHECKED = sql`('UPLOADED', 'VALIDATING')`;
const CHECKED = sql`('READY', 'REJECTED', 'FAILED_PROCESSING')`;

/** The file is the one that a check has read, or the one that it will read after that was replaced. */
const isFound: Keeps = (given) =>
  sql`o.checked_at is not null and o.storage_key is not distinct from ${given("storage_key") ?? sql`o.storage_key`}`;

/**
 * The host's status still says that the file waits for its check, or, after it was replaced, has the result
 * of the one before.
 */
const isFoundMeanwhile: Keeps = (given) => {
  const status = given("status") ?? sql`null`;
  return sql`${isFound(given)} and (${status} in ${UNCHECKED} or o.status in ${UNCHECKED} and ${status} in ${CHECKED})`;
};

/**
 * Columns that Commonwork writes beside the host. Without a rule for them each would overwrite the other, and
 * mirrors would never equal their selects.
 */
const SHARED: Readonly<Record<string, Readonly<Record<string, Keeps>>>> = {
  // A referrer without a time gets the time of its first copy.
  volunteer_profiles: { referred_at: (given) => sql`${given("referred_at")} is null` },
  // The columns that a check of a file writes.
  media: {
    status: isFoundMeanwhile,
    mime_type: isFound,
    size_bytes: isFound,
    width: isFound,
    height: isFound,
    duration_ms: isFound,
  },
};

const keptBy = (table: string, column: string): Keeps | null => SHARED[table]?.[column] ?? null;

/** Whether Commonwork writes a column beside the host. */
export const isShared = (table: string, column: string): boolean => keptBy(table, column) !== null;

/**
 * The values that columns of a table get, for rows of the host `s` and ours `o`.
 *
 * @param columns those that the host gives.
 */
export function writtenValues(table: string, columns: readonly string[]): SQL[] {
  const at = (row: "s" | "o", column: string): SQL => sql`${sql.raw(row)}.${sql.identifier(column)}`;
  const given: Given = (column) => (columns.includes(column) ? at("s", column) : null);
  return columns.map((column) => {
    const keeps = keptBy(table, column);
    if (keeps === null) return at("s", column);
    return sql`case when ${keeps(given)} then ${at("o", column)} else ${at("s", column)} end`;
  });
}
