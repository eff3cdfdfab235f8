import { type SQL, sql } from "drizzle-orm";
import { array } from "../db/statement.ts";
import { NUDGE_EVENT_TYPES } from "./type-of-event.ts";

/** True if the event type in a column is a nudge. */
export const isNudge = (eventType: SQL): SQL => sql`${eventType} = any(${array(NUDGE_EVENT_TYPES)}::text[])`;

/**
 * Counts the nudge e-mails of a user: those sent alone, and digests that contain nothing but nudges. A select
 * of (today, week) for a lateral join. Days begin at midnight in `zone`; the week is today and the six days
 * before.
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
