import type { Tx } from "../db/transaction.ts";
import type { EventType } from "../events/event.ts";
import { cvUpdated, postCreated, postUpdated, profileUpdated, projectUpdated } from "../events/host.ts";
import { enqueueMany } from "../queues/enqueue.ts";
import type { Job } from "../queues/job.ts";
import { contentFeatures } from "./feeds/content-features.ts";
import { calculateMatches } from "./matching/calculate-matches.ts";
import { placeVolunteer } from "./matching/place-volunteer.ts";
import { generateRecommendations } from "./recommendations/generate-recommendations.ts";

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

/** The jobs that are enqueued for events. */
export const SUBSCRIBERS: readonly Subscriber[] = [
  subscriber(profileUpdated, placeVolunteer, ({ payload }) => ({ volunteerId: payload.user_id })),
  subscriber(projectUpdated, calculateMatches, ({ projectId }) =>
    projectId === null ? null : { projectId },
  ),
  subscriber(cvUpdated, generateRecommendations, ({ payload }) => ({ userId: payload.user_id })),
  subscriber(postCreated, contentFeatures, ({ payload }) => featuresOf(payload.post_id)),
  subscriber(postUpdated, contentFeatures, ({ payload }) => featuresOf(payload.post_id)),
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
