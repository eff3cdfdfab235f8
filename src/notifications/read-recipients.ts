import { sql } from "drizzle-orm";
import type { userNotificationSettings } from "../db/schema/notifications.ts";
import { type Queryable, rows } from "../db/statement.ts";
import { ACCESS } from "./access.ts";
import type { AnyNotificationType, NotificationEvent } from "./notification-type.ts";

/** A recipient of an event, with the facts that decide what they get. */
export type RecipientRow = {
  eventId: string;
  userId: string;
  mayAccess: boolean;
  hasAddress: boolean;
  timeZone: string | null;
  frequency: (typeof userNotificationSettings.$inferSelect)["frequency"] | null;
  quietFrom: number | null;
  quietTo: number | null;
  isUnsubscribed: boolean;
};

/**
 * The events of one type as `e`: event_id, actor_id, project_id, resource_id, thread_id, meeting_id, payload.
 * The payload is the parsed one, so its ids cast to bigint.
 */
const eventsAsTable = (events: readonly NotificationEvent[]) => sql`
  select * from jsonb_to_recordset(${JSON.stringify(
    events.map((event) => ({
      event_id: event.id,
      actor_id: event.actorId,
      project_id: event.projectId,
      resource_id: event.resourceId,
      thread_id: event.threadId,
      meeting_id: event.meetingId,
      payload: event.payload,
    })),
  )}::jsonb) as e(event_id bigint, actor_id bigint, project_id bigint, resource_id bigint, thread_id bigint,
                  meeting_id bigint, payload jsonb)`;

/** Reads the recipients of events of one type, in one statement. Deleted and erased users are left out. */
export const readRecipients = (
  db: Queryable,
  type: AnyNotificationType,
  events: readonly NotificationEvent[],
): Promise<RecipientRow[]> =>
  rows<RecipientRow>(
    db,
    sql`with e as materialized (${eventsAsTable(events)}),
             r as materialized (select distinct event_id, user_id from (${type.recipients}) recipient)
        select e.event_id as "eventId", u.id as "userId", ${ACCESS[type.access]} as "mayAccess",
               coalesce(u.email, '') <> '' as "hasAddress", u.time_zone as "timeZone", s.frequency,
               s.quiet_from as "quietFrom", s.quiet_to as "quietTo",
               coalesce(s.unsubscribed_at is not null or ${type.event.type} = any(s.unsubscribed_types), false) as "isUnsubscribed"
        from r join e on e.event_id = r.event_id join users u on u.id = r.user_id and u.erased_at is null
        left join user_notification_settings s on s.user_id = u.id
        order by e.event_id, u.id`,
  );

/** A recipient whose access may have changed since the delivery was decided. */
export type AccessQuestion = { readonly event: NotificationEvent; readonly userId: string };

/** Which of these recipients still have access, in one statement. Checked again before an e-mail is sent. */
export async function whoMayAccess(
  db: Queryable,
  type: AnyNotificationType,
  questions: readonly AccessQuestion[],
): Promise<Set<AccessQuestion>> {
  const found = await rows<{ eventId: string; userId: string }>(
    db,
    sql`with e as materialized (${eventsAsTable([...new Set(questions.map(({ event }) => event))])})
        select e.event_id as "eventId", u.id as "userId"
        from jsonb_to_recordset(${JSON.stringify(questions.map(({ event, userId }) => ({ event_id: event.id, user_id: userId })))}::jsonb)
          as r(event_id bigint, user_id bigint)
        join e on e.event_id = r.event_id join users u on u.id = r.user_id
        where ${ACCESS[type.access]}`,
  );
  const allowed = new Set(found.map(({ eventId, userId }) => `${eventId}:${userId}`));
  return new Set(questions.filter(({ event, userId }) => allowed.has(`${event.id}:${userId}`)));
}
