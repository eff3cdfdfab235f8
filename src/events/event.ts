import { sql } from "drizzle-orm";
import type { z } from "zod";
import { array, prepared } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { eventSettings } from "./transaction-settings.ts";

/**
 * A type of event, named `noun.past`, and the schema of its payload. The host's event types keep the host's
 * names.
 */
export type EventType<P, T extends string = string> = {
  readonly type: T;
  readonly payload: z.ZodType<P>;
  /** A description of the event, for the host's engineer. */
  readonly about?: string;
  /** The subjects that the host provides besides the payload. */
  readonly subjects?: readonly Subject[];
};

/** Events with different payloads, in one list. */
// biome-ignore lint/suspicious/noExplicitAny: what a payload is depends on the event.
export type AnyEvent = EventType<any>;

/** The subjects of an event besides its payload. */
export type Subject = "actor" | "project" | "resource" | "thread" | "meeting";

export const defineEvent = <P, const T extends string>(event: EventType<P, T>): EventType<P, T> => event;

/** One event, not yet written. */
export type NewEvent<P> = {
  readonly payload: P;
  readonly occurredAt: Date;
  readonly actorId?: string;
  readonly projectId?: string;
  readonly resourceId?: string;
  readonly threadId?: string;
  readonly meetingId?: string;
};

/** Optional subjects of an event, and their columns. */
const SUBJECTS = [
  ["actorId", "actor_id"],
  ["projectId", "project_id"],
  ["resourceId", "resource_id"],
  ["threadId", "thread_id"],
  ["meetingId", "meeting_id"],
] as const;

/**
 * Writes events in the transaction that makes them true. The table's trigger enqueues their fan-out. It sends
 * no NOTIFY for these rows (eventSettings): this process wakes the relay itself after the commit.
 */
export async function emit<P>(tx: Tx, type: EventType<P>, events: readonly NewEvent<P>[]): Promise<void> {
  if (events.length === 0) return;
  tx.dispatch.pending = true;
  // One JSON document: in a text array, each payload would be quoted a second time.
  const payloads = JSON.stringify(events.map((event) => type.payload.parse(event.payload)));
  // Only columns that some event fills: a batch of sales writes thousands of events without any subject.
  const about = SUBJECTS.filter(([field]) => events.some((event) => event[field] !== undefined));
  const names = sql.raw(about.map(([, column]) => `, ${column}`).join(""));
  const values = about.map(
    ([field]) => sql`, unnest(${array(events.map((event) => event[field] ?? null))}::bigint[])`,
  );
  await tx.execute(
    prepared`insert into domain_events (event_type, payload, occurred_at${names})
        select ${type.type}, f.payload, f.occurred_at${names}
        from ${eventSettings(tx)}
        cross join rows from (
          jsonb_array_elements(${payloads}::jsonb),
          unnest(${array(events.map((event) => event.occurredAt.toISOString()))}::timestamptz[])
          ${sql.join(values)}) as f(payload, occurred_at${names})`,
  );
}
