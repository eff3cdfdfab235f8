import { catalogueOf } from "../queues/catalogue.ts";
import { distributeBudget } from "./budgets/distribute-budget.ts";
import { sweepDueBudgets } from "./budgets/sweep-due-budgets.ts";
import { distributeCommission } from "./commissions/distribute-commission.ts";
import { recheckCommissions } from "./commissions/recheck-commissions.ts";
import { reconcileSales } from "./commissions/reconcile-sales.ts";
import { releaseCommission } from "./commissions/release-commission.ts";
import { reverseSale } from "./commissions/reverse-sale.ts";
import { settleUnresolvedSales } from "./commissions/settle-unresolved-sales.ts";
import { affinity } from "./feeds/affinity.ts";
import { contentFeatures } from "./feeds/content-features.ts";
import { feedPresort } from "./feeds/feed-presort.ts";
import { feedPresortCleanup } from "./feeds/feed-presort-cleanup.ts";
import { trending } from "./feeds/trending.ts";
import { eraseUser } from "./maintenance/erase-user.ts";
import { pruneHistory } from "./maintenance/prune-history.ts";
import { runWorkflow } from "./maintenance/run-workflow.ts";
import { verifyLedger } from "./maintenance/verify-ledger.ts";
import { verifyMirrors } from "./maintenance/verify-mirrors.ts";
import { calculateMatches } from "./matching/calculate-matches.ts";
import { buildUserTraits } from "./matching/people/build-user-traits.ts";
import { compatibility } from "./matching/people/compatibility.ts";
import { indexProfile } from "./matching/people/index-profile.ts";
import { matchScores } from "./matching/people/match-scores.ts";
import { placePairs } from "./matching/people/place-pairs.ts";
import { profileSearchIndex } from "./matching/people/profile-search-index.ts";
import { recordPairChanges } from "./matching/people/record-pair-changes.ts";
import { searchableUser } from "./matching/people/searchable-user.ts";
import { userInterestSets } from "./matching/people/user-interest-sets.ts";
import { placeVolunteer } from "./matching/place-volunteer.ts";
import { deleteMediaFiles } from "./media/delete-media-files.ts";
import { mediaMetadata } from "./media/media-metadata.ts";
import { mediaMetadataAll } from "./media/media-metadata-all.ts";
import { mediaMetadataBatch } from "./media/media-metadata-batch.ts";
import { mediaOrphanCleanup } from "./media/media-orphan-cleanup.ts";
import { recalculateMultipliers } from "./multipliers/recalculate-multipliers.ts";
import { pollCalendars } from "./notifications/calendar/poll-calendars.ts";
import { renewCalendarWatches } from "./notifications/calendar/renew-calendar-watches.ts";
import { stopCalendarChannel } from "./notifications/calendar/stop-calendar-channel.ts";
import { syncCalendar } from "./notifications/calendar/sync-calendar.ts";
import { watchCalendar } from "./notifications/calendar/watch-calendar.ts";
import { emailDaily } from "./notifications/email/email-daily.ts";
import { emailDigest } from "./notifications/email/email-digest.ts";
import { emailInstant } from "./notifications/email/email-instant.ts";
import { emailWeekly } from "./notifications/email/email-weekly.ts";
import { retryEmails } from "./notifications/email/retry-emails.ts";
import { sendEmails } from "./notifications/email/send-emails.ts";
import { notifyFanOut } from "./notifications/fan-out/notify-fan-out.ts";
import { notifyRecipients } from "./notifications/fan-out/notify-recipients.ts";
import { pruneEvents } from "./notifications/fan-out/prune-events.ts";
import { pruneNotifications } from "./notifications/fan-out/prune-notifications.ts";
import { settleUnreadCount } from "./notifications/fan-out/settle-unread-count.ts";
import { sweepEvents } from "./notifications/fan-out/sweep-events.ts";
import { acceptHostRequest } from "./notifications/host/accept-host-request.ts";
import { recordHostEvent } from "./notifications/host/record-host-event.ts";
import { notifyProjectMatches } from "./notifications/matching/notify-project-matches.ts";
import { pruneCandidateNotifications } from "./notifications/matching/prune-candidate-notifications.ts";
import { meetingReminders } from "./notifications/nudges/meeting-reminders.ts";
import { resumeIncompleteNudges } from "./notifications/nudges/resume-incomplete-nudges.ts";
import { unreadThreadNudges } from "./notifications/nudges/unread-thread-nudges.ts";
import { backfillRecommendations } from "./recommendations/backfill-recommendations.ts";
import { cleanupOldPostings } from "./recommendations/cleanup-old-postings.ts";
import { cleanupRecommendations } from "./recommendations/cleanup-recommendations.ts";
import { cleanupSavedJobs } from "./recommendations/cleanup-saved-jobs.ts";
import { emitRecommendationsReady } from "./recommendations/emit-recommendations-ready.ts";
import { generateRecommendations } from "./recommendations/generate-recommendations.ts";
import { scrapeJobPostings } from "./recommendations/scrape-job-postings.ts";

/** All jobs. test/catalogue.test.ts fails for a job file that is missing here or has no test. */
export const catalogue = catalogueOf([
  distributeCommission,
  recheckCommissions,
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
  verifyMirrors,
  pruneHistory,
  eraseUser,
  runWorkflow,
  recalculateMultipliers,
  distributeBudget,
  sweepDueBudgets,
  meetingReminders,
  unreadThreadNudges,
  resumeIncompleteNudges,
  calculateMatches,
  placeVolunteer,
  buildUserTraits,
  userInterestSets,
  matchScores,
  compatibility,
  placePairs,
  recordPairChanges,
  searchableUser,
  profileSearchIndex,
  indexProfile,
  notifyProjectMatches,
  pruneCandidateNotifications,
  scrapeJobPostings,
  cleanupOldPostings,
  recordHostEvent,
  acceptHostRequest,
  notifyFanOut,
  notifyRecipients,
  settleUnreadCount,
  sweepEvents,
  pruneNotifications,
  pruneEvents,
  emailInstant,
  emailDigest,
  emailDaily,
  emailWeekly,
  generateRecommendations,
  backfillRecommendations,
  cleanupRecommendations,
  cleanupSavedJobs,
  emitRecommendationsReady,
  contentFeatures,
  trending,
  affinity,
  feedPresort,
  feedPresortCleanup,
  sendEmails,
  retryEmails,
  mediaMetadata,
  mediaMetadataAll,
  mediaMetadataBatch,
  mediaOrphanCleanup,
  deleteMediaFiles,
]);
