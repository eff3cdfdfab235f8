import { type SQL, sql } from "drizzle-orm";
import { array } from "../db/statement.ts";
import { NOTIFICATION_TYPES } from "./index.ts";

/** The types of events that are nudges. */
export const NUDGE_TYPES = NOTIFICATION_TYPES.filter(({ nudge }) => nudge !== undefined).map(
  ({ event }) => event.type,
);

/** True for a delivery or event, by its column, that is a nudge. */
export const isNudge = (eventType: SQL): SQL => sql`${eventType} = any(${array(NUDGE_TYPES)}::text[])`;

/**
 * Nudge e-mails of a user, as a select of (today, week) to be joined laterally: those that go out alone, and digests of nothing but
 * nudges. `zone` says where the user's day begins; the week is that day and the six before it.
 */
export const nudgeCounts = (userId: SQL, zone: SQL, now: Date): SQL => sql`
  select count(*) filter (where e.at >= l.midnight at time zone ${zone})::int as today, count(e.at)::int as week
  from (select date_trunc('day', ${now}::timestamptz at time zone ${zone}) as midnight) l
  left join lateral (
    select d.decided_at as at from deliveries d
    where d.user_id = ${userId} and d.channel = 'email' and d.decision in ('now', 'deferred') and ${isNudge(sql`d.event_type`)}
      and d.decided_at >= (l.midnight - interval '6 days') at time zone ${zone}
    union all
    select g.created_at from email_digests g
    where g.user_id = ${userId} and g.created_at >= (l.midnight - interval '6 days') at time zone ${zone}
      and (select bool_and(${isNudge(sql`i.event_type`)}) from deliveries i where i.digest_id = g.id)) e on true`;
