import type { Tx } from "../../../db/transaction.ts";
import type { EventType } from "../../../events/event.ts";
import {
  cvUpdated,
  followChanged,
  interestsUpdated,
  mediaUploaded,
  type ProfilePart,
  postCreated,
  postUpdated,
  preferencesUpdated,
  profileHidden,
  profileShown,
  profileUpdated,
  projectUpdated,
  quizSubmitted,
  ratingGiven,
  userBlocked,
  userCreated,
  userDeleted,
  userUnblocked,
} from "../../../events/host.ts";
import { enqueueMany } from "../../../queues/enqueue.ts";
import type { Job } from "../../../queues/job.ts";
import { contentFeatures } from "../../feeds/content-features.ts";
import { feedPresort } from "../../feeds/feed-presort.ts";
import { calculateMatches } from "../../matching/calculate-matches.ts";
import { buildUserTraits } from "../../matching/people/build-user-traits.ts";
import { indexProfile } from "../../matching/people/index-profile.ts";
import { recordPairChanges } from "../../matching/people/record-pair-changes.ts";
import { userInterestSets } from "../../matching/people/user-interest-sets.ts";
import { placeVolunteer } from "../../matching/place-volunteer.ts";
import { mediaMetadata } from "../../media/media-metadata.ts";
import { generateRecommendations } from "../../recommendations/generate-recommendations.ts";

/** An event as given to a subscriber. */
export type Occurrence<P = unknown> = {
  readonly id: string;
  readonly type: string;
  readonly projectId: string | null;
  readonly payload: P;
};

/** A job that is enqueued for each event of a type, in the transaction that fans the event out. */
export type Subscriber = {
  readonly eventType: string;
  readonly jobName: string;
  enqueue(tx: Tx, events: readonly Occurrence[]): Promise<void>;
};

/** @param payloadOf the payload of the job, or null if the event needs no job. */
export const subscriber = <P, J>(
  event: EventType<P>,
  job: Job<J>,
  payloadOf: (event: Occurrence<P>) => J | null,
): Subscriber => ({
  eventType: event.type,
  jobName: job.name,
  async enqueue(tx, events) {
    const payloads = events.flatMap((one) => {
      const parsed = event.payload.safeParse(one.payload);
      const payload = parsed.success ? payloadOf({ ...one, payload: parsed.data }) : null;
      return payload === null ? [] : [payload];
    });
    await enqueueMany(tx, job, payloads);
  },
});

const featuresOf = (postId: string) => contentFeatures.payload.parse({ postId });

/** Whether a changed profile concerns a subscriber that depends on these parts. */
const concerns = (
  { parts }: { readonly parts?: readonly ProfilePart[] | undefined },
  dependsOn: readonly ProfilePart[],
): boolean => parts === undefined || parts.some((part) => dependsOn.includes(part));

type OfUser = { readonly user_id: string };
const userOf = ({ payload }: Occurrence<OfUser>) => ({ userId: payload.user_id });
const feedOf = (userId: string) => feedPresort.payload.parse({ userId });

/** The jobs that are enqueued for events. */
export const SUBSCRIBERS: readonly Subscriber[] = [
  subscriber(profileUpdated, placeVolunteer, ({ payload }) =>
    concerns(payload, ["skills", "place"]) ? { volunteerId: payload.user_id } : null,
  ),
  // Every part of a profile counts for its newness, except those that are stored in other tables.
  subscriber(profileUpdated, recordPairChanges, ({ payload }) =>
    concerns(payload, ["place", "bio", "photo", "preferences"]) ? { userId: payload.user_id } : null,
  ),
  subscriber(profileUpdated, indexProfile, ({ payload }) =>
    concerns(payload, ["place", "bio", "photo"]) ? { userId: payload.user_id } : null,
  ),
  subscriber(preferencesUpdated, recordPairChanges, userOf),
  subscriber(quizSubmitted, buildUserTraits, userOf),
  // Its quiz vector changes with the answers.
  subscriber(quizSubmitted, recordPairChanges, userOf),
  subscriber(interestsUpdated, userInterestSets, userOf),
  subscriber(interestsUpdated, recordPairChanges, userOf),
  subscriber(interestsUpdated, indexProfile, userOf),
  subscriber(ratingGiven, recordPairChanges, userOf),
  subscriber(ratingGiven, recordPairChanges, ({ payload }) => ({ userId: payload.rated_user_id })),
  // Friends in feeds share an interest.
  subscriber(interestsUpdated, feedPresort, ({ payload }) => feedOf(payload.user_id)),
  // Placing one of the two changes the lists of both.
  subscriber(userBlocked, recordPairChanges, userOf),
  subscriber(userUnblocked, recordPairChanges, userOf),
  subscriber(userCreated, buildUserTraits, userOf),
  subscriber(userCreated, userInterestSets, userOf),
  subscriber(userCreated, recordPairChanges, userOf),
  subscriber(userCreated, indexProfile, userOf),
  subscriber(userDeleted, recordPairChanges, userOf),
  subscriber(userDeleted, indexProfile, userOf),
  subscriber(profileHidden, recordPairChanges, userOf),
  subscriber(profileShown, recordPairChanges, userOf),
  subscriber(profileHidden, indexProfile, userOf),
  subscriber(profileShown, indexProfile, userOf),
  subscriber(projectUpdated, calculateMatches, ({ projectId }) =>
    projectId === null ? null : { projectId },
  ),
  subscriber(cvUpdated, generateRecommendations, ({ payload }) => ({ userId: payload.user_id })),
  subscriber(postCreated, contentFeatures, ({ payload }) => featuresOf(payload.post_id)),
  subscriber(postUpdated, contentFeatures, ({ payload }) => featuresOf(payload.post_id)),
  subscriber(mediaUploaded, mediaMetadata, ({ payload }) => ({ mediaId: payload.media_id })),
  subscriber(followChanged, feedPresort, ({ payload }) => feedOf(payload.viewer_id)),
  subscriber(followChanged, feedPresort, ({ payload }) => feedOf(payload.owner_id)),
  ...[userBlocked, userUnblocked].flatMap((event) => [
    subscriber(event, feedPresort, ({ payload }) => feedOf(payload.user_id)),
    subscriber(event, feedPresort, ({ payload }) => feedOf(payload.blocked_user_id)),
  ]),
];

/** Enqueues the jobs of all subscribers, in one statement each. */
export async function enqueueSubscribed(
  tx: Tx,
  events: readonly Occurrence[],
  subscribers: readonly Subscriber[] = SUBSCRIBERS,
): Promise<void> {
  for (const { eventType, enqueue } of subscribers) {
    const mine = events.filter(({ type }) => type === eventType);
    if (mine.length > 0) await enqueue(tx, mine);
  }
}
