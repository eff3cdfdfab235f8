import type { Tx } from "../db/transaction.ts";
import { groupBy } from "../group-by.ts";
import type { EmailWording } from "../notifications/email-wording.ts";
import type { Notifiable, NotificationEvent } from "../notifications/notification-type.ts";
import { loadEvents, readEvents } from "../notifications/read-events.ts";
import { readPreferences } from "../notifications/read-preferences.ts";
import { type AccessQuestion, whoMayAccess } from "../notifications/read-recipients.ts";
import { ALL_EMAIL } from "../notifications/unsubscriptions.ts";
import { userZone, type ZoneContext } from "../notifications/user-zone.ts";
import { emailWording, writeText } from "../notifications/write-text.ts";
import { addressIn } from "../scoring/notifications/mailbox.ts";
import type { Preference } from "../scoring/notifications/preference.ts";
import { type DropReason, reasonToDrop } from "../scoring/notifications/send-check.ts";
import { type Addressee, type PendingDelivery, readAddressees } from "./mailing-contents.ts";

/** A delivery to send, with its texts. */
export type CheckedDelivery = {
  readonly delivery: PendingDelivery;
  readonly eventType: string;
  readonly isMustSend: boolean;
  readonly title: string;
  readonly body: string;
  readonly link: string;
  readonly project: { readonly id: string; readonly name: string } | null;
  readonly wording: EmailWording;
};

/** The deliveries to send, and the others with their reasons. */
export type CheckedDeliveries = {
  readonly sendable: readonly CheckedDelivery[];
  readonly dropped: readonly { readonly id: string; readonly reason: DropReason }[];
  readonly addressees: ReadonlyMap<string, Addressee>;
};

type Context = ZoneContext & { readonly now: Date };

/**
 * Checks again, with current facts, whether pending deliveries may be sent, and writes their texts. The
 * number of statements depends on the number of types alone.
 */
export async function checkDeliveries(
  tx: Tx,
  deliveries: readonly PendingDelivery[],
  context: Context,
): Promise<CheckedDeliveries> {
  const facts = await loadFacts(tx, deliveries, context.now);
  const sendable: CheckedDelivery[] = [];
  const dropped: { id: string; reason: DropReason }[] = [];
  for (const delivery of deliveries) {
    const checked = check(delivery, facts, context);
    if (typeof checked === "string") dropped.push({ id: delivery.id, reason: checked });
    else sendable.push(checked);
  }
  return { sendable, dropped, addressees: facts.addressees };
}

type Facts = {
  /** By event id. */
  readonly events: ReadonlyMap<string, Notifiable>;
  readonly addressees: ReadonlyMap<string, Addressee>;
  /** By user id. */
  readonly preferences: ReadonlyMap<string, readonly Preference[]>;
  /** Ids of the deliveries whose recipient still has access. */
  readonly accessible: ReadonlySet<string>;
  /** By delivery id: the event with current data, or null if it no longer applies. */
  readonly rechecked: ReadonlyMap<string, NotificationEvent | null>;
};

type KnownDelivery = Notifiable & { readonly delivery: PendingDelivery };

async function loadFacts(tx: Tx, deliveries: readonly PendingDelivery[], now: Date): Promise<Facts> {
  const userIds = [...new Set(deliveries.map(({ userId }) => userId))];
  const { notifiable } = await readEvents(
    tx,
    await loadEvents(tx, [...new Set(deliveries.map(({ eventId }) => eventId))]),
  );
  const events = new Map(notifiable.map((one) => [one.event.id, one]));
  const known = deliveries.flatMap((delivery): KnownDelivery[] => {
    const one = events.get(delivery.eventId);
    return one === undefined ? [] : [{ delivery, ...one }];
  });
  const eventTypes = [...new Set(notifiable.map(({ event }) => event.type))];
  return {
    events,
    addressees: await readAddressees(tx, userIds),
    preferences: await readPreferences(tx, userIds, eventTypes),
    accessible: await readAccessible(tx, known),
    rechecked: await recheck(tx, known, now),
  };
}

/** One statement per type. */
async function readAccessible(tx: Tx, known: readonly KnownDelivery[]): Promise<Set<string>> {
  const accessible = new Set<string>();
  for (const [type, ofType] of groupBy(known, (one) => one.type)) {
    const questions = new Map(
      ofType.map(({ delivery, event }): [AccessQuestion, string] => [
        { event, userId: delivery.userId },
        delivery.id,
      ]),
    );
    const allowed = await whoMayAccess(tx, type, [...questions.keys()]);
    for (const [question, deliveryId] of questions) if (allowed.has(question)) accessible.add(deliveryId);
  }
  return accessible;
}

/** One call per type that rechecks. */
async function recheck(tx: Tx, known: readonly KnownDelivery[], now: Date): Promise<Facts["rechecked"]> {
  const rechecked = new Map<string, NotificationEvent | null>();
  for (const [type, ofType] of groupBy(known, (one) => one.type)) {
    if (type.recheck === undefined) continue;
    const items = ofType.map(({ delivery, event }) => ({
      deliveryId: delivery.id,
      userId: delivery.userId,
      event,
    }));
    for (const [deliveryId, event] of await type.recheck(tx, items, now)) rechecked.set(deliveryId, event);
  }
  return rechecked;
}

/** @returns the delivery with its texts, or why it is not sent. */
function check(delivery: PendingDelivery, facts: Facts, context: Context): CheckedDelivery | DropReason {
  const known = facts.events.get(delivery.eventId);
  if (!known || known.type.email === null) return "unreadable";
  const { type } = known;
  const addressee = facts.addressees.get(delivery.userId);
  if (addressee === undefined) return "no-address";
  const current = facts.rechecked.get(delivery.id);
  const event = current ?? known.event;
  const reason = reasonToDrop({
    channel: "email",
    eventType: event.type,
    projectId: event.projectId,
    threadId: event.threadId,
    mayAccess: facts.accessible.has(delivery.id),
    hasAddress: addressIn(addressee.email) !== null,
    isSuppressed: addressee.isSuppressed,
    isMustSend: type.isMustSend === true,
    preferences: facts.preferences.get(delivery.userId) ?? [],
    isUnsubscribed: [ALL_EMAIL, event.type].some((type) => addressee.unsubscribedTypes.includes(type)),
    frequency: addressee.frequency ?? "immediate",
    staleReason: delivery.isRead ? "read-meanwhile" : current === null ? "overtaken" : null,
  });
  const wording = emailWording(type, addressee.language);
  if (wording === null) return "unreadable";
  if (reason !== null) return reason;
  const { projectId, names } = event;
  return {
    delivery,
    eventType: event.type,
    isMustSend: type.isMustSend === true,
    ...writeText(type, event, {
      isMentioned: type.mentions?.(event).includes(addressee.userId) ?? false,
      timeZone: userZone(addressee.timeZone, context),
      language: addressee.language,
      now: context.now,
    }),
    project: projectId !== null && names.project !== null ? { id: projectId, name: names.project } : null,
    wording,
  };
}
