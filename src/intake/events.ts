import { createHash } from "node:crypto";
import { sql } from "drizzle-orm";
import { z } from "zod";
import { type InboxMessage, type InboxStatus, recordMessage } from "../db/inbox.ts";
import { RELAYED_SETTING } from "../db/schema-keys.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { referenceField } from "../ids.ts";
import { resolveEventReferences, UnknownReferences } from "./event-references.ts";

/** Events per message. */
export const MAX_EVENTS = 100;

/** An event as the host posts it. Its `id` is the idempotency key. */
const hostEvent = z.object({
  id: z.union([z.string(), z.int().transform(String)]).pipe(z.string().min(1).max(255)),
  event_type: z.string().min(1).max(255),
  actor_id: referenceField().nullish(),
  project_id: referenceField().nullish(),
  resource_id: referenceField().nullish(),
  thread_id: referenceField().nullish(),
  meeting_id: referenceField().nullish(),
  payload: z.record(z.string(), z.unknown()).default({}),
  occurred_at: z.iso.datetime({ offset: true }).optional(),
});

export const hostEvents = z.object({ events: z.array(hostEvent).min(1).max(MAX_EVENTS) });
type HostEvent = z.output<typeof hostEvent>;

/** A message with events: authentic and parsed. */
export type ReceivedEvents = InboxMessage & { readonly events: readonly HostEvent[] };

/**
 * `duplicate`: the same values again. `conflict`: other values under an id that is taken; nothing was
 * changed.
 */
export type EventReceipt = {
  readonly id: string;
  readonly status: InboxStatus;
  /** The domain event that was written when the id was first accepted. */
  readonly event: string;
};

export type EventsReceipt = {
  /** The inbox id of the message. */
  readonly receipt: string;
  readonly status: InboxStatus;
  readonly events: readonly EventReceipt[];
};

/**
 * Takes the events of a message in one transaction. A new one becomes a row of `domain_events`, whose trigger
 * enqueues the fan-out; one whose id is taken is compared with the event that took it. Ids are sorted, so
 * that two messages with the same ids cannot deadlock. In new events, ids of the host are replaced by ours.
 *
 * @throws UnknownReferences, which has to roll back.
 */
export async function takeEvents(tx: Tx, message: ReceivedEvents): Promise<EventsReceipt> {
  const firsts = new Map<string, HostEvent>();
  for (const event of message.events) if (!firsts.has(event.id)) firsts.set(event.id, event);
  const events = [...firsts.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const { receipt, eventIds } = await drawIds(tx, events.length);
  const offered = events.map((event, index) => ({ event, eventId: eventIds[index] as string }));
  const accepted = await acceptEvents(tx, receipt, offered);
  const fresh = message.events.filter((event) => accepted.has(event.id) && firsts.get(event.id) === event);
  const eventIdOf = new Map(offered.map(({ event, eventId }) => [event.id, eventId]));
  const resolved = await resolveNew(tx, message.events, fresh);
  await insertEvents(
    tx,
    resolved.map((event) => ({ event, eventId: eventIdOf.get(event.id) as string })),
    message.receivedAt,
  );
  const taken = await loadReceipts(tx, [...firsts.keys()]);
  const receipts = message.events.map((event): EventReceipt => {
    const first = taken.get(event.id);
    if (!first) throw new Error("the receipt behind a taken id cannot be read");
    if (first.hash !== hashOf(event)) return { id: event.id, status: "conflict", event: first.eventId };
    const isNew = accepted.has(event.id) && firsts.get(event.id) === event;
    return { id: event.id, status: isNew ? "accepted" : "duplicate", event: first.eventId };
  });
  const status = statusOf(receipts);
  await recordMessage(tx, receipt, status, message);
  return { receipt, status, events: receipts };
}

/** The new events with our ids. @throws UnknownReferences with indexes into all events of the message. */
async function resolveNew(
  tx: Tx,
  all: readonly HostEvent[],
  fresh: readonly HostEvent[],
): Promise<HostEvent[]> {
  try {
    return await resolveEventReferences(tx, fresh);
  } catch (error) {
    if (!(error instanceof UnknownReferences)) throw error;
    const inMessage = error.faults.map(({ index, field }) => ({
      index: all.indexOf(fresh[index] as HostEvent),
      field,
    }));
    throw new UnknownReferences(inMessage);
  }
}

/** A message with one conflict is a conflict; else with one new event it is accepted. */
function statusOf(receipts: readonly EventReceipt[]): InboxStatus {
  const statuses = new Set(receipts.map(({ status }) => status));
  return (["conflict", "accepted"] as const).find((status) => statuses.has(status)) ?? "duplicate";
}

async function drawIds(tx: Tx, count: number): Promise<{ receipt: string; eventIds: string[] }> {
  const [drawn] = await rows<{ receipt: string; eventIds: string[] }>(
    tx,
    sql`select nextval(pg_get_serial_sequence('inbox', 'id'))::text as receipt,
               array(select nextval(pg_get_serial_sequence('domain_events', 'id'))::text from generate_series(1, ${count}::int)) as "eventIds"`,
  );
  if (!drawn) throw new Error("could not draw ids");
  return drawn;
}

type Offered = { readonly event: HostEvent; readonly eventId: string };

/** A hash of the values, independent of the order of keys: the sender may serialize an event anew. */
const hashOf = (event: HostEvent): string =>
  createHash("sha256")
    .update(JSON.stringify(sorted(event)))
    .digest("hex");

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined && part !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, part]) => [name, sorted(part)]),
  );
}

/** Accepts the events whose id is free. @returns their ids, the host's. */
async function acceptEvents(tx: Tx, receipt: string, offered: readonly Offered[]): Promise<Set<string>> {
  const inserted = await rows<{ externalId: string }>(
    tx,
    sql`insert into event_receipts (external_id, event_id, inbox_id, hash)
        select o.external_id, o.event_id, ${receipt}::bigint, decode(o.hash, 'hex')
        from unnest(${array(offered.map(({ event }) => event.id))}::text[], ${array(offered.map(({ eventId }) => eventId))}::bigint[],
                    ${array(offered.map(({ event }) => hashOf(event)))}::text[]) as o(external_id, event_id, hash)
        order by o.external_id on conflict (external_id) do nothing returning external_id as "externalId"`,
  );
  return new Set(inserted.map(({ externalId }) => externalId));
}

const RELAYED = sql.raw(RELAYED_SETTING);

async function insertEvents(tx: Tx, fresh: readonly Offered[], receivedAt: Date): Promise<void> {
  if (fresh.length === 0) return;
  tx.dispatch.pending = true;
  const events = fresh.map(({ event, eventId }) => ({ ...event, id: eventId }));
  await tx.execute(
    sql`insert into domain_events (id, event_type, actor_id, project_id, resource_id, thread_id, meeting_id, payload, occurred_at)
        select e.id, e.event_type, e.actor_id, e.project_id, e.resource_id, e.thread_id, e.meeting_id, e.payload,
               coalesce(e.occurred_at, ${receivedAt}::timestamptz)
        from set_config(${RELAYED}, 'on', true)
        cross join jsonb_to_recordset(${JSON.stringify(events)}::jsonb) as e(
          id bigint, event_type text, actor_id bigint, project_id bigint, resource_id bigint, thread_id bigint, meeting_id bigint,
          payload jsonb, occurred_at timestamptz)`,
  );
}

async function loadReceipts(
  tx: Tx,
  ids: readonly string[],
): Promise<Map<string, { eventId: string; hash: string }>> {
  const found = await rows<{ externalId: string; eventId: string; hash: string }>(
    tx,
    sql`select external_id as "externalId", event_id as "eventId", encode(hash, 'hex') as hash
        from event_receipts where external_id = any(${array(ids)}::text[])`,
  );
  return new Map(found.map((row) => [row.externalId, row]));
}
