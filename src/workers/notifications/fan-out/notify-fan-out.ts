import { sql } from "drizzle-orm";
import { z } from "zod";
import { array, rows } from "../../../db/statement.ts";
import type { Tx } from "../../../db/transaction.ts";
import { missingSubjects } from "../../../events/host-event-types.ts";
import { idField } from "../../../ids.ts";
import type { DecidedDeliveries } from "../../../notifications/decide-deliveries.ts";
import { countsOf } from "../../../notifications/describe-delivery.ts";
import { NO_RECIPIENTS } from "../../../notifications/describe-outcome.ts";
import { type FoundRecipients, findRecipients } from "../../../notifications/find-recipients.ts";
import { NOTIFICATION_TYPES } from "../../../notifications/index.ts";
import type { Notifiable } from "../../../notifications/notification-type.ts";
import {
  EVENT_COLUMNS,
  type EventRow,
  type ReadEvents,
  readEvents,
} from "../../../notifications/read-events.ts";
import { reportEvents } from "../../../notifications/report-events.ts";
import { enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob, type JobContext } from "../../../queues/job.ts";
import { addTo, type Counts, done, type Outcome, skipped } from "../../../queues/outcome.ts";
import { notify, RECIPIENTS_PER_TRANSACTION } from "./notify.ts";
import { notifyRecipients } from "./notify-recipients.ts";
import { enqueueSubscribed, SUBSCRIBERS } from "./subscribers.ts";

/**
 * Events per transaction, whatever the size of the group: with three recipients each, all of them fit into
 * one (RECIPIENTS_PER_TRANSACTION), and their rows are read within a few milliseconds at a time.
 */
const EVENTS_PER_TRANSACTION = 2_000;
/** Events per entry. The trigger uses the same number (drizzle/0001_rules.sql). */
export const EVENTS_PER_ENTRY = 100;

const payload = z.object({
  eventIds: z.array(idField()).min(1).describe("ids of domain events, in ascending order"),
});
type FanOut = z.output<typeof payload>;

/** The trigger builds the same keys: `17`, or `17..42` for the events of one statement. */
const keyOf = ({ eventIds }: FanOut): string =>
  eventIds.length === 1 ? `${eventIds[0]}` : `${eventIds[0]}..${eventIds.at(-1)}`;

/**
 * Decides the deliveries of events, one per event, recipient and channel, and writes the notifications shown
 * in the app; e-mail is sent by its own jobs. Claim, deliveries and follow-up jobs are one transaction:
 * either an event has all of them, or it is still waiting.
 */
export const notifyFanOut = defineJob({
  name: "notify-fan-out",
  queue: "notifications",
  description:
    "Decides who is notified of domain events, over which channel and when, and shows it in the app.",
  payload,
  key: keyOf,
  afterMirrors: true,
  // Of entries with a hundred events each, a transaction takes twenty, and enqueues the rest again.
  batch: { size: 40 },
  runBatch: async (entries, context) => {
    const [only] = entries;
    if (entries.length === 1 && only && context.attempt > 1 && only.eventIds.length > 1) {
      return [await splitEntry(context.tx, only)];
    }
    return fanOut(entries, context);
  },
});

/**
 * Gives each event of a failed entry its own entry: if one event caused the failure, the others go through.
 */
async function splitEntry(tx: Tx, { eventIds }: FanOut): Promise<Outcome> {
  await enqueueMany(
    tx,
    notifyFanOut,
    eventIds.map((id) => ({ eventIds: [id] })),
  );
  return done({ split: eventIds.length });
}

async function fanOut(entries: readonly FanOut[], context: JobContext): Promise<Outcome[]> {
  const { tx, now } = context;
  const { accepted, postponed } = withinLimit(entries);
  await enqueueMany(tx, notifyFanOut, postponed);
  const claimed = await claimEvents(tx, accepted.flat(), now);
  const { notifiable, rejected } = refuseIncomplete(await readEvents(tx, claimed));
  const found = await findRecipients(tx, notifiable, { limit: RECIPIENTS_PER_TRANSACTION, now });
  await postponeEvents(tx, found.postponed, claimed.length - found.postponed.length);
  await enqueueMany(
    tx,
    notifyRecipients,
    found.large.map((eventId) => ({ eventId })),
  );
  const decided = await notify(found.recipients, context);
  await markRejected(tx, rejected);
  const unheard = withoutRecipients(notifiable, found);
  await markWithoutRecipients(tx, unheard);
  const left = new Set(found.postponed);
  const handled = claimed.filter(({ id }) => !left.has(id));
  const reasons = new Map([
    ...rejected.map(({ id, reason }) => [id, reason] as const),
    ...unheard.map((id) => [id, NO_RECIPIENTS] as const),
  ]);
  reportEvents(
    context,
    handled.map(({ id, type }) => ({ id, type, ...outcomeOf(type, reasons.get(id) ?? null) })),
  );
  await enqueueSubscribed(tx, handled);
  return outcomesOf(accepted, {
    handled: new Set(handled.map(({ id }) => id)),
    postponed: left,
    large: new Set(found.large),
    notifiable: new Set(notifiable.map(({ event }) => event.id)),
    decided,
  });
}

/**
 * Gives events back whose recipients did not fit into the transaction: they are claimed again later. Their
 * entries have as many events as did fit, so that the next transactions claim few events that do not fit.
 */
async function postponeEvents(tx: Tx, eventIds: readonly string[], fitting: number): Promise<void> {
  if (eventIds.length === 0) return;
  await tx.execute(sql`delete from event_outcomes where event_id = any(${array(eventIds)}::bigint[])`);
  const size = Math.min(Math.max(fitting, 1), EVENTS_PER_ENTRY);
  await enqueueMany(tx, notifyFanOut, fanOutEntries(eventIds, size));
}

/** Splits entries into the event ids that one transaction takes, by entry, and new entries for the rest. */
function withinLimit(entries: readonly FanOut[]): { accepted: string[][]; postponed: FanOut[] } {
  const accepted: string[][] = [];
  const rest: string[] = [];
  let room = EVENTS_PER_TRANSACTION;
  for (const { eventIds } of entries) {
    accepted.push(eventIds.slice(0, room));
    rest.push(...eventIds.slice(room));
    room = Math.max(0, room - eventIds.length);
  }
  return { accepted, postponed: fanOutEntries(rest) };
}

/** Entries for some events, of the usual size. */
export function fanOutEntries(eventIds: readonly string[], size = EVENTS_PER_ENTRY): FanOut[] {
  const entries: FanOut[] = [];
  for (let i = 0; i < eventIds.length; i += size) entries.push({ eventIds: eventIds.slice(i, i + size) });
  return entries;
}

const CONSUMED_TYPES = [
  ...NOTIFICATION_TYPES.map(({ event }) => event.type),
  ...SUBSCRIBERS.map(({ eventType }) => eventType),
];

/**
 * Claims events by inserting their outcomes, and reads them. A concurrent transaction with the same event
 * waits here for this one, and then skips the event.
 */
function claimEvents(tx: Tx, eventIds: readonly string[], now: Date): Promise<EventRow[]> {
  return rows<EventRow>(
    tx,
    sql`with claimed as (
          insert into event_outcomes (event_id, outcome, decided_at)
          select id, case when event_type = any(${array(CONSUMED_TYPES)}::text[]) then 'decided' else 'ignored' end, ${now}::timestamptz
          from domain_events where id = any(${array(eventIds)}::bigint[]) order by id
          on conflict (event_id) do nothing returning event_id)
        select ${EVENT_COLUMNS} from domain_events d
        where d.id = any(${array(eventIds)}::bigint[]) and d.id in (select event_id from claimed) order by d.id`,
  );
}

async function markRejected(tx: Tx, rejected: readonly { id: string; reason: string }[]): Promise<void> {
  if (rejected.length === 0) return;
  await tx.execute(
    sql`update event_outcomes o set outcome = 'rejected', reason = r.reason
        from jsonb_to_recordset(${JSON.stringify(rejected)}::jsonb) as r(id bigint, reason text) where o.event_id = r.id`,
  );
}

/** The events that nobody was notified of. */
function withoutRecipients(
  events: readonly Notifiable[],
  { recipients, large, postponed }: FoundRecipients,
): string[] {
  const others = new Set([...recipients.map(({ event }) => event.id), ...large, ...postponed]);
  return events.map(({ event }) => event.id).filter((id) => !others.has(id));
}

/** Nothing else would show this, so their outcome does. */
async function markWithoutRecipients(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.execute(
    sql`update event_outcomes set reason = ${NO_RECIPIENTS} where event_id = any(${array(ids)}::bigint[])`,
  );
}

/** Events of the host that lack a subject of their type are rejected like those with a wrong payload. */
function refuseIncomplete({ notifiable, rejected, ...rest }: ReadEvents): ReadEvents {
  const incomplete = notifiable.flatMap(({ event }) => {
    const missing = missingSubjects(event.type, {
      actor: event.actorId,
      project: event.projectId,
      resource: event.resourceId,
      thread: event.threadId,
      meeting: event.meetingId,
    });
    return missing.length === 0
      ? []
      : [{ id: event.id, reason: missing.map((subject) => `${subject}_id: missing`).join("; ") }];
  });
  const refused = new Set(incomplete.map(({ id }) => id));
  return {
    ...rest,
    notifiable: notifiable.filter(({ event }) => !refused.has(event.id)),
    rejected: [...rejected, ...incomplete],
  };
}

/** What event_outcomes has about an event. */
function outcomeOf(type: string, reason: string | null) {
  const isDecided = CONSUMED_TYPES.includes(type) && (reason === null || reason === NO_RECIPIENTS);
  const outcome = isDecided ? "decided" : reason === null ? "ignored" : "rejected";
  return { outcome, reason } as const;
}

type Handled = {
  readonly handled: ReadonlySet<string>;
  readonly postponed: ReadonlySet<string>;
  readonly large: ReadonlySet<string>;
  readonly notifiable: ReadonlySet<string>;
  readonly decided: readonly DecidedDeliveries[];
};

/** The outcome of each entry, with counts of its events and of their deliveries. */
function outcomesOf(accepted: readonly (readonly string[])[], known: Handled): Outcome[] {
  const countsOfEvent = new Map<string, Record<string, number>>();
  for (const one of known.decided)
    countsOfEvent.set(one.event.id, addTo(countsOfEvent.get(one.event.id) ?? {}, countsOf(one)));
  return accepted.map((eventIds) => {
    if (eventIds.length === 0) return done({ postponed: 1 });
    const handled = eventIds.filter((id) => known.handled.has(id));
    const postponed = eventIds.filter((id) => known.postponed.has(id)).length;
    if (handled.length + postponed === 0)
      return skipped("the events do not exist or have an outcome already");
    return done(
      handled.reduce(
        (sum, id) => addTo(sum, countsOfEvent.get(id) ?? {}),
        nonZero({
          events: handled.length,
          "events postponed": postponed,
          "ignored or rejected": handled.filter((id) => !known.notifiable.has(id)).length,
          "events with ranges of recipients": handled.filter((id) => known.large.has(id)).length,
        }),
      ),
    );
  });
}

const nonZero = (counts: Counts): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0));
