import { sql } from "drizzle-orm";
import { z } from "zod";
import { rows, type Tx } from "../../db/client.ts";
import { defineJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";

/** Rows that one range looks at: well under a second. */
const PER_RANGE = 20_000n;
/** Ranges of one run and table: what is left waits for the next run. */
const MAX_RANGES = 1_000n;

const TABLES = [
  "notifications",
  "deliveries",
  "emails",
  "email_digests",
  "email_batches",
  "email_events",
  "unsubscribe_tokens",
] as const;
/** Of these the rows that wait are kept. */
const WAITING: readonly string[] = ["deliveries", "emails"];
type Range = {
  readonly table: (typeof TABLES)[number];
  readonly from: string;
  readonly to: string;
  readonly before: string;
};

/**
 * Old notifications and decisions are of no use to anybody. What still waits to be sent stays, however old. Ids are drawn in the order
 * of time, so the last old row is found by halving, not by looking at all.
 */
export const pruneNotifications = defineJob({
  name: "prune-notifications",
  queue: "notifications",
  description:
    "Deletes notifications, decisions and e-mails that are older than the configured number of days.",
  payload: z.object({
    days: z.int().min(30).optional().describe("how many days are kept; default: NOTIFICATION_DAYS"),
  }),
  key: () => "all",
  cut: async ({ days }, { tx, now, settings }): Promise<readonly Range[]> => {
    const kept = days ?? settings.notifications.keptDays;
    const before = new Date(now.getTime() - kept * 86_400_000).toISOString();
    const ranges: Range[] = [];
    for (const table of TABLES) {
      const span = await oldSpan(tx, table, before);
      for (let from = span.first; from <= span.last; from += PER_RANGE) {
        const to = from + PER_RANGE - 1n < span.last ? from + PER_RANGE - 1n : span.last;
        ranges.push({ table, from: String(from), to: String(to), before });
      }
    }
    return ranges;
  },
  run: async ({ table, from, to, before }, { tx }) => {
    const old = sql`id between ${from} and ${to} and created_at < ${before}::timestamptz`;
    const pruned = await tx.execute(
      table === "notifications"
        ? sql`delete from notifications n where ${old} and not exists (
                select 1 from deliveries d where d.event_id = n.event_id and d.user_id = n.user_id and d.status = 'pending')`
        : sql`delete from ${sql.identifier(table)} where ${old} ${WAITING.includes(table) ? sql`and status <> 'pending'` : sql``}`,
    );
    return done({ [table]: pruned.rowCount ?? 0 });
  },
  sum: async (_, counts) => done(counts),
});

/** The ids between which rows are old; the last lies before the first when none is. */
async function oldSpan(
  tx: Tx,
  table: Range["table"],
  before: string,
): Promise<{ first: bigint; last: bigint }> {
  const [span] = await rows<{ first: string | null; last: string | null }>(
    tx,
    sql`select min(id) as first, max(id) as last from ${sql.identifier(table)}`,
  );
  if (span?.first == null || span.last === null) return { first: 1n, last: 0n };
  const first = BigInt(span.first);
  let low = first - 1n;
  let high = BigInt(span.last);
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    const [row] = await rows<{ isOld: boolean }>(
      tx,
      sql`select created_at < ${before}::timestamptz as "isOld" from ${sql.identifier(table)} where id >= ${String(middle)} order by id limit 1`,
    );
    if (row?.isOld) low = middle;
    else high = middle - 1n;
  }
  const most = first + PER_RANGE * MAX_RANGES - 1n;
  return { first, last: low < most ? low : most };
}
