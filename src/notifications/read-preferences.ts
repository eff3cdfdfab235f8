import { sql } from "drizzle-orm";
import { lockKey } from "../db/schema-keys.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { groupBy } from "../group-by.ts";
import type { Preference } from "../scoring/notifications/preference.ts";
import { hashOfAddress } from "./address.ts";
import { nudgeCounts } from "./nudges.ts";

/** What a group of users prefers, each their own. One statement for all of them; a fault of it fails the group, and un-mutes nobody. */
export async function readPreferences(
  db: Queryable,
  userIds: readonly string[],
  eventTypes: readonly string[],
): Promise<Map<string, Preference[]>> {
  const found = await rows<Preference & { userId: string }>(
    db,
    sql`select user_id as "userId", scope_type as "scopeType", scope_id as "scopeId", event_type as "eventType", channel, status
        from notification_preferences
        where user_id = any(${array(userIds)}::bigint[]) and event_type = any(${array(["*", ...eventTypes])}::text[])`,
  );
  return groupBy(found, ({ userId }) => userId);
}

/** How a user stands as a reader of e-mail. */
export type EmailStanding = {
  readonly isSuppressed: boolean;
  /** E-mails of the last hour that went out alone or will, those that must be sent apart. */
  readonly letThrough: number;
  readonly nudgesToday: number;
  readonly nudgesThisWeek: number;
};

/** Users share so many locks: one for each could be more than the server holds. */
const LOCKS = 256;
const LOCK = sql.raw(lockKey("email-of-users", "l"));

/**
 * How users stand as readers of e-mail. Whoever decides on another e-mail for one of them waits until this transaction has ended:
 * otherwise two groups would both let the tenth one through.
 */
export async function readEmailStandings(
  tx: Tx,
  users: ReadonlyMap<string, { readonly timeZone: string }>,
  now: Date,
): Promise<Map<string, EmailStanding>> {
  if (users.size === 0) return new Map();
  const ids = [...users.keys()];
  const locks = [...new Set(ids.map((id) => Number(BigInt(id) % BigInt(LOCKS))))].sort((a, b) => a - b);
  await tx.execute(sql`select pg_advisory_xact_lock(${LOCK}) from unnest(${array(locks)}::int[]) as l`);
  const found = await rows<EmailStanding & { userId: string }>(
    tx,
    sql`select u.id as "userId",
          exists (select 1 from email_suppressions x join users a on x.address_hash = ${hashOfAddress(sql`a.email`)}
                  where a.id = u.id) as "isSuppressed",
          (select count(*)::int from deliveries d
           where d.user_id = u.id and d.channel = 'email' and d.decision in ('now', 'deferred')
             and d.reason is distinct from 'must-send' and d.decided_at > ${now}::timestamptz - interval '1 hour') as "letThrough",
          n.today as "nudgesToday", n.week as "nudgesThisWeek"
        from unnest(${array(ids)}::bigint[], ${array([...users.values()].map(({ timeZone }) => timeZone))}::text[]) as u(id, zone)
        cross join lateral (${nudgeCounts(sql`u.id`, sql`u.zone`, now)}) n`,
  );
  return new Map(found.map(({ userId, ...standing }) => [userId, standing]));
}
