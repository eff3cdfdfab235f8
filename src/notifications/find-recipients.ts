import type { Tx } from "../db/transaction.ts";
import { groupBy } from "../group-by.ts";
import { isTimeZone } from "../scoring/local-time.ts";
import type { NudgeKind } from "../scoring/notifications/nudge-cap.ts";
import type { Notifiable } from "./notification-type.ts";
import { type RecipientRow, readRecipients } from "./read-recipients.ts";

/** A recipient of an event, before anything is decided. */
export type EventRecipient = Notifiable & {
  readonly recipient: RecipientRow;
  readonly timeZone: string;
};

type Options = {
  /** The zone of users whose own is missing or unknown. */
  readonly defaultZone: string;
  readonly nudgePriority: readonly NudgeKind[];
};

/**
 * Finds the recipients of events, in the order in which their e-mails are decided: by event, so that the
 * hourly limit lets the first ones through; nudges last, by priority, so that the cap lets the most important
 * one through. One statement per type.
 */
export async function findRecipients(
  tx: Tx,
  events: readonly Notifiable[],
  { defaultZone, nudgePriority }: Options,
): Promise<EventRecipient[]> {
  const found: EventRecipient[] = [];
  for (const [type, ofType] of groupBy(events, ({ type }) => type)) {
    const byId = new Map(ofType.map(({ event }) => [event.id, event]));
    for (const recipient of await readRecipients(tx, type, [...byId.values()])) {
      const event = byId.get(recipient.eventId);
      if (event) found.push({ event, type, recipient, timeZone: zoneFor(recipient.timeZone, defaultZone) });
    }
  }
  return found.sort(inDecidingOrder(nudgePriority));
}

const zoneFor = (timeZone: string | null, defaultZone: string): string =>
  timeZone !== null && isTimeZone(timeZone) ? timeZone : defaultZone;

const inDecidingOrder = (priority: readonly NudgeKind[]) => (a: EventRecipient, b: EventRecipient) =>
  nudgeRank(a.type.nudge, priority) - nudgeRank(b.type.nudge, priority) ||
  compareIds(a.event.id, b.event.id) ||
  compareIds(a.recipient.userId, b.recipient.userId);

function nudgeRank(kind: NudgeKind | undefined, priority: readonly NudgeKind[]): number {
  if (kind === undefined) return -1;
  return priority.includes(kind) ? priority.indexOf(kind) : priority.length;
}

const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
