import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Settings } from "../../config/settings.ts";
import { idRangesBefore, type Overdue, oldestBefore, type Prunable } from "../../db/id-ranges.ts";
import { MONEY_SOURCES } from "../../db/inbox.ts";
import { closeUnreadFeeds } from "../../db/results/close-feeds.ts";
import { CHANGES_KEPT_MS } from "../../db/results/read-changes.ts";
import { sizeCounts } from "../../db/sizes.ts";
import type { Queryable } from "../../db/statement.ts";
import { defineJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";

/** Rows per range: well under a second. */
const PER_RANGE = 20_000n;
/** At most this many ranges per run and kind of history. The rest waits for the next run. */
const MAX_RANGES = 1_000;

/** The first word of actions that are about money. */
const MONEY_ACTIONS = ["sale", "commission", "referral", "ledger"] as const;

/** Rows that are deleted after a configured number of days. */
type History = Prunable & {
  readonly days: (settings: Settings) => number;
  /** Restricts further which of them may be deleted. Default: all of the index. */
  readonly deletable?: SQL;
};

/** A list as it stands in the condition of an index: parameters would hide that the index can be used. */
const listOf = (words: readonly string[]): SQL => sql.raw(words.map((word) => `'${word}'`).join(", "));

/** What `prune-history` deletes. */
const HISTORY = {
  inbox: {
    table: "inbox",
    time: "received_at",
    days: ({ historyDays }) => historyDays.inbox,
    // The index inbox_prunable.
    among: sql`(r.outcome = 'duplicate' or r.outcome = 'rejected' and r.raw is null or r.source not in (${listOf(MONEY_SOURCES)}))`,
  },
  job_runs: {
    table: "job_runs",
    time: "created_at",
    days: ({ historyDays }) => historyDays.jobRuns,
    // What stays is one run for each schedule, and those whose dead letters wait for an operator.
    deletable: sql`r.finished_at is not null
      and (r.schedule is null or exists (select 1 from job_runs n where n.schedule = r.schedule and n.slot > r.slot))
      and not exists (select 1 from outbox o where o.parent = r.id)
      and not exists (select 1 from notice_candidates c where c.run_id = r.id)`,
  },
  audit_log: {
    table: "audit_log",
    time: "at",
    days: ({ historyDays }) => historyDays.auditLog,
    // The index audit_log_prunable.
    among: sql`split_part(r.action, '.', 1) not in (${listOf(MONEY_ACTIONS)})`,
  },
  // These hold addresses.
  failed_logins: {
    table: "audit_log",
    time: "at",
    days: ({ historyDays }) => historyDays.failedLogins,
    // The index audit_log_failed_logins.
    among: sql`r.action = 'admin.login-failed'`,
  },
  engagement_events: {
    table: "engagement_events",
    time: "updated_at",
    days: ({ historyDays }) => historyDays.engagement,
  },
  // Readers are refused after seven days; a transaction of a day may have recorded its changes that early.
  result_changes: {
    table: "result_changes",
    time: "at",
    days: () => CHANGES_KEPT_MS / 86_400_000 + 1,
  },
} satisfies Record<string, History>;

type Kind = keyof typeof HISTORY;
const KINDS = Object.keys(HISTORY) as Kind[];

/** The ids from `from` up to but not including `to`. */
const range = z.object({ kind: z.enum(KINDS), from: z.string(), to: z.string(), before: z.string() });
type Range = z.infer<typeof range>;

/**
 * Deletes old webhook calls, runs, audit entries, failed logins, engagement and recorded changes of results,
 * and closes change feeds that nobody reads. Records about money stay.
 */
export const pruneHistory = defineJob({
  name: "prune-history",
  queue: "maintenance",
  description:
    "Deletes webhook calls, finished runs, audit entries, failed logins and engagement older than the configured numbers of days, except records about money, and changes of results older than eight days. Closes change feeds that were not read for eight days, and counts the MiB of the database and its largest tables.",
  payload: z.object({}),
  key: () => "all",
  range,
  cut: async (_payload, { tx, now, settings }) => {
    await closeUnreadFeeds(tx, now);
    const ranges: Range[] = [];
    for (const kind of KINDS) {
      const history = HISTORY[kind];
      const kept = history.days(settings);
      if (kept === 0) continue;
      const before = new Date(now.getTime() - kept * 86_400_000).toISOString();
      const ids = await idRangesBefore(tx, history, before, { size: PER_RANGE, max: MAX_RANGES });
      ranges.push(...ids.map((range) => ({ kind, ...range, before })));
    }
    return ranges;
  },
  run: async ({ kind, from, to, before }, { tx }) => {
    const { table, time, among = sql`true`, deletable = sql`true` }: History = HISTORY[kind];
    const pruned = await tx.execute(
      sql`delete from ${sql.identifier(table)} r
          where r.id >= ${from} and r.id < ${to} and r.${sql.identifier(time)} < ${before}::timestamptz
            and ${among} and ${deletable}`,
    );
    return done({ [kind]: pruned.rowCount ?? 0 });
  },
  // So that `doctor` can tell what grows.
  sum: async (_payload, counts, { tx }) => done({ ...counts, ...(await sizeCounts(tx)) }),
});

/**
 * The histories whose rows should have been deleted by an instant. The queries run one after the other, since
 * nobody waits for the result.
 */
export async function overdueHistory(on: Queryable, settings: Settings, at: Date): Promise<Overdue[]> {
  const overdue: Overdue[] = [];
  for (const kind of KINDS) {
    const history: History = HISTORY[kind];
    const keptDays = history.days(settings);
    if (keptDays === 0) continue;
    const before = new Date(at.getTime() - keptDays * 86_400_000).toISOString();
    const oldest = await oldestBefore(on, history, before, history.deletable);
    if (oldest !== null) overdue.push({ table: history.table, keptDays, oldest });
  }
  return overdue;
}
