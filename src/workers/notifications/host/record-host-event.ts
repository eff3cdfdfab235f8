import { sql } from "drizzle-orm";
import { z } from "zod";
import { array, rows } from "../../../db/statement.ts";
import type { Tx } from "../../../db/transaction.ts";
import { resolveEventReferences } from "../../../events/event-references.ts";
import { missingSubjects, OWN_EVENT_TYPES, payloadFaults } from "../../../events/host-event-types.ts";
import { type HostEventRow, hashOfEvent, insertHostEvents } from "../../../events/host-events.ts";
import { foreignId } from "../../../foreign-text.ts";
import { referenceField } from "../../../ids.ts";
import { defineJob, type JobContext } from "../../../queues/job.ts";
import { done, type Outcome, PayloadRejected, skipped } from "../../../queues/outcome.ts";
import { unknownRows } from "./host-jobs.ts";

const emitted = z.object({
  type: z.string(),
  payload: z.record(z.string(), z.unknown()).default({}),
  actor: referenceField().optional(),
  project: referenceField().optional(),
  resource: referenceField().optional(),
  thread: referenceField().optional(),
  meeting: referenceField().optional(),
  occurredAt: z.iso.datetime({ offset: true }),
  /** The host's id: an event with the same one is recorded once. */
  id: foreignId().optional(),
});
type Emitted = z.output<typeof emitted>;

/**
 * Follows the SQL function `emit`, which inserts the entries of this job. What the event refers to may have
 * been written by the same transaction, so its ids are resolved here, once the host's changes are mirrored.
 */
export const recordHostEvent = defineJob({
  name: "record-host-event",
  queue: "notifications",
  description:
    "Records an event that the host emitted in its own transaction, with our ids in place of its own.",
  payload: z.object({ event: emitted.describe("the event, with ids of the host") }),
  key: ({ event }) => hashOfEvent(event),
  afterMirrors: true,
  batch: { size: 200 },
  runBatch: async (entries, context): Promise<Outcome[]> => {
    const events = entries.map(({ event }) => event);
    refuseOwnTypes(events);
    refuseIncomplete(events);
    const resolved = await resolve(context, events);
    const ids = await acceptEvents(context.tx, events);
    const accepted = resolved.flatMap((event, index) => {
      const id = ids[index];
      return id ? [{ ...event, id }] : [];
    });
    await insertHostEvents(context.tx, accepted, context.now);
    return outcomesOf(context, events, ids);
  },
});

function refuseOwnTypes(events: readonly Emitted[]): void {
  const refused = events.find(({ type }) => OWN_EVENT_TYPES.has(type));
  if (refused) throw new PayloadRejected(`type: only this service emits ${refused.type}`);
}

/** These can have no effect. They become dead letters, which operators see, and are not recorded. */
function refuseIncomplete(events: readonly Emitted[]): void {
  for (const event of events) {
    const missing = missingSubjects(event.type, event);
    if (missing.length > 0) throw new PayloadRejected(`${event.type} needs ${missing.join(" and ")}`);
  }
}

/** The events as rows without an id. @throws UnknownRows when one refers to a row that is not there. */
async function resolve(
  { tx, attempt }: JobContext,
  events: readonly Emitted[],
): Promise<Omit<HostEventRow, "id">[]> {
  const given = events.map((event) => ({
    event_type: event.type,
    payload: event.payload,
    actor_id: event.actor,
    project_id: event.project,
    resource_id: event.resource,
    thread_id: event.thread,
    meeting_id: event.meeting,
    occurred_at: event.occurredAt,
  }));
  const resolved = await resolveEventReferences(tx, given);
  const unknown = resolved.flatMap((one) => ("unknown" in one ? one.unknown : []));
  if (unknown.length > 0) throw unknownRows(unknown.map(asArgument), attempt);
  const known = resolved.flatMap((one) => ("event" in one ? [one.event] : []));
  for (const { event_type, payload } of known) {
    const faults = payloadFaults(event_type, payload);
    if (faults.length > 0)
      throw new PayloadRejected(`the payload does not fit ${event_type} (${faults.join("; ")})`);
  }
  return known;
}

/** The argument of `emit` that became a column. */
const asArgument = (field: string): string => field.replace(/^(\w+)_id$/, "$1");

/**
 * Draws an id for each event. One with an id of the host is accepted if that is new.
 *
 * @returns our ids in the order of the events; null for an event that is not accepted.
 */
async function acceptEvents(tx: Tx, events: readonly Emitted[]): Promise<(string | null)[]> {
  const drawn = await rows<{ id: string }>(
    tx,
    sql`select nextval(pg_get_serial_sequence('domain_events', 'id'))::text as id
        from generate_series(1, ${events.length}::int)`,
  );
  const ids = drawn.map(({ id }) => id);
  const named = events.flatMap((event, index) =>
    event.id === undefined
      ? []
      : [{ externalId: event.id, eventId: ids[index] as string, hash: hashOfEmitted(event) }],
  );
  if (named.length === 0) return ids;
  const inserted = await rows<{ id: string }>(
    tx,
    sql`insert into event_receipts (external_id, event_id, hash)
        select o.external_id, o.event_id, decode(o.hash, 'hex')
        from unnest(${array(named.map(({ externalId }) => externalId))}::text[], ${array(named.map(({ eventId }) => eventId))}::bigint[],
                    ${array(named.map(({ hash }) => hash))}::text[]) as o(external_id, event_id, hash)
        order by o.external_id on conflict (external_id) do nothing returning event_id as id`,
  );
  const accepted = new Set(inserted.map(({ id }) => id));
  return ids.map((id, index) => (events[index]?.id === undefined || accepted.has(id) ? id : null));
}

/** Without the time: emitted again without one, the event has another. */
const hashOfEmitted = ({ id: _, occurredAt: __, ...event }: Emitted): string => hashOfEvent(event);

/** An event whose id is taken changes nothing: it was recorded before, or another one was. */
async function outcomesOf(
  { tx, log }: JobContext,
  events: readonly Emitted[],
  ids: readonly (string | null)[],
): Promise<Outcome[]> {
  const repeated = events.filter((_, index) => ids[index] === null);
  const found = await rows<{ externalId: string; hash: string }>(
    tx,
    sql`select external_id as "externalId", encode(hash, 'hex') as hash from event_receipts
        where external_id = any(${array(repeated.flatMap(({ id }) => id ?? []))}::text[])`,
  );
  const hashes = new Map(found.map(({ externalId, hash }) => [externalId, hash]));
  return events.map((event, index) => {
    if (ids[index] !== null) return done({ recorded: 1 });
    if (hashes.get(event.id as string) === hashOfEmitted(event)) return skipped("recorded before");
    log.error(
      { alert: "event-conflict", source: "emit" },
      "another event was recorded with this id; it stays",
    );
    return skipped("another event was recorded with this id");
  });
}
