import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";

/** Events per call. */
export const MAX_ENGAGEMENT = 1_000;

/**
 * The outcome of an event: new, taken back, or sent before; or why it was not recorded. The first three are
 * fine; `conflict` is an id that was recorded with other values.
 */
export type EngagementOutcome =
  | "recorded"
  | "taken_back"
  | "unchanged"
  | "conflict"
  | "unknown_user"
  | "unknown_target"
  | "future"
  | "invalid";

/**
 * Records engagement by the SQL function that hosts call themselves. Trends are up to date when it returns.
 *
 * @param events JSON values that Postgres can store, at most MAX_ENGAGEMENT.
 * @returns an outcome for each, in order.
 */
export async function storeEngagement(
  on: Queryable,
  events: readonly unknown[],
): Promise<readonly EngagementOutcome[]> {
  const [row] = await rows<{ outcomes: EngagementOutcome[] }>(
    on,
    sql`select record_engagement(${JSON.stringify(events)}::jsonb) as outcomes`,
  );
  return row?.outcomes ?? [];
}
