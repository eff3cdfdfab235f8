import { sweepDueBudgets } from "../workers/budgets/sweep-due-budgets.ts";
import { reconcileSales } from "../workers/commissions/reconcile-sales.ts";
import { settleUnresolvedSales } from "../workers/commissions/settle-unresolved-sales.ts";
import { affinity } from "../workers/feeds/affinity.ts";
import { contentFeatures } from "../workers/feeds/content-features.ts";
import { feedPresort } from "../workers/feeds/feed-presort.ts";
import { feedPresortCleanup } from "../workers/feeds/feed-presort-cleanup.ts";
import { trending } from "../workers/feeds/trending.ts";
import { pruneHistory } from "../workers/maintenance/prune-history.ts";
import { runWorkflow } from "../workers/maintenance/run-workflow.ts";
import { verifyLedger } from "../workers/maintenance/verify-ledger.ts";
import { verifyMirrors } from "../workers/maintenance/verify-mirrors.ts";
import { calculateMatches } from "../workers/matching/calculate-matches.ts";
import { mediaMetadataBatch } from "../workers/media/media-metadata-batch.ts";
import { mediaOrphanCleanup } from "../workers/media/media-orphan-cleanup.ts";
import { recalculateMultipliers } from "../workers/multipliers/recalculate-multipliers.ts";
import { pollCalendars } from "../workers/notifications/calendar/poll-calendars.ts";
import { renewCalendarWatches } from "../workers/notifications/calendar/renew-calendar-watches.ts";
import { emailDaily } from "../workers/notifications/email/email-daily.ts";
import { emailDigest } from "../workers/notifications/email/email-digest.ts";
import { emailInstant } from "../workers/notifications/email/email-instant.ts";
import { emailWeekly } from "../workers/notifications/email/email-weekly.ts";
import { pruneEvents } from "../workers/notifications/fan-out/prune-events.ts";
import { pruneNotifications } from "../workers/notifications/fan-out/prune-notifications.ts";
import { sweepEvents } from "../workers/notifications/fan-out/sweep-events.ts";
import { notifyProjectMatches } from "../workers/notifications/matching/notify-project-matches.ts";
import { pruneCandidateNotifications } from "../workers/notifications/matching/prune-candidate-notifications.ts";
import { meetingReminders } from "../workers/notifications/nudges/meeting-reminders.ts";
import { resumeIncompleteNudges } from "../workers/notifications/nudges/resume-incomplete-nudges.ts";
import { unreadThreadNudges } from "../workers/notifications/nudges/unread-thread-nudges.ts";
import { backfillRecommendations } from "../workers/recommendations/backfill-recommendations.ts";
import { cleanupOldPostings } from "../workers/recommendations/cleanup-old-postings.ts";
import { cleanupRecommendations } from "../workers/recommendations/cleanup-recommendations.ts";
import { cleanupSavedJobs } from "../workers/recommendations/cleanup-saved-jobs.ts";
import { emitRecommendationsReady } from "../workers/recommendations/emit-recommendations-ready.ts";
import { generateRecommendations } from "../workers/recommendations/generate-recommendations.ts";
import { scrapeJobPostings } from "../workers/recommendations/scrape-job-postings.ts";
import { every, type Schedule } from "./schedule.ts";

/**
 * All schedules. The name of a schedule is the name of its job, its zone is UTC, and missed slots run once,
 * unless given.
 */
export const timetable: readonly Schedule[] = [
  every("*/5 * * * *", settleUnresolvedSales),
  every("0 2 * * *", renewCalendarWatches, { input: { full: true } }),
  every("0 * * * *", renewCalendarWatches, { name: "renew-calendar-watches-near", input: { full: false } }),
  every("*/30 * * * *", pollCalendars),
  every("15 4 * * *", reconcileSales),
  every("45 4 * * *", verifyLedger, { input: { full: false } }),
  every("45 5 * * 0", verifyLedger, { name: "verify-ledger-full", input: { full: true } }),
  every("30 2 * * *", verifyMirrors),
  every("0 2 * * *", recalculateMultipliers),
  every("*/15 * * * *", sweepDueBudgets),
  every("*/5 * * * *", meetingReminders),
  every("*/15 * * * *", unreadThreadNudges),
  every("0 * * * *", calculateMatches),
  every("0 7 * * *", generateRecommendations),
  every("15 * * * *", backfillRecommendations),
  every("0 5 * * 1", emitRecommendationsReady),
  every("0 0 * * *", cleanupSavedJobs),
  every("5 0 * * *", cleanupRecommendations),
  every("*/10 * * * *", contentFeatures),
  every("*/15 * * * *", trending),
  every("20 * * * *", affinity),
  every("*/15 * * * *", feedPresort, { input: { incremental: true } }),
  every("40 4 * * *", feedPresort, { name: "feed-presort-full", input: { incremental: false } }),
  every("0 3 * * 0", feedPresortCleanup),
  every("0 */6 * * *", resumeIncompleteNudges),
  every("0 9 * * *", notifyProjectMatches),
  every("30 4 * * 0", pruneCandidateNotifications, { input: { days: 90 } }),
  every("0 6 * * *", scrapeJobPostings),
  every("10 0 * * *", cleanupOldPostings),
  every("25 * * * *", mediaMetadataBatch),
  every("40 3 * * *", mediaOrphanCleanup),
  // The safety net of the trigger that enqueues the fan-out of each event.
  every("* * * * *", sweepEvents),
  every("30 3 * * *", runWorkflow, { name: "maintenance", input: { workflow: "all" } }),
  every("30 3 * * *", pruneNotifications),
  every("50 3 * * *", pruneEvents),
  every("10 3 * * *", pruneHistory),
  every("* * * * *", emailInstant),
  // Digest windows open at full hours of the user's zone, and every zone is offset by a multiple of 15
  // minutes.
  every("*/15 * * * *", emailDigest),
  every("*/15 * * * *", emailDaily),
  every("*/15 * * * *", emailWeekly),
];
