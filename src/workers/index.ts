import { catalogueOf } from "../queues/job.ts";
import { distributeBudget } from "./budgets/distribute-budget.ts";
import { sweepDueBudgets } from "./budgets/sweep-due-budgets.ts";
import { distributeCommission } from "./commissions/distribute-commission.ts";
import { reconcileSales } from "./commissions/reconcile-sales.ts";
import { releaseCommission } from "./commissions/release-commission.ts";
import { reverseSale } from "./commissions/reverse-sale.ts";
import { settleUnresolvedSales } from "./commissions/settle-unresolved-sales.ts";
import { verifyLedger } from "./commissions/verify-ledger.ts";
import { calculateMatches } from "./matching/calculate-matches.ts";
import { recalculateMultipliers } from "./multipliers/recalculate-multipliers.ts";
import { emailDaily } from "./notifications/email-daily.ts";
import { emailDigest } from "./notifications/email-digest.ts";
import { emailInstant } from "./notifications/email-instant.ts";
import { emailWeekly } from "./notifications/email-weekly.ts";
import { meetingReminders } from "./notifications/meeting-reminders.ts";
import { notifyFanOut } from "./notifications/notify-fan-out.ts";
import { notifyProjectMatches } from "./notifications/notify-project-matches.ts";
import { pollCalendars } from "./notifications/poll-calendars.ts";
import { pruneCandidateNotifications } from "./notifications/prune-candidate-notifications.ts";
import { pruneNotifications } from "./notifications/prune-notifications.ts";
import { renewCalendarWatches } from "./notifications/renew-calendar-watches.ts";
import { resumeIncompleteNudges } from "./notifications/resume-incomplete-nudges.ts";
import { retryEmails } from "./notifications/retry-emails.ts";
import { sendEmails } from "./notifications/send-emails.ts";
import { stopCalendarChannel } from "./notifications/stop-calendar-channel.ts";
import { sweepEvents } from "./notifications/sweep-events.ts";
import { syncCalendar } from "./notifications/sync-calendar.ts";
import { unreadThreadNudges } from "./notifications/unread-thread-nudges.ts";
import { watchCalendar } from "./notifications/watch-calendar.ts";

/** Every job there is. A file that is missing here, or has no test, fails test/catalogue.test.ts. */
export const catalogue = catalogueOf([
  distributeCommission,
  releaseCommission,
  reverseSale,
  settleUnresolvedSales,
  reconcileSales,
  renewCalendarWatches,
  watchCalendar,
  stopCalendarChannel,
  syncCalendar,
  pollCalendars,
  verifyLedger,
  recalculateMultipliers,
  distributeBudget,
  sweepDueBudgets,
  meetingReminders,
  unreadThreadNudges,
  resumeIncompleteNudges,
  calculateMatches,
  notifyProjectMatches,
  pruneCandidateNotifications,
  notifyFanOut,
  sweepEvents,
  pruneNotifications,
  emailInstant,
  emailDigest,
  emailDaily,
  emailWeekly,
  sendEmails,
  retryEmails,
]);
