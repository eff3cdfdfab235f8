import { type SQL, sql } from "drizzle-orm";
import { array } from "../db/statement.ts";
import type { DigestCadence } from "../scoring/notifications/notify-decision.ts";
import { NUDGE_EVENT_TYPES } from "./type-of-event.ts";

/** True if the event type in a column is a nudge. */
export const isNudge = (eventType: SQL): SQL => sql`${eventType} = any(${array(NUDGE_EVENT_TYPES)}::text[])`;

/**
 * When nudge e-mails of a user were sent or will be, of the last nine days, as a JSON array of instants:
 * nudges sent alone, and digests of nothing but nudges. Deliveries that the check before sending dropped do
 * not count. `countNudges` turns them into the counts of a day and a week.
 */
export const nudgeEmailTimes = (userId: SQL, now: Date): SQL => sql`(
  select coalesce(json_agg(e.at), '[]') from (
    select greatest(d.decided_at, d.not_before) as at from deliveries d
    where d.user_id = ${userId} and d.channel = 'email' and d.decision in ('now', 'deferred') and ${isNudge(sql`d.event_type`)}
      and d.status <> 'none' and d.decided_at > ${now}::timestamptz - interval '9 days'
    union all
    select g.created_at from email_digests g
    where g.user_id = ${userId} and g.created_at > ${now}::timestamptz - interval '9 days'
      and (select bool_and(${isNudge(sql`i.event_type`)}) from deliveries i
           where i.digest_id = g.id and i.status <> 'none')) e)`;

/**
 * The items that wait for the digests of a user, as a JSON array of `WaitingNudges`, one for each cadence.
 */
export const waitingDigests = (userId: SQL): SQL => sql`(
  select coalesce(json_agg(w), '[]') from (
    select cadence, sum(others)::int as others,
           coalesce(json_agg(json_build_object('eventId', event_id::text, 'eventType', event_type))
                      filter (where event_id is not null), '[]') as nudges
    from (
      select d.cadence, d.event_type, count(*) filter (where not ${isNudge(sql`d.event_type`)}) as others,
             min(d.event_id) filter (where ${isNudge(sql`d.event_type`)} and d.reason is distinct from 'nudge-cap') as event_id
      from deliveries d
      where d.user_id = ${userId} and d.channel = 'email' and d.decision = 'digested' and d.digest_id is null
        and d.status = 'pending'
      group by d.cadence, d.event_type) by_type
    group by cadence) w)`;

/**
 * The items that wait for one digest of a user: the oldest nudge of each type that was not held, and how many
 * others.
 */
export type WaitingNudges = {
  readonly cadence: DigestCadence;
  readonly others: number;
  readonly nudges: readonly { readonly eventId: string; readonly eventType: string }[];
};
