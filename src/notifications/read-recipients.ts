import { type SQL, sql } from "drizzle-orm";
import { MAX_ID } from "../db/id-ranges.ts";
import type { userNotificationSettings } from "../db/schema/notifications.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { StaleReason } from "../scoring/notifications/notify-decision.ts";
import type { Preference } from "../scoring/notifications/preference.ts";
import { ACCESS } from "./access.ts";
import { tagIn } from "./language-tag.ts";
import type { AnyNotificationType, NotificationEvent } from "./notification-type.ts";
import { hashOfAddress } from "./recipients.ts";
import { isUnsubscribed } from "./unsubscriptions.ts";

/** Recipients of one event with the same facts, so that one decision applies to all of them. */
export type RecipientGroup = {
  eventId: string;
  userIds: string[];
  isActor: boolean;
  mayAccess: boolean;
  hasAddress: boolean;
  /** Always false for events that are never mailed. */
  isSuppressed: boolean;
  timeZone: string | null;
  language: string | null;
  frequency: (typeof userNotificationSettings.$inferSelect)["frequency"] | null;
  quietFrom: number | null;
  quietTo: number | null;
  /** Always false for events that are never mailed. */
  isUnsubscribed: boolean;
  isMentioned: boolean;
  staleReason: StaleReason | null;
  /** Those that apply to the event. */
  preferences: Preference[];
};

/** Users with ids in (after, through]; null: no bound. */
export type UserRange = { readonly after: string | null; readonly through: string | null };

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

/** Whether the event mentions the user, over `r` (event_id, user_id). */
function isMentioned(type: AnyNotificationType, events: readonly NotificationEvent[]): SQL {
  const mentions = events.flatMap((event) =>
    (type.mentions?.(event) ?? []).map((userId) => ({ eventId: event.id, userId })),
  );
  if (mentions.length === 0) return sql`false`;
  return sql`exists (
    select 1 from unnest(${array(mentions.map(({ eventId }) => eventId))}::bigint[], ${array(mentions.map(({ userId }) => userId))}::bigint[])
      as m(event_id, user_id) where m.event_id = r.event_id and m.user_id = r.user_id)`;
}

/**
 * The facts about a recipient `u` of an event `e`, beside those of RecipientGroup that SQL only groups by.
 */
const factsOf = (type: AnyNotificationType, events: readonly NotificationEvent[], now: Date): SQL => sql`
  select e.event_id as "eventId", u.id, coalesce(u.id = e.actor_id, false) as "isActor", ${ACCESS[type.access]} as "mayAccess", coalesce(u.email, '') <> '' as "hasAddress",
         ${type.email === null ? sql`false` : sql`exists (select 1 from email_suppressions x where x.address_hash = ${hashOfAddress(sql`u.email`)})`} as "isSuppressed",
         u.time_zone as "timeZone", ${tagIn("u.language")} as language, s.frequency, s.quiet_from as "quietFrom", s.quiet_to as "quietTo",
         ${type.email === null ? sql`false` : isUnsubscribed(type.event.type)} as "isUnsubscribed",
         ${isMentioned(type, events)} as "isMentioned", ${type.staleReason ?? sql`null::text`} as "staleReason",
         (select coalesce(jsonb_agg(jsonb_build_object('scopeType', f.scope_type, 'scopeId', f.scope_id::text, 'eventType', f.event_type,
                                              'channel', f.channel, 'status', f.status) order by f.scope_type, f.event_type, f.channel), '[]')
          from notification_preferences f
          where f.user_id = u.id and f.event_type in ('*', ${type.event.type})
            and (f.scope_type = 'global' or (f.scope_type = 'project' and f.scope_id = e.project_id)
                 or (f.scope_type = 'thread' and f.scope_id = e.thread_id))) as preferences
  from r join e on e.event_id = r.event_id join users u on u.id = r.user_id and num_nonnulls(u.erased_at, u.deactivated_at) < 1
  left join user_notification_settings s on s.user_id = u.id
  cross join (select ${now}::timestamptz as now) c`;

/** A left join without recipients is a row without an event. */
type FoundRow = { readonly found: number } & (RecipientGroup | { readonly eventId: null });

/**
 * Reads the recipients of events of one type, in one statement. Deleted, erased and deactivated users are
 * left out.
 *
 * @param options.limit if there are more recipients, duplicates included, none is read.
 * @returns the groups, and how many recipients were found, at most one more than the limit.
 */
export async function readRecipients(
  db: Queryable,
  type: AnyNotificationType,
  events: readonly NotificationEvent[],
  { limit, now }: { readonly limit: number; readonly now: Date },
): Promise<{ readonly groups: readonly RecipientGroup[]; readonly found: number }> {
  const read = await rows<FoundRow>(
    db,
    sql`with e as materialized (${eventsAsTable(events)}),
             found as materialized (select event_id, user_id from (${type.recipients}) recipient limit ${limit + 1}),
             r as materialized (select distinct event_id, user_id from found where (select count(*) from found) <= ${limit})
        select c.found, g.* from (select count(*)::int as found from found) c left join (${grouped(factsOf(type, events, now))}) g on true`,
  );
  return { groups: groupsOf(read), found: read[0]?.found ?? 0 };
}

/**
 * Reads the recipients of one event in a range of users, in one statement. Recipients with an earlier
 * decision are left out. The `limit 1` makes that an index lookup for each of them: a join with a table that
 * was empty a moment ago may compare all pairs.
 */
export async function readRecipientsInRange(
  db: Queryable,
  type: AnyNotificationType,
  event: NotificationEvent,
  range: UserRange,
  now: Date,
): Promise<readonly RecipientGroup[]> {
  const read = await rows<FoundRow>(
    db,
    sql`with e as materialized (${eventsAsTable([event])}),
             r as materialized (
               select distinct event_id, user_id from (${type.recipients}) recipient
               where ${isInRange(range)}
                 and (select true from deliveries d where d.event_id = recipient.event_id and d.user_id = recipient.user_id limit 1) is null)
        select 0 as found, g.* from (${grouped(factsOf(type, [event], now))}) g`,
  );
  return groupsOf(read);
}

const isInRange = ({ after, through }: UserRange): SQL => sql`
  recipient.user_id > ${after ?? "-1"}::bigint and recipient.user_id <= ${through ?? MAX_ID}::bigint`;

/** Divides the recipients of an event into ranges of at most `size`. Together they cover all ids. */
export async function cutRecipients(
  db: Queryable,
  type: AnyNotificationType,
  event: NotificationEvent,
  size: number,
): Promise<UserRange[]> {
  const bounds = await rows<{ id: string }>(
    db,
    sql`with e as materialized (${eventsAsTable([event])})
        select distinct user_id as id from (
          select user_id, row_number() over (order by user_id) as n from (${type.recipients}) recipient) numbered
        where n % ${size} = 0 order by user_id`,
  );
  const ids = bounds.map(({ id }) => id);
  return [...ids, null].map((through, index) => ({ after: ids[index - 1] ?? null, through }));
}

const grouped = (facts: SQL): SQL => sql`
  select "eventId", array_agg(id::text order by id) as "userIds", "isActor", "mayAccess", "hasAddress", "isSuppressed", "timeZone", language, frequency, "quietFrom",
         "quietTo", "isUnsubscribed", "isMentioned", "staleReason", preferences
  from (${facts}) f
  group by "eventId", "isActor", "mayAccess", "hasAddress", "isSuppressed", "timeZone", language, frequency, "quietFrom", "quietTo", "isUnsubscribed",
           "isMentioned", "staleReason", preferences`;

/** The rows themselves: a copy of each of 6,000 held the event loop for 30 ms. */
const groupsOf = (read: readonly FoundRow[]): RecipientGroup[] => read.filter((row) => row.eventId !== null);

/** A recipient whose access may have changed since the delivery was decided. */
export type AccessQuestion = { readonly event: NotificationEvent; readonly userId: string };

/** Which of these recipients still have access, in one statement. Checked again before an e-mail is sent. */
export async function whoMayAccess<Question extends AccessQuestion>(
  db: Queryable,
  type: AnyNotificationType,
  questions: readonly Question[],
): Promise<Set<Question>> {
  const found = await rows<{ eventId: string; userId: string }>(
    db,
    sql`with e as materialized (${eventsAsTable([...new Set(questions.map(({ event }) => event))])})
        select e.event_id as "eventId", u.id as "userId"
        from jsonb_to_recordset(${JSON.stringify(questions.map(({ event, userId }) => ({ event_id: event.id, user_id: userId })))}::jsonb)
          as r(event_id bigint, user_id bigint)
        join e on e.event_id = r.event_id join users u on u.id = r.user_id and u.deactivated_at is null
        where ${ACCESS[type.access]}`,
  );
  const allowed = new Set(found.map(({ eventId, userId }) => `${eventId}:${userId}`));
  return new Set(questions.filter(({ event, userId }) => allowed.has(`${event.id}:${userId}`)));
}
