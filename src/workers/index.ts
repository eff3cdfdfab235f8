import { catalogueOf } from "../queues/job.ts";
import { distributeBudget } from "./budgets/distribute-budget.ts";
import { sweepDueBudgets } from "./budgets/sweep-due-budgets.ts";
import { distributeCommission } from "./commissions/distribute-commission.ts";
import { reconcileSales } from "./commissions/reconcile-sales.ts";
import { releaseCommission } from "./commissions/release-commission.ts";
import { reverseSale } from "./commissions/reverse-sale.ts";
import { settleUnresolvedSales } from "./commissions/settle-unresolved-sales.ts";
import { verifyLedger } from "./commissions/verify-ledger.ts";
import { recalculateMultipliers } from "./multipliers/recalculate-multipliers.ts";
import { emailDaily } from "./notifications/email-daily.ts";
import { emailDigest } from "./notifications/email-digest.ts";
import { emailInstant } from "./notifications/email-instant.ts";
import { emailWeekly } from "./notifications/email-weekly.ts";
import { meetingReminders } from "./notifications/meeting-reminders.ts";
import { notifyFanOut } from "./notifications/notify-fan-out.ts";
import { pruneNotifications } from "./notifications/prune-notifications.ts";
import { retryEmails } from "./notifications/retry-emails.ts";
import { sendEmails } from "./notifications/send-emails.ts";
import { sweepEvents } from "./notifications/sweep-events.ts";

/** Every job there is. A file that is missing here, or has no test, fails test/catalogue.test.ts. */
export const catalogue = catalogueOf([
  distributeCommission,
  releaseCommission,
  reverseSale,
  settleUnresolvedSales,
  reconcileSales,
  verifyLedger,
  recalculateMultipliers,
  distributeBudget,
  sweepDueBudgets,
  meetingReminders,
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
