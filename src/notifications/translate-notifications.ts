import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";
import { groupBy } from "../group-by.ts";
import { knownLanguage } from "../languages/choose-language.ts";
import { ENGLISH, type Language } from "../languages/language.ts";
import { tagIn } from "./language-tag.ts";
import type { UserNotification } from "./notification-list.ts";
import type { Notifiable } from "./notification-type.ts";
import { loadEvents, readEvents } from "./read-events.ts";
import { whoMayAccess } from "./read-recipients.ts";
import { userZone, type ZoneContext } from "./user-zone.ts";
import { writeText } from "./write-text.ts";

/** A notification whose text can be written again. */
type Readable = Notifiable & {
  readonly notification: UserNotification;
  readonly userId: string;
  readonly timeZone: string;
};

/**
 * Writes notifications in the language of a request, for users whose own language is not known: they were
 * written in English. A notification keeps its text if its event or a subject of the event is gone, or if the
 * user no longer has access: names may have changed since. A few statements, whatever the number of
 * notifications.
 */
export async function translateNotifications(
  db: Queryable,
  notifications: readonly UserNotification[],
  language: Language,
  zones: ZoneContext,
): Promise<readonly UserNotification[]> {
  if (language === ENGLISH || notifications.length === 0) return notifications;
  const readable = await readReadable(db, notifications, zones);
  const translated = new Map(
    readable.map(({ notification, type, event, timeZone }) => {
      const isMentioned = type.mentions?.(event).includes(notification.userId) ?? false;
      const reader = { language, timeZone, isMentioned, now: new Date(notification.createdAt) };
      const { title, body } = writeText(type, event, reader, { count: notification.count });
      return [notification.id, { ...notification, title, body }];
    }),
  );
  return notifications.map((notification) => translated.get(notification.id) ?? notification);
}

async function readReadable(
  db: Queryable,
  notifications: readonly UserNotification[],
  zones: ZoneContext,
): Promise<Readable[]> {
  const timeZones = await zonesOfUsersWithoutLanguage(db, notifications, zones);
  const ofUsers = notifications.filter(({ userId }) => timeZones.has(userId));
  const eventIds = [...new Set(ofUsers.map(({ eventId }) => eventId))];
  if (eventIds.length === 0) return [];
  const { notifiable } = await readEvents(db, await loadEvents(db, eventIds));
  const byId = new Map(notifiable.filter(isWhole).map((one) => [one.event.id, one]));
  const readable = ofUsers.flatMap((notification): Readable[] => {
    const one = byId.get(notification.eventId);
    const timeZone = timeZones.get(notification.userId);
    if (one === undefined || timeZone === undefined) return [];
    return [{ ...one, notification, userId: notification.userId, timeZone }];
  });
  return accessible(db, readable);
}

async function zonesOfUsersWithoutLanguage(
  db: Queryable,
  notifications: readonly UserNotification[],
  zones: ZoneContext,
): Promise<Map<string, string>> {
  const userIds = [...new Set(notifications.map(({ userId }) => userId))];
  const users = await rows<{ id: string; timeZone: string | null; language: string | null }>(
    db,
    sql`select u.id, u.time_zone as "timeZone", ${tagIn("u.language")} as language
        from users u where u.id = any(${array(userIds)}::bigint[])`,
  );
  return new Map(
    users
      .filter(({ language }) => knownLanguage(language) === null)
      .map(({ id, timeZone }) => [id, userZone(timeZone, zones)]),
  );
}

/** Whether every subject of an event still exists. */
function isWhole({ event, type }: Notifiable): boolean {
  const { actorId, projectId, resourceId, threadId, meetingId, names } = event;
  const { messageId, organizationId, userId } = type.references?.(event.payload) ?? {};
  const subjects: readonly (readonly [id: string | null | undefined, name: string | null])[] = [
    [actorId, names.actor],
    [projectId, names.project],
    [resourceId, names.resource],
    [threadId, names.thread],
    [meetingId, names.meeting],
    [messageId, names.message],
    [organizationId, names.organization],
    [userId, names.other],
  ];
  return subjects.every(([id, name]) => id === null || id === undefined || name !== null);
}

/** Those whose users still have access. One statement for each type. */
async function accessible(db: Queryable, readable: readonly Readable[]): Promise<Readable[]> {
  const allowed: Readable[] = [];
  for (const [type, ofType] of groupBy(readable, (one) => one.type))
    allowed.push(...(await whoMayAccess(db, type, ofType)));
  return allowed;
}
