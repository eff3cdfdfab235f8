import { createHash } from "node:crypto";
import { sql } from "drizzle-orm";
import { z } from "zod";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { idField } from "../ids.ts";
import { noteAsk } from "../queues/enqueue.ts";

/** So many events one delivery may bring. */
export const MAX_EVENTS = 100;
export const EVENTS_SOURCE = "domain_events";

/** An event as the host posts it. Its own id makes it one event, however often it is sent. */
const hostEvent = z.object({
  id: z.union([z.string(), z.int().transform(String)]).pipe(z.string().min(1).max(255)),
  event_type: z.string().min(1).max(255),
  actor_id: idField().nullish(),
  project_id: idField().nullish(),
  resource_id: idField().nullish(),
  thread_id: idField().nullish(),
  meeting_id: idField().nullish(),
  payload: z.record(z.string(), z.unknown()).default({}),
  occurred_at: z.iso.datetime({ offset: true }).optional(),
});

export const hostEvents = z.object({ events: z.array(hostEvent).min(1).max(MAX_EVENTS) });
type HostEvent = z.output<typeof hostEvent>;

/** A delivery of events: authentic, parsed. */
export type EventsDelivery = {
  readonly events: readonly HostEvent[];
  readonly raw: Buffer;
  readonly signature: string;
  readonly secretId: string;
  readonly receivedAt: Date;
};

/** `conflict`: the id was taken before with other values; nothing changed. */
export type EventReceipt = {
  readonly id: string;
  readonly status: "accepted" | "duplicate" | "conflict";
  /** The domain event that it became the first time. */
  readonly event: string;
};

export type EventsReceipt = {
  /** The row of the inbox that keeps the delivery. */
  readonly receipt: string;
  readonly status: "accepted" | "duplicate" | "conflict";
  readonly events: readonly EventReceipt[];
};

/**
 * Takes a delivery in one transaction: what is new becomes a domain event, which the trigger asks the fan-out for; what is known is
 * compared. In the order of their ids, so that two deliveries with the same ones never wait in a circle.
 */
export async function takeEvents(tx: Tx, delivery: EventsDelivery): Promise<EventsReceipt> {
  const firsts = new Map<string, HostEvent>();
  for (const event of delivery.events) if (!firsts.has(event.id)) firsts.set(event.id, event);
  const events = [...firsts.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const { receipt, eventIds } = await drawIds(tx, events.length);
  const offered = events.map((event, index) => ({ event, eventId: eventIds[index] as string }));
  const accepted = await acceptEvents(tx, receipt, offered);
  await insertEvents(
    tx,
    offered.filter(({ event }) => accepted.has(event.id)),
    delivery.receivedAt,
  );
  const known = await loadReceipts(tx, [...firsts.keys()]);
  const receipts = delivery.events.map((event): EventReceipt => {
    const first = known.get(event.id);
    if (!first) throw new Error("The receipt behind an id that is taken cannot be read.");
    if (first.hash !== hashOf(event)) return { id: event.id, status: "conflict", event: first.eventId };
    const isNew = accepted.has(event.id) && firsts.get(event.id) === event;
    return { id: event.id, status: isNew ? "accepted" : "duplicate", event: first.eventId };
  });
  const statuses = new Set(receipts.map(({ status }) => status));
  const status =
    (["conflict", "accepted", "duplicate"] as const).find((one) => statuses.has(one)) ?? "duplicate";
  await keepDelivery(tx, receipt, status, delivery);
  return { receipt, status, events: receipts };
}

async function drawIds(tx: Tx, count: number): Promise<{ receipt: string; eventIds: string[] }> {
  const [drawn] = await rows<{ receipt: string; eventIds: string[] }>(
    tx,
    sql`select nextval(pg_get_serial_sequence('inbox', 'id'))::text as receipt,
               array(select nextval(pg_get_serial_sequence('domain_events', 'id'))::text from generate_series(1, ${count}::int)) as "eventIds"`,
  );
  if (!drawn) throw new Error("No ids could be drawn.");
  return drawn;
}

type Offered = { readonly event: HostEvent; readonly eventId: string };

/** Of the values, whatever their order in the text: a repetition may be written anew. */
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

/** Takes the ids that are free. @returns the host's ids of the new ones. */
async function acceptEvents(tx: Tx, receipt: string, offered: readonly Offered[]): Promise<Set<string>> {
  const taken = await rows<{ externalId: string }>(
    tx,
    sql`insert into event_receipts (external_id, event_id, inbox_id, hash)
        select o.external_id, o.event_id, ${receipt}::bigint, decode(o.hash, 'hex')
        from unnest(${array(offered.map(({ event }) => event.id))}::text[], ${array(offered.map(({ eventId }) => eventId))}::bigint[],
                    ${array(offered.map(({ event }) => hashOf(event)))}::text[]) as o(external_id, event_id, hash)
        order by o.external_id on conflict (external_id) do nothing returning external_id as "externalId"`,
  );
  return new Set(taken.map(({ externalId }) => externalId));
}

async function insertEvents(tx: Tx, fresh: readonly Offered[], receivedAt: Date): Promise<void> {
  if (fresh.length === 0) return;
  noteAsk(tx);
  const events = fresh.map(({ event, eventId }) => ({ ...event, id: eventId }));
  await tx.execute(
    sql`insert into domain_events (id, event_type, actor_id, project_id, resource_id, thread_id, meeting_id, payload, occurred_at)
        select e.id, e.event_type, e.actor_id, e.project_id, e.resource_id, e.thread_id, e.meeting_id, e.payload,
               coalesce(e.occurred_at, ${receivedAt}::timestamptz)
        from set_config('commonwork.relayed', 'on', true)
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

/** With its bytes, so that the signature can be checked again years on. */
async function keepDelivery(
  tx: Tx,
  receipt: string,
  status: EventsReceipt["status"],
  { raw, signature, secretId, receivedAt }: EventsDelivery,
): Promise<void> {
  await tx.execute(
    sql`insert into inbox (id, source, outcome, raw, raw_hash, signature, secret_id, received_at)
        values (${receipt}, ${EVENTS_SOURCE}, ${status}, ${raw}, ${createHash("sha256").update(raw).digest()}, ${signature}, ${secretId},
                ${receivedAt}::timestamptz)`,
  );
}
