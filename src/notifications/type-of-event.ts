import { NOTIFICATION_TYPES } from "./index.ts";
import type { AnyNotificationType } from "./notification-type.ts";

const byEventType = new Map(NOTIFICATION_TYPES.map((type) => [type.event.type, type]));

/** The notification type of an event type; undefined if its events notify nobody. */
export const notificationTypeOf = (eventType: string): AnyNotificationType | undefined =>
  byEventType.get(eventType);

/** The event types of nudges. */
export const NUDGE_EVENT_TYPES: readonly string[] = NOTIFICATION_TYPES.filter(
  ({ nudge }) => nudge !== undefined,
).map(({ event }) => event.type);
