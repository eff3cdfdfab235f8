import { defineArea } from "./area.ts";
import { whole } from "./fields.ts";

const kept = (days: number) => whole(days, 0, 36_500);

export const history = defineArea({
  title: "History",
  variables: {
    INBOX_DAYS: kept(90).describe(
      "How many days webhook calls are kept; 0 keeps them forever. Calls about sales are always kept, except repeated ones.",
    ),
    JOB_RUNS_DAYS: kept(30).describe(
      "How many days finished runs are kept; 0 keeps them forever. The last run of each schedule is always kept.",
    ),
    AUDIT_LOG_DAYS: kept(400).describe(
      "How many days the audit log is kept; 0 keeps it forever. Entries about sales, commissions, referrals and the ledger are always kept.",
    ),
    ENGAGEMENT_DAYS: kept(100).describe(
      "How many days likes, comments, shares, messages and views of profiles (`engagement_events`) are kept; 0 keeps them forever. Affinities are computed from those of 90 days.",
    ),
    FAILED_LOGINS_DAYS: kept(30).describe(
      "How many days the audit log keeps failed logins to the dashboard, with their addresses; 0 keeps them as long as other entries.",
    ),
  },
  read: (v) => ({
    /** How many days each kind of history is kept; 0: forever. */
    historyDays: {
      inbox: v.INBOX_DAYS,
      jobRuns: v.JOB_RUNS_DAYS,
      auditLog: v.AUDIT_LOG_DAYS,
      failedLogins: v.FAILED_LOGINS_DAYS,
      engagement: v.ENGAGEMENT_DAYS,
    },
  }),
});
