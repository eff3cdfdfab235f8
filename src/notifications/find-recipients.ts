import type { Tx } from "../db/transaction.ts";
import { groupBy } from "../group-by.ts";
import type { AnyNotificationType, Notifiable } from "./notification-type.ts";
import {
  type RecipientGroup,
  readRecipients,
  readRecipientsInRange,
  type UserRange,
} from "./read-recipients.ts";

/** Recipients of an event with equal facts, before anything is decided. */
export type EventRecipients = Notifiable & { readonly group: RecipientGroup };

/** The recipients of the events that one transaction handles, and the events that it does not. */
export type FoundRecipients = {
  readonly recipients: readonly EventRecipients[];
  /** Ids of events with more recipients than a transaction can handle. */
  readonly large: readonly string[];
  /** Ids of events for which there was no room. */
  readonly postponed: readonly string[];
};

/**
 * Finds the recipients of events, at most `limit` together: the first event is taken, or too large for any
 * transaction. One statement per type, as long as there is room.
 */
export async function findRecipients(
  tx: Tx,
  events: readonly Notifiable[],
  { limit, now }: { readonly limit: number; readonly now: Date },
): Promise<FoundRecipients> {
  const recipients: EventRecipients[] = [];
  const large: string[] = [];
  const postponed: string[] = [];
  let room = limit;
  for (const [type, ofType] of groupBy(events, ({ type }) => type)) {
    const fitting = await firstFitting(tx, type, ofType, { limit: room, now });
    const rest = ofType.slice(fitting.events);
    const [next] = rest;
    if (fitting.events === 0 && room === limit && next) {
      large.push(next.event.id);
      rest.shift();
    }
    postponed.push(...rest.map(({ event }) => event.id));
    recipients.push(...pairUp(ofType, fitting.groups));
    room -= fitting.found;
  }
  return { recipients, large, postponed };
}

/** Finds the recipients of one event in a range of users, except those for whom it was decided before. */
export async function findRecipientsInRange(
  tx: Tx,
  one: Notifiable,
  range: UserRange,
  now: Date,
): Promise<readonly EventRecipients[]> {
  return pairUp([one], await readRecipientsInRange(tx, one.type, one.event, range, now));
}

type Fitting = {
  readonly events: number;
  readonly groups: readonly RecipientGroup[];
  readonly found: number;
};

/** Halves the events until their recipients fit. */
async function firstFitting(
  tx: Tx,
  type: AnyNotificationType,
  events: readonly Notifiable[],
  room: { readonly limit: number; readonly now: Date },
): Promise<Fitting> {
  for (let size = events.length; size > 0; size = Math.floor(size / 2)) {
    const tried = events.slice(0, size).map(({ event }) => event);
    const { groups, found } = await readRecipients(tx, type, tried, room);
    if (found <= room.limit) return { events: size, groups, found };
  }
  return { events: 0, groups: [], found: 0 };
}

function pairUp(events: readonly Notifiable[], groups: readonly RecipientGroup[]): EventRecipients[] {
  const byId = new Map(events.map((one) => [one.event.id, one]));
  return groups.flatMap((group) => {
    const one = byId.get(group.eventId);
    return one === undefined ? [] : [{ type: one.type, event: one.event, group }];
  });
}
