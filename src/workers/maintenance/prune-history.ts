import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Settings } from "../../config/settings.ts";
import { idsBefore } from "../../db/ids-before.ts";
import { MONEY_SOURCES } from "../../db/inbox.ts";
import { array } from "../../db/statement.ts";
import { defineJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";

/** Rows per range: well under a second. */
const PER_RANGE = 20_000n;
/** At most this many ranges per run and kind of history. The rest waits for the next run. */
const MAX_RANGES = 1_000n;

/** The first word of actions that are about money. */
const MONEY_ACTIONS = ["sale", "commission", "referral", "ledger"] as const;

type History = {
  readonly table: "inbox" | "job_runs" | "audit_log";
  readonly time: string;
  readonly days: (settings: Settings) => number;
  /** Which of the old rows `r` may go. */
  readonly deletable: SQL;
};

const HISTORY = {
  inbox: {
    table: "inbox",
    time: "received_at",
    days: ({ historyDays }) => historyDays.inbox,
    deletable: sql`(r.outcome = 'duplicate' or r.source <> all(${array(MONEY_SOURCES)}::text[]))`,
  },
  job_runs: {
    table: "job_runs",
    time: "created_at",
    days: ({ historyDays }) => historyDays.jobRuns,
    deletable: sql`r.finished_at is not null
      and (r.schedule is null or exists (select 1 from job_runs n where n.schedule = r.schedule and n.slot > r.slot))
      and not exists (select 1 from outbox o where o.parent = r.id)
      and not exists (select 1 from notice_candidates c where c.run_id = r.id)`,
  },
  audit_log: {
    table: "audit_log",
    time: "at",
    days: ({ historyDays }) => historyDays.auditLog,
    deletable: sql`split_part(r.action, '.', 1) <> all(${array(MONEY_ACTIONS)}::text[])`,
  },
  // These hold addresses.
  failed_logins: {
    table: "audit_log",
    time: "at",
    days: ({ historyDays }) => historyDays.failedLogins,
    deletable: sql`r.action = 'admin.login-failed'`,
  },
} as const satisfies Record<string, History>;

type Kind = keyof typeof HISTORY;
const KINDS = Object.keys(HISTORY) as Kind[];

/** The ids from `from` up to but not including `to`. */
const range = z.object({ kind: z.enum(KINDS), from: z.string(), to: z.string(), before: z.string() });
type Range = z.infer<typeof range>;

/** Deletes old webhook calls, runs, audit entries and failed logins. What is about money stays. */
export const pruneHistory = defineJob({
  name: "prune-history",
  queue: "maintenance",
  description:
    "Deletes webhook calls, finished runs, audit entries and failed logins older than the configured numbers of days, except what is about money.",
  payload: z.object({}),
  key: () => "all",
  range,
  cut: async (_payload, { tx, now, settings }) => {
    const ranges: Range[] = [];
    for (const kind of KINDS) {
      const { table, time, days } = HISTORY[kind];
      const kept = days(settings);
      if (kept === 0) continue;
      const before = new Date(now.getTime() - kept * 86_400_000).toISOString();
      const span = await idsBefore(tx, { table, time }, before);
      if (span !== null) ranges.push(...cutSpan(kind, span.first, span.end, before));
    }
    return ranges;
  },
  run: async ({ kind, from, to, before }, { tx }) => {
    const { table, time, deletable } = HISTORY[kind];
    const pruned = await tx.execute(
      sql`delete from ${sql.identifier(table)} r
          where r.id >= ${from} and r.id < ${to} and r.${sql.identifier(time)} < ${before}::timestamptz and ${deletable}`,
    );
    return done({ [kind]: pruned.rowCount ?? 0 });
  },
  sum: async (_payload, counts) => done(counts),
});

function cutSpan(kind: Kind, first: bigint, end: bigint, before: string): Range[] {
  const most = first + PER_RANGE * MAX_RANGES;
  const last = end < most ? end : most;
  const ranges: Range[] = [];
  for (let from = first; from < last; from += PER_RANGE) {
    const to = from + PER_RANGE < last ? from + PER_RANGE : last;
    ranges.push({ kind, from: String(from), to: String(to), before });
  }
  return ranges;
}
