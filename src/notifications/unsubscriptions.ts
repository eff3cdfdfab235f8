import { type SQL, sql } from "drizzle-orm";
import { array } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/** Stands for all e-mail but must-send. */
export const ALL_EMAIL = "*";

// Unsubscriptions are in two places: those that the user made here, and those in the settings that the host
// writes. Either stops an e-mail. The host can undo only its own.

/** SQL: the event types that `u` unsubscribed from, and `*`, where `s` has the settings of the user. */
export const unsubscribedTypes = sql`(
  coalesce(s.unsubscribed_types, '{}') || case when s.unsubscribed_at is not null then array[${ALL_EMAIL}] else '{}' end
  || array(select x.event_type from unsubscriptions x where x.user_id = u.id))`;

/** SQL: whether `u` unsubscribed from an event type. */
export const isUnsubscribed = (eventType: string): SQL => sql`(
  coalesce(s.unsubscribed_at is not null or ${eventType} = any(s.unsubscribed_types), false)
  or exists (select 1 from unsubscriptions x where x.user_id = u.id and x.event_type in (${ALL_EMAIL}, ${eventType})))`;

/** Unsubscribes a user from e-mail of some types, or (`*`) from all but must-send. The first time counts. */
export async function addUnsubscriptions(
  tx: Tx,
  userId: string,
  eventTypes: readonly string[],
  now: Date,
): Promise<void> {
  await tx.execute(
    sql`insert into unsubscriptions (user_id, event_type, created_at)
        select ${userId}, t.event_type, ${now}::timestamptz from unnest(${array(eventTypes)}::text[]) as t(event_type)
        on conflict do nothing`,
  );
}

/** Undoes unsubscriptions from types, or (`*`) that from all e-mail, except for those that are kept. */
export async function removeUnsubscriptions(
  tx: Tx,
  userId: string,
  { types, kept }: { readonly types: "all" | "single"; readonly kept: readonly string[] },
): Promise<void> {
  await tx.execute(
    sql`delete from unsubscriptions
        where user_id = ${userId} and (event_type = ${ALL_EMAIL}) = ${types === "all"}
          and event_type <> all(${array(kept)}::text[])`,
  );
}
