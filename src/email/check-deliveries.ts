import type { Tx } from "../db/transaction.ts";
import { groupBy } from "../group-by.ts";
import type { AnyNotificationType, ToldEvent } from "../notifications/notification-type.ts";
import { loadEvents, readEvents } from "../notifications/read-events.ts";
import { readPreferences } from "../notifications/read-preferences.ts";
import { type AccessQuestion, whoMayAccess } from "../notifications/read-recipients.ts";
import type { Preference } from "../scoring/notifications/preference.ts";
import { type DropReason, reasonToDrop } from "../scoring/notifications/send-check.ts";
import { type Addressee, addressees, type PendingDelivery } from "./batch-contents.ts";
import { lookAgain, type StillSo } from "./overtaken.ts";
import { kindOf } from "./render/kinds.ts";
import { zoneOf } from "./render/windows.ts";

/** Something that is told now, in words. */
export type CheckedItem = {
  readonly delivery: PendingDelivery;
  readonly eventType: string;
  readonly isMustSend: boolean;
  readonly title: string;
  readonly body: string;
  readonly link: string;
  readonly project: { readonly id: string; readonly name: string } | null;
  /** What unsubscribing from it ends, in words. */
  readonly about: string;
};

/** What goes out, and what does not, with its reason. */
export type Checked = {
  readonly items: readonly CheckedItem[];
  readonly dropped: readonly { readonly id: string; readonly reason: DropReason }[];
  readonly people: ReadonlyMap<string, Addressee>;
};

type Told = { readonly event: ToldEvent; readonly type: AnyNotificationType };

/** `otherZone`: where users live who named no zone. */
type Circumstances = { readonly now: Date; readonly otherZone: string };

/** Looks once more at whether these may be told to these people, with the facts of now, a constant number of statements for all. */
export async function checkDeliveries(
  tx: Tx,
  deliveries: readonly PendingDelivery[],
  { now, otherZone }: Circumstances,
): Promise<Checked> {
  const userIds = [...new Set(deliveries.map(({ userId }) => userId))];
  const eventIds = [...new Set(deliveries.map(({ eventId }) => eventId))];
  const { told } = await readEvents(tx, await loadEvents(tx, eventIds));
  const toldById = new Map<string, Told>(told.map((one) => [one.event.id, one]));
  const people = await addressees(tx, userIds);
  const preferences = await readPreferences(tx, userIds, [...new Set(told.map(({ event }) => event.type))]);
  const known = deliveries.flatMap((delivery) => {
    const one = toldById.get(delivery.eventId);
    return one === undefined ? [] : [{ delivery, ...one }];
  });
  const allowed = await allowedDeliveries(tx, known);
  const nudges = known.filter(({ type }) => type.nudge !== undefined);
  const stillSo = await lookAgain(
    tx,
    nudges.map(({ delivery, event }) => ({ deliveryId: delivery.id, userId: delivery.userId, event })),
  );

  const items: CheckedItem[] = [];
  const dropped: { id: string; reason: DropReason }[] = [];
  for (const delivery of deliveries) {
    const one = toldById.get(delivery.eventId);
    const person = people.get(delivery.userId);
    if (one === undefined || person === undefined) {
      dropped.push({ id: delivery.id, reason: one === undefined ? "unreadable" : "no-address" });
      continue;
    }
    const facts = factsOf(delivery, one, person, {
      mayAccess: allowed.has(delivery.id),
      preferences: preferences.get(delivery.userId) ?? [],
      stillSo,
    });
    const reason = reasonToDrop(facts);
    if (reason !== null) dropped.push({ id: delivery.id, reason });
    else
      items.push(
        itemOf(delivery, { ...one, event: stillSo.get(delivery.id) ?? one.event }, person, {
          now,
          otherZone,
        }),
      );
  }
  return { items, dropped, people };
}

function factsOf(
  delivery: PendingDelivery,
  { event, type }: Told,
  person: Addressee,
  looked: { mayAccess: boolean; preferences: readonly Preference[]; stillSo: StillSo },
) {
  return {
    channel: "email",
    eventType: event.type,
    projectId: event.projectId,
    threadId: event.threadId,
    mayAccess: looked.mayAccess,
    hasAddress: person.email !== "",
    isSuppressed: person.isSuppressed,
    isMustSend: type.isMustSend === true,
    preferences: looked.preferences,
    isUnsubscribed: person.isUnsubscribed,
    frequency: person.frequency ?? "immediate",
    isRead: delivery.isRead,
    isOvertaken: looked.stillSo.get(delivery.id) === null,
  } as const;
}

function itemOf(
  delivery: PendingDelivery,
  { event, type }: Told,
  person: Addressee,
  { now, otherZone }: Circumstances,
): CheckedItem {
  const text = type.text(event, { userId: person.userId, timeZone: zoneOf(person.timeZone, otherZone), now });
  const { project } = event.names;
  return {
    delivery,
    eventType: event.type,
    isMustSend: type.isMustSend === true,
    ...text,
    project: event.projectId !== null && project !== null ? { id: event.projectId, name: project } : null,
    about: kindOf(event.type).about,
  };
}

/** Whose access still stands: a statement for each type. */
async function allowedDeliveries(
  tx: Tx,
  known: readonly (Told & { readonly delivery: PendingDelivery })[],
): Promise<Set<string>> {
  const allowed = new Set<string>();
  for (const [type, ofType] of groupBy(known, ({ type }) => type)) {
    const questions = ofType.map(
      ({ delivery, event }): AccessQuestion => ({ event, userId: delivery.userId }),
    );
    const may = await whoMayAccess(tx, type, questions);
    for (const [index, question] of questions.entries()) {
      const asked = ofType[index];
      if (asked && may.has(question)) allowed.add(asked.delivery.id);
    }
  }
  return allowed;
}
