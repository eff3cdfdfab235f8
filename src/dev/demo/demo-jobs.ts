import { sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { rows } from "../../db/statement.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Job } from "../../queues/job.ts";
import { followRun, startRun } from "../../queues/manual-runs.ts";
import type { Run } from "../../queues/runs.ts";
import { distributeBudget } from "../../workers/budgets/distribute-budget.ts";
import { sweepDueBudgets } from "../../workers/budgets/sweep-due-budgets.ts";
import { distributeCommission } from "../../workers/commissions/distribute-commission.ts";
import { recheckCommissions } from "../../workers/commissions/recheck-commissions.ts";
import { reconcileSales } from "../../workers/commissions/reconcile-sales.ts";
import { releaseCommission } from "../../workers/commissions/release-commission.ts";
import { reverseSale } from "../../workers/commissions/reverse-sale.ts";
import { settleUnresolvedSales } from "../../workers/commissions/settle-unresolved-sales.ts";
import { affinity } from "../../workers/feeds/affinity.ts";
import { contentFeatures } from "../../workers/feeds/content-features.ts";
import { feedPresort } from "../../workers/feeds/feed-presort.ts";
import { feedPresortCleanup } from "../../workers/feeds/feed-presort-cleanup.ts";
import { trending } from "../../workers/feeds/trending.ts";
import { eraseUser } from "../../workers/maintenance/erase-user.ts";
import { pruneHistory } from "../../workers/maintenance/prune-history.ts";
import { runWorkflow } from "../../workers/maintenance/run-workflow.ts";
import { verifyLedger } from "../../workers/maintenance/verify-ledger.ts";
import { verifyMirrors } from "../../workers/maintenance/verify-mirrors.ts";
import { calculateMatches } from "../../workers/matching/calculate-matches.ts";
import { buildUserTraits } from "../../workers/matching/people/build-user-traits.ts";
import { compatibility } from "../../workers/matching/people/compatibility.ts";
import { indexProfile } from "../../workers/matching/people/index-profile.ts";
import { matchScores } from "../../workers/matching/people/match-scores.ts";
import { placePairs } from "../../workers/matching/people/place-pairs.ts";
import { profileSearchIndex } from "../../workers/matching/people/profile-search-index.ts";
import { recordPairChanges } from "../../workers/matching/people/record-pair-changes.ts";
import { searchableUser } from "../../workers/matching/people/searchable-user.ts";
import { userInterestSets } from "../../workers/matching/people/user-interest-sets.ts";
import { placeVolunteer } from "../../workers/matching/place-volunteer.ts";
import { deleteMediaFiles } from "../../workers/media/delete-media-files.ts";
import { mediaMetadata } from "../../workers/media/media-metadata.ts";
import { mediaMetadataAll } from "../../workers/media/media-metadata-all.ts";
import { mediaMetadataBatch } from "../../workers/media/media-metadata-batch.ts";
import { mediaOrphanCleanup } from "../../workers/media/media-orphan-cleanup.ts";
import { recalculateMultipliers } from "../../workers/multipliers/recalculate-multipliers.ts";
import { pollCalendars } from "../../workers/notifications/calendar/poll-calendars.ts";
import { renewCalendarWatches } from "../../workers/notifications/calendar/renew-calendar-watches.ts";
import { stopCalendarChannel } from "../../workers/notifications/calendar/stop-calendar-channel.ts";
import { syncCalendar } from "../../workers/notifications/calendar/sync-calendar.ts";
import { watchCalendar } from "../../workers/notifications/calendar/watch-calendar.ts";
import { emailDaily } from "../../workers/notifications/email/email-daily.ts";
import { emailDigest } from "../../workers/notifications/email/email-digest.ts";
import { emailInstant } from "../../workers/notifications/email/email-instant.ts";
import { emailWeekly } from "../../workers/notifications/email/email-weekly.ts";
import { retryEmails } from "../../workers/notifications/email/retry-emails.ts";
import { sendEmails } from "../../workers/notifications/email/send-emails.ts";
import { notifyFanOut } from "../../workers/notifications/fan-out/notify-fan-out.ts";
import { notifyRecipients } from "../../workers/notifications/fan-out/notify-recipients.ts";
import { pruneEvents } from "../../workers/notifications/fan-out/prune-events.ts";
import { pruneNotifications } from "../../workers/notifications/fan-out/prune-notifications.ts";
import { settleUnreadCount } from "../../workers/notifications/fan-out/settle-unread-count.ts";
import { sweepEvents } from "../../workers/notifications/fan-out/sweep-events.ts";
import { acceptHostRequest } from "../../workers/notifications/host/accept-host-request.ts";
import { recordHostEvent } from "../../workers/notifications/host/record-host-event.ts";
import { notifyProjectMatches } from "../../workers/notifications/matching/notify-project-matches.ts";
import { pruneCandidateNotifications } from "../../workers/notifications/matching/prune-candidate-notifications.ts";
import { meetingReminders } from "../../workers/notifications/nudges/meeting-reminders.ts";
import { resumeIncompleteNudges } from "../../workers/notifications/nudges/resume-incomplete-nudges.ts";
import { unreadThreadNudges } from "../../workers/notifications/nudges/unread-thread-nudges.ts";
import { backfillRecommendations } from "../../workers/recommendations/backfill-recommendations.ts";
import { cleanupOldPostings } from "../../workers/recommendations/cleanup-old-postings.ts";
import { cleanupRecommendations } from "../../workers/recommendations/cleanup-recommendations.ts";
import { cleanupSavedJobs } from "../../workers/recommendations/cleanup-saved-jobs.ts";
import { emitRecommendationsReady } from "../../workers/recommendations/emit-recommendations-ready.ts";
import { generateRecommendations } from "../../workers/recommendations/generate-recommendations.ts";
import { scrapeJobPostings } from "../../workers/recommendations/scrape-job-postings.ts";
import type { CalendarProvider } from "./demo-calendar.ts";
import { aCalendarIsConnected, aChannelIsDue, aChannelIsReplaced } from "./demo-calendar-scene.ts";
import { neighboursPost } from "./demo-feeds.ts";
import { untilSettled } from "./demo-figures.ts";
import { aJobIsRequested, anEventIsEmitted } from "./demo-host.ts";
import { aMailing, aWeekPasses, newcomersAreLetIn, noonComes } from "./demo-mail.ts";
import { aFileIsLeftOver, aPictureIsUploaded, aSoundAndClipsAreUploaded } from "./demo-media.ts";
import {
  aMeetingBeginsSoon,
  aMessageIsLeftUnread,
  aParticipant,
  aProjectIsLeftUndescribed,
} from "./demo-nudges.ts";
import { aProfileChanges, peopleMeet, someoneLearnsChess } from "./demo-people.ts";
import { peopleLookForWork } from "./demo-postings.ts";
import { aSale, missedSalesAreListed, unknownBuyersAppear } from "./demo-sales.ts";
import type { Seller } from "./demo-seller.ts";
import { aVolunteerLearnsSkills } from "./skills.ts";

/** The data that the runs of the demo work on. */
export type Scene = {
  readonly db: Database;
  readonly seller: Seller;
  readonly calendars: CalendarProvider;
  readonly address: string;
  readonly jwtSecret: string;
  readonly organizationIds: readonly string[];
  readonly mediaFolder: string;
  /** Prefix of every transaction id of this demo. */
  readonly name: string;
  readonly now: Date;
};

type DemoRun = {
  readonly job: Job;
  /** Prepares data, and returns the payload of the run. */
  input(scene: Scene): Promise<unknown>;
};

/**
 * One run of every job, in an order that tells a story; the ledger is verified last. A test fails if a job is
 * missing here.
 */
export const DEMO_RUNS: readonly DemoRun[] = [
  { job: distributeCommission, input: async (scene) => ({ saleId: await aSale(scene, "applied") }) },
  { job: recheckCommissions, input: async (scene) => ({ saleId: await aSale(scene, "applied") }) },
  { job: settleUnresolvedSales, input: unknownBuyersAppear },
  { job: syncCalendar, input: aCalendarIsConnected },
  { job: watchCalendar, input: aChannelIsDue },
  { job: stopCalendarChannel, input: aChannelIsReplaced },
  { job: renewCalendarWatches, input: async () => ({ full: true }) },
  { job: pollCalendars, input: async () => ({}) },
  { job: reconcileSales, input: missedSalesAreListed },
  { job: releaseCommission, input: async (scene) => ({ saleId: await aSale(scene, "held"), actor: "demo" }) },
  { job: reverseSale, input: async (scene) => ({ saleId: await aSale(scene, "applied"), actor: "demo" }) },
  { job: recalculateMultipliers, input: async () => ({}) },
  {
    job: distributeBudget,
    input: async ({ organizationIds }) => ({ period: "weekly", organizationId: organizationIds[0] }),
  },
  { job: sweepDueBudgets, input: async () => ({}) },
  { job: meetingReminders, input: aMeetingBeginsSoon },
  { job: unreadThreadNudges, input: aMessageIsLeftUnread },
  { job: resumeIncompleteNudges, input: aProjectIsLeftUndescribed },
  { job: calculateMatches, input: async () => ({}) },
  { job: placeVolunteer, input: aVolunteerLearnsSkills },
  { job: buildUserTraits, input: peopleMeet },
  { job: userInterestSets, input: async () => ({}) },
  { job: matchScores, input: async () => ({ full: true }) },
  { job: compatibility, input: async () => ({}) },
  { job: recordPairChanges, input: someoneLearnsChess },
  { job: placePairs, input: async () => ({}) },
  { job: profileSearchIndex, input: async () => ({}) },
  { job: indexProfile, input: aProfileChanges },
  { job: searchableUser, input: async () => ({}) },
  {
    job: runWorkflow,
    input: async (scene) => ({ workflow: "onboarding", ...(await aProfileChanges(scene)) }),
  },
  { job: notifyProjectMatches, input: async () => ({}) },
  { job: pruneCandidateNotifications, input: async () => ({ days: 90 }) },
  { job: notifyFanOut, input: aDocumentIsUploaded },
  { job: notifyRecipients, input: theDocumentHasMoreReaders },
  { job: recordHostEvent, input: anEventIsEmitted },
  { job: acceptHostRequest, input: aJobIsRequested },
  { job: settleUnreadCount, input: aParticipant },
  { job: sweepEvents, input: async () => ({}) },
  { job: emailInstant, input: newcomersAreLetIn },
  { job: emailDigest, input: noonComes },
  { job: emailDaily, input: async () => ({}) },
  { job: sendEmails, input: aMailing },
  { job: retryEmails, input: async () => ({ status: "failed" }) },
  { job: pruneNotifications, input: async () => ({}) },
  { job: pruneEvents, input: async () => ({}) },
  { job: pruneHistory, input: async () => ({}) },
  { job: scrapeJobPostings, input: async () => ({}) },
  { job: cleanupOldPostings, input: async () => ({}) },
  { job: generateRecommendations, input: peopleLookForWork },
  { job: backfillRecommendations, input: async () => ({}) },
  { job: emitRecommendationsReady, input: async () => ({}) },
  { job: emailWeekly, input: aWeekPasses },
  { job: cleanupRecommendations, input: async () => ({}) },
  { job: cleanupSavedJobs, input: async () => ({}) },
  { job: mediaMetadata, input: aPictureIsUploaded },
  { job: mediaMetadataBatch, input: aSoundAndClipsAreUploaded },
  { job: mediaMetadataAll, input: async () => ({}) },
  { job: mediaOrphanCleanup, input: async () => ({}) },
  { job: deleteMediaFiles, input: aFileIsLeftOver },
  { job: contentFeatures, input: neighboursPost },
  { job: trending, input: async () => ({}) },
  { job: affinity, input: async () => ({}) },
  { job: feedPresort, input: async () => ({}) },
  { job: feedPresortCleanup, input: async () => ({}) },
  // The demo mirrors no host: there is nothing to compare.
  { job: verifyMirrors, input: async () => ({}) },
  { job: eraseUser, input: someoneLeaves },
  { job: verifyLedger, input: onceAllIsQuiet },
];

/** For hangs: on a busy machine, threads at idle priority hardly run. */
const RUN_LIMIT_MS = 120_000;

/**
 * Runs each job once, one after the other, as `commonwork run` would: the workers of the service execute
 * them.
 */
export async function runEveryJob(scene: Scene): Promise<Run[]> {
  const ended: Run[] = [];
  for (const { job, input } of DEMO_RUNS) {
    const payload = await input(scene);
    const id = await inTransaction(scene.db, (tx) => startRun(tx, job, payload));
    ended.push(await followRun(scene.db, id, () => undefined, AbortSignal.timeout(RUN_LIMIT_MS)));
  }
  return ended;
}

/**
 * A document is uploaded to a project that three others can see. The service may notify them before the run
 * does, which is fine.
 */
async function aDocumentIsUploaded({ db, organizationIds, name }: Scene): Promise<object> {
  const [event] = await inTransaction(db, (tx) =>
    rows<{ id: string }>(
      tx,
      sql`with people as (
            select array_agg(user_id order by id) as ids
            from (select id, user_id from volunteer_profiles where organization_id = ${organizationIds[0]} order by id limit 4) p),
          project as (
            insert into projects (organization_id, name, project_status, created_by)
            select ${organizationIds[0]}, ${`${name} garden`}, 'active', ids[1] from people returning id),
          granted as (
            insert into project_access_grants (project_id, user_id, permission)
            select project.id, unnest(ids[2:4]), 'view' from project, people),
          document as (
            insert into resources (project_id, name) select id, 'Plan of the beds.pdf' from project returning id)
          insert into domain_events (event_type, actor_id, project_id, resource_id)
          select 'document_uploaded', ids[1], project.id, document.id from people, project, document returning id`,
    ),
  );
  if (!event) throw new Error("The demo could not upload a document.");
  return { eventIds: [event.id] };
}

/** More people join the project after its document was announced. */
async function theDocumentHasMoreReaders({ db, name }: Scene): Promise<object> {
  const [event] = await rows<{ id: string }>(
    db.drizzle,
    sql`with project as (select id, organization_id from projects where name = ${`${name} garden`}),
          granted as (
            insert into project_access_grants (project_id, user_id, permission)
            select project.id, v.user_id, 'view'
            from project, lateral (
              select user_id from volunteer_profiles p where p.organization_id = project.organization_id
              order by id offset 4 limit 3) v)
        select e.id from domain_events e, project where e.project_id = project.id and e.event_type = 'document_uploaded'`,
  );
  if (!event) throw new Error("The demo has no document.");
  return { eventId: event.id };
}

/** A volunteer asks for the erasure of all personal data. */
async function someoneLeaves({ db, organizationIds, name }: Scene): Promise<object> {
  const [user] = await inTransaction(db, (tx) =>
    rows<{ id: string }>(
      tx,
      sql`with leaver as (
            insert into users (id, name, email)
            select max(id) + 1, 'Leaving Volunteer', ${`leaving-${name}@demo.test`} from users returning id)
          insert into volunteer_profiles (user_id, organization_id, referral_code)
          select id, ${organizationIds[0]}, upper(substr(md5(${name} || 'leaving'), 1, 8)) from leaver returning user_id as id`,
    ),
  );
  if (!user) throw new Error("The demo could not add a volunteer.");
  return { userId: user.id, actor: "demo", reason: "asked for it" };
}

/** The ledger is verified after the last budget that the sweep enqueued has been paid. */
async function onceAllIsQuiet({ db }: Scene): Promise<object> {
  await untilSettled(db);
  return {};
}
