import { sweepDueBudgets } from "../workers/budgets/sweep-due-budgets.ts";
import { reconcileSales } from "../workers/commissions/reconcile-sales.ts";
import { settleUnresolvedSales } from "../workers/commissions/settle-unresolved-sales.ts";
import { verifyLedger } from "../workers/commissions/verify-ledger.ts";
import { calculateMatches } from "../workers/matching/calculate-matches.ts";
import { recalculateMultipliers } from "../workers/multipliers/recalculate-multipliers.ts";
import { pollCalendars } from "../workers/notifications/calendar/poll-calendars.ts";
import { renewCalendarWatches } from "../workers/notifications/calendar/renew-calendar-watches.ts";
import { emailDaily } from "../workers/notifications/email/email-daily.ts";
import { emailDigest } from "../workers/notifications/email/email-digest.ts";
import { emailInstant } from "../workers/notifications/email/email-instant.ts";
import { emailWeekly } from "../workers/notifications/email/email-weekly.ts";
import { pruneNotifications } from "../workers/notifications/fan-out/prune-notifications.ts";
import { sweepEvents } from "../workers/notifications/fan-out/sweep-events.ts";
import { notifyProjectMatches } from "../workers/notifications/matching/notify-project-matches.ts";
import { pruneCandidateNotifications } from "../workers/notifications/matching/prune-candidate-notifications.ts";
import { meetingReminders } from "../workers/notifications/nudges/meeting-reminders.ts";
import { resumeIncompleteNudges } from "../workers/notifications/nudges/resume-incomplete-nudges.ts";
import { unreadThreadNudges } from "../workers/notifications/nudges/unread-thread-nudges.ts";
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
    name: "renew-calendar-watches",
    pattern: "0 2 * * *",
    tz: "UTC",
    job: renewCalendarWatches,
    input: { full: true },
    misfire: "once",
  },
  {
    name: "renew-calendar-watches-near",
    pattern: "0 * * * *",
    tz: "UTC",
    job: renewCalendarWatches,
    input: { full: false },
    misfire: "once",
  },
  {
    name: "poll-calendars",
    pattern: "*/30 * * * *",
    tz: "UTC",
    job: pollCalendars,
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
    name: "meeting-reminders",
    pattern: "*/5 * * * *",
    tz: "UTC",
    job: meetingReminders,
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
    name: "calculate-matches",
    pattern: "0 * * * *",
    tz: "UTC",
    job: calculateMatches,
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
    name: "notify-project-matches",
    pattern: "0 9 * * *",
    tz: "UTC",
    job: notifyProjectMatches,
    input: {},
    misfire: "once",
  },
  {
    name: "prune-candidate-notifications",
    pattern: "30 4 * * 0",
    tz: "UTC",
    job: pruneCandidateNotifications,
    input: { days: 90 },
    misfire: "once",
  },
  // Beside the trigger, which asks for each event at once.
  { name: "sweep-events", pattern: "* * * * *", tz: "UTC", job: sweepEvents, input: {}, misfire: "once" },
  {
    name: "prune-notifications",
    pattern: "30 3 * * *",
    tz: "UTC",
    job: pruneNotifications,
    input: {},
    misfire: "once",
  },
  { name: "email-instant", pattern: "* * * * *", tz: "UTC", job: emailInstant, input: {}, misfire: "once" },
  // Windows open by the clocks of the users: every zone begins its hours on a quarter of ours.
  { name: "email-digest", pattern: "*/15 * * * *", tz: "UTC", job: emailDigest, input: {}, misfire: "once" },
  { name: "email-daily", pattern: "*/15 * * * *", tz: "UTC", job: emailDaily, input: {}, misfire: "once" },
  { name: "email-weekly", pattern: "*/15 * * * *", tz: "UTC", job: emailWeekly, input: {}, misfire: "once" },
];
