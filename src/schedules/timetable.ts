import { sweepDueBudgets } from "../workers/budgets/sweep-due-budgets.ts";
import { reconcileSales } from "../workers/commissions/reconcile-sales.ts";
import { settleUnresolvedSales } from "../workers/commissions/settle-unresolved-sales.ts";
import { verifyLedger } from "../workers/commissions/verify-ledger.ts";
import { recalculateMultipliers } from "../workers/multipliers/recalculate-multipliers.ts";
import { meetingReminders } from "../workers/notifications/meeting-reminders.ts";
import { resumeIncompleteNudges } from "../workers/notifications/resume-incomplete-nudges.ts";
import { unreadThreadNudges } from "../workers/notifications/unread-thread-nudges.ts";
import type { Schedule } from "./schedule.ts";

/** When what runs. Data: the mechanism is in due-slots.ts. */
export const timetable: readonly Schedule[] = [
  {
    name: "settle-unresolved-sales",
    pattern: "*/5 * * * *",
    tz: "UTC",
    job: settleUnresolvedSales,
    input: {},
    misfire: "once",
  },
  {
    name: "reconcile-sales",
    pattern: "15 4 * * *",
    tz: "UTC",
    job: reconcileSales,
    input: {},
    misfire: "once",
  },
  { name: "verify-ledger", pattern: "45 4 * * *", tz: "UTC", job: verifyLedger, input: {}, misfire: "once" },
  {
    name: "recalculate-multipliers",
    pattern: "0 2 * * *",
    tz: "UTC",
    job: recalculateMultipliers,
    input: {},
    misfire: "once",
  },
  {
    name: "sweep-due-budgets",
    pattern: "*/15 * * * *",
    tz: "UTC",
    job: sweepDueBudgets,
    input: {},
    misfire: "once",
  },
  {
    name: "unread-thread-nudges",
    pattern: "*/15 * * * *",
    tz: "UTC",
    job: unreadThreadNudges,
    input: {},
    misfire: "once",
  },
  {
    name: "resume-incomplete-nudges",
    pattern: "0 */6 * * *",
    tz: "UTC",
    job: resumeIncompleteNudges,
    input: {},
    misfire: "once",
  },
  {
    name: "meeting-reminders",
    pattern: "*/5 * * * *",
    tz: "UTC",
    job: meetingReminders,
    input: {},
    misfire: "once",
  },
];
