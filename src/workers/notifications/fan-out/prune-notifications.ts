import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Settings } from "../../../config/settings.ts";
import { idRangesBefore, type Overdue, oldestBefore } from "../../../db/id-ranges.ts";
import type { Queryable } from "../../../db/statement.ts";
import {
  cutLog,
  NUDGE_LOGS,
  NUDGE_RETENTION,
  type NudgeLog,
  outlivedIn,
} from "../../../nudges/nudge-retention.ts";
import { defineJob } from "../../../queues/job.ts";
import { done } from "../../../queues/outcome.ts";

/** Rows per range: well under a second. */
const PER_RANGE = 20_000n;
/** At most this many ranges per run and table. The rest waits for the next run. */
const MAX_RANGES = 1_000;

const TABLES = [
  "notifications",
  "deliveries",
  "emails",
  "email_digests",
  "email_batches",
  "email_events",
  "unsubscribe_tokens",
] as const;
/** Tables whose pending rows are kept. */
const WITH_PENDING: readonly string[] = ["deliveries", "emails"];
type Table = (typeof TABLES)[number];

/** The last change of a row `r`, where that may be later than its creation. */
const LAST_CHANGE: Partial<Record<Table, SQL>> = {
  // One notification counts the messages of a thread for as long as it is unread.
  notifications: sql`greatest(r.updated_at, r.read_at)`,
  deliveries: sql`greatest(r.created_at, r.decided_at, r.sent_at)`,
  emails: sql`greatest(r.created_at, r.composed_at, r.sent_at)`,
  unsubscribe_tokens: sql`greatest(r.created_at, r.used_at)`,
};

/** Ids from `from` up to but not including `to`; of a nudge log, a part of it (nudge-retention.ts). */
const range = z.object({
  table: z.enum([...TABLES, ...NUDGE_LOGS]),
  from: z.string(),
  to: z.string(),
  before: z.string(),
});
type Range = z.infer<typeof range>;

const isLog = (table: Table | NudgeLog): table is NudgeLog => table in NUDGE_RETENTION;

/**
 * Deletes rows that were last changed long ago. Pending ones are kept, whatever their age. Rows of the nudge
 * logs are deleted only if their nudge cannot be repeated.
 */
export const pruneNotifications = defineJob({
  name: "prune-notifications",
  queue: "notifications",
  description:
    "Deletes notifications, deliveries and e-mails that were last changed more than the configured number of days ago, and nudges that cannot be repeated.",
  payload: z.object({
    days: z.int().min(30).optional().describe("days to keep; default: NOTIFICATION_DAYS"),
  }),
  key: () => "all",
  range,
  cut: async ({ days }, { tx, now, settings }): Promise<readonly Range[]> => {
    const kept = days ?? settings.notifications.keptDays;
    const before = new Date(now.getTime() - kept * 86_400_000).toISOString();
    const ranges: Range[] = [];
    for (const table of TABLES) {
      const cut = { size: PER_RANGE, max: MAX_RANGES };
      const ids = await idRangesBefore(tx, { table, time: "created_at" }, before, cut);
      ranges.push(...ids.map((range) => ({ table, ...range, before })));
    }
    for (const table of NUDGE_LOGS) {
      const parts = await cutLog(tx, table, { before, now });
      ranges.push(...parts.map((part) => ({ table, ...part, before })));
    }
    return ranges;
  },
  run: async (range, { tx }) => {
    const { table } = range;
    const pruned = await tx.execute(
      sql`delete from ${sql.identifier(table)} r where ${isLog(table) ? outlivedIn(table, range) : oldIn(table, range)}`,
    );
    return done({ [table]: pruned.rowCount ?? 0 });
  },
  sum: async (_, counts) => done(counts),
});

const oldIn = (table: Table, { from, to, before }: Range): SQL =>
  sql`r.id >= ${from} and r.id < ${to} and ${isOld(table, before)}`;

/** Whether a row `r` may be deleted. */
function isOld(table: Table, before: string): SQL {
  const old = sql`${LAST_CHANGE[table] ?? sql`r.created_at`} < ${before}::timestamptz`;
  if (WITH_PENDING.includes(table)) return sql`${old} and r.status <> 'pending'`;
  if (table !== "notifications") return old;
  return sql`${old} and not exists (
    select 1 from deliveries d where d.event_id = r.event_id and d.user_id = r.user_id and d.status = 'pending')`;
}

/** The tables whose rows should have been deleted by an instant; without the nudge logs. */
export async function overdueNotifications(
  on: Queryable,
  { notifications: { keptDays } }: Settings,
  at: Date,
): Promise<Overdue[]> {
  const before = new Date(at.getTime() - keptDays * 86_400_000).toISOString();
  const overdue: Overdue[] = [];
  for (const table of TABLES) {
    const oldest = await oldestBefore(on, { table, time: "created_at" }, before, isOld(table, before));
    if (oldest !== null) overdue.push({ table, keptDays, oldest });
  }
  return overdue;
}
