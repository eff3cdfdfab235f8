import { type SQL, sql } from "drizzle-orm";
import type { Settings } from "../config/settings.ts";
import { type Overdue, oldestBefore, type Prunable } from "../db/id-ranges.ts";
import { MONEY_SOURCES } from "../db/inbox.ts";
import { CHANGES_KEPT_MS } from "../db/results/read-changes.ts";
import type { Queryable } from "../db/statement.ts";

/** The first word of actions that are about money. */
const MONEY_ACTIONS = ["sale", "commission", "referral", "ledger"] as const;

/** Rows that are deleted after a configured number of days. */
export type History = Prunable & {
  readonly days: (settings: Settings) => number;
  /** Restricts further which of them may be deleted. Default: all of the index. */
  readonly deletable?: SQL;
};

/** A list as it stands in the condition of an index: parameters would hide that the index can be used. */
const listOf = (words: readonly string[]): SQL => sql.raw(words.map((word) => `'${word}'`).join(", "));

/** What `prune-history` deletes. */
export const HISTORY = {
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
  // Readers are refused after seven days; a transaction of a day may have noted its changes that early.
  result_changes: {
    table: "result_changes",
    time: "at",
    days: () => CHANGES_KEPT_MS / 86_400_000 + 1,
  },
} satisfies Record<string, History>;

type Kind = keyof typeof HISTORY;
export const KINDS = Object.keys(HISTORY) as Kind[];

/** The histories whose rows should have been deleted by an instant. One after the other: nobody waits. */
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
