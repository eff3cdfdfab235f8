import { sql } from "drizzle-orm";
import { type InboxMessage, type InboxStatus, recordMessage } from "../db/inbox.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { resolveEventReferences } from "../events/event-references.ts";
import { hashOfEvent, insertHostEvents } from "../events/host-events.ts";
import type { EventFault, HostEvent, ReadEvent } from "./read-events.ts";

/** An authentic message with events, each read by itself. */
export type ReceivedEvents = InboxMessage & { readonly events: readonly ReadEvent[] };

/**
 * `duplicate`: the same values again. `conflict`: other values under an id that is taken. `rejected`: the
 * event has errors. A conflict and a rejected event change nothing.
 */
export type EventReceipt =
  | {
      readonly id: string;
      readonly status: InboxStatus;
      /** The domain event that was written when the id was first accepted. */
      readonly event: string;
    }
  | { readonly id: string | null; readonly status: "rejected"; readonly faults: readonly EventFault[] };

type MessageStatus = EventReceipt["status"];

export type EventsReceipt = {
  /** The inbox id of the message. */
  readonly receipt: string;
  readonly status: MessageStatus;
  readonly events: readonly EventReceipt[];
};

/**
 * Takes the events of a message in one transaction. A new one becomes a row of `domain_events`, whose trigger
 * enqueues the fan-out; one whose id is taken is compared with the event that took it. Ids are sorted, so
 * that two messages with the same ids cannot deadlock. In new events, ids of the host are replaced by ours;
 * one that refers to an unknown row is rejected, and the others are taken.
 */
export async function takeEvents(tx: Tx, message: ReceivedEvents): Promise<EventsReceipt> {
  const firsts = firstOfEachId(message.events);
  const { receipt, eventIds, taken } = await drawIds(tx, [...firsts.keys()]);
  const fresh = [...firsts.values()].filter(({ id }) => !taken.has(id));
  const resolved = await resolveEventReferences(tx, fresh);
  const unknown = new Map<string, readonly EventFault[]>();
  const offered: Offered[] = [];
  for (const [index, event] of fresh.entries()) {
    const known = resolved[index];
    if (known && "event" in known)
      offered.push({ event, resolved: known.event, eventId: eventIds[index] as string });
    else
      unknown.set(
        event.id,
        (known?.unknown ?? []).map((field) => ({ field, fault: "is unknown" })),
      );
  }
  const accepted = await acceptEvents(tx, receipt, offered);
  await insertHostEvents(
    tx,
    offered
      .filter(({ event }) => accepted.has(event.id))
      .map(({ resolved: event, eventId }) => ({ ...event, id: eventId })),
    message.receivedAt,
  );
  const receiptOf = await receiptsBy(tx, [...firsts.keys()]);
  const receipts = message.events.map((read): EventReceipt => {
    if (read.kind === "rejected") return { id: read.id, status: "rejected", faults: read.faults };
    const { event } = read;
    const faults = unknown.get(event.id);
    if (faults) return { id: event.id, status: "rejected", faults };
    return receiptOf(event, accepted.has(event.id) && firsts.get(event.id) === event);
  });
  const status = statusOf(receipts);
  await recordMessage(tx, receipt, status, { ...message, faults: faultsOf({ events: receipts }) });
  return { receipt, status, events: receipts };
}

/** The errors of all rejected events; the fields begin with the place of the event in the message. */
export const faultsOf = ({ events }: Pick<EventsReceipt, "events">): EventFault[] =>
  events.flatMap((receipt, index) =>
    receipt.status === "rejected"
      ? receipt.faults.map(({ field, fault }) => ({
          field: ["events", index, field].filter((part) => part !== "").join("."),
          fault,
        }))
      : [],
  );

/** The first event with each id, sorted by id. */
function firstOfEachId(events: readonly ReadEvent[]): Map<string, HostEvent> {
  const firsts = new Map<string, HostEvent>();
  for (const read of events)
    if (read.kind === "event" && !firsts.has(read.event.id)) firsts.set(read.event.id, read.event);
  return new Map([...firsts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Ordered by what the sender should know first; a message with one new event is accepted. */
function statusOf(receipts: readonly EventReceipt[]): MessageStatus {
  const statuses = new Set(receipts.map(({ status }) => status));
  return (
    (["rejected", "conflict", "accepted"] as const).find((status) => statuses.has(status)) ?? "duplicate"
  );
}

/** Draws an id for the message and one for each event, and finds the ids of the sender that are taken. */
async function drawIds(
  tx: Tx,
  externalIds: readonly string[],
): Promise<{ receipt: string; eventIds: string[]; taken: ReadonlySet<string> }> {
  const [drawn] = await rows<{ receipt: string; eventIds: string[]; taken: string[] }>(
    tx,
    sql`select nextval(pg_get_serial_sequence('inbox', 'id'))::text as receipt,
               array(select nextval(pg_get_serial_sequence('domain_events', 'id'))::text
                     from generate_series(1, ${externalIds.length}::int)) as "eventIds",
               array(select external_id from event_receipts
                     where external_id = any(${array(externalIds)}::text[])) as taken`,
  );
  if (!drawn) throw new Error("could not draw ids");
  return { ...drawn, taken: new Set(drawn.taken) };
}

/** A new event as it was sent, which is what is hashed, and with our ids. */
type Offered = { readonly event: HostEvent; readonly resolved: HostEvent; readonly eventId: string };

/** Accepts the events whose id is free. @returns their ids, the host's. */
async function acceptEvents(tx: Tx, receipt: string, offered: readonly Offered[]): Promise<Set<string>> {
  const inserted = await rows<{ externalId: string }>(
    tx,
    sql`insert into event_receipts (external_id, event_id, inbox_id, hash)
        select o.external_id, o.event_id, ${receipt}::bigint, decode(o.hash, 'hex')
        from unnest(${array(offered.map(({ event }) => event.id))}::text[], ${array(offered.map(({ eventId }) => eventId))}::bigint[],
                    ${array(offered.map(({ event }) => hashOfEvent(event)))}::text[]) as o(external_id, event_id, hash)
        order by o.external_id on conflict (external_id) do nothing returning external_id as "externalId"`,
  );
  return new Set(inserted.map(({ externalId }) => externalId));
}

/** The outcome of an event whose id exists already. */
async function receiptsBy(
  tx: Tx,
  ids: readonly string[],
): Promise<(event: HostEvent, isNew: boolean) => EventReceipt> {
  const found = await rows<{ externalId: string; eventId: string; hash: string }>(
    tx,
    sql`select external_id as "externalId", event_id as "eventId", encode(hash, 'hex') as hash
        from event_receipts where external_id = any(${array(ids)}::text[])`,
  );
  const taken = new Map(found.map((row) => [row.externalId, row]));
  return (event, isNew) => {
    const first = taken.get(event.id);
    if (!first) throw new Error("the receipt behind a taken id cannot be read");
    if (first.hash !== hashOfEvent(event)) return { id: event.id, status: "conflict", event: first.eventId };
    return { id: event.id, status: isNew ? "accepted" : "duplicate", event: first.eventId };
  };
}
