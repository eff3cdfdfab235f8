import type { Tx } from "../db/transaction.ts";
import type { EventType } from "../events/event.ts";
import { profileUpdated, projectUpdated } from "../events/host.ts";
import { enqueueMany } from "../queues/enqueue.ts";
import type { Job } from "../queues/job.ts";
import { calculateMatches } from "./matching/calculate-matches.ts";
import { placeVolunteer } from "./matching/place-volunteer.ts";

/** An event as a subscriber sees it. */
export type Occurrence<P = unknown> = {
  readonly id: string;
  readonly type: string;
  readonly projectId: string | null;
  readonly payload: P;
};

/** A job that each event of a type asks for, in the transaction that turns the event into notifications. */
export type Subscriber = {
  readonly eventType: string;
  readonly jobName: string;
  ask(tx: Tx, events: readonly Occurrence[]): Promise<void>;
};

/** @param payloadOf what the job is asked for; null when this event needs nothing. */
export const subscriber = <P, J>(
  event: EventType<P>,
  job: Job<J>,
  payloadOf: (event: Occurrence<P>) => J | null,
): Subscriber => ({
  eventType: event.type,
  jobName: job.name,
  async ask(tx, events) {
    const payloads = events.flatMap((one) => {
      const parsed = event.payload.safeParse(one.payload);
      const payload = parsed.success ? payloadOf({ ...one, payload: parsed.data }) : null;
      return payload === null ? [] : [payload];
    });
    await enqueueMany(tx, job, payloads);
  },
});

/** Which jobs follow from which events. */
export const SUBSCRIBERS: readonly Subscriber[] = [
  subscriber(profileUpdated, placeVolunteer, ({ payload }) => ({ volunteerId: payload.user_id })),
  subscriber(projectUpdated, calculateMatches, ({ projectId }) =>
    projectId === null ? null : { projectId },
  ),
];

/** Asks for what follows from events, in one statement for each subscriber. */
export async function askSubscribers(
  tx: Tx,
  events: readonly Occurrence[],
  subscribers: readonly Subscriber[] = SUBSCRIBERS,
): Promise<void> {
  for (const { eventType, ask } of subscribers) {
    const mine = events.filter(({ type }) => type === eventType);
    if (mine.length > 0) await ask(tx, mine);
  }
}
