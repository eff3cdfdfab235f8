import { type SQL, sql } from "drizzle-orm";
import { lockKey } from "../db/schema-keys.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { PendingEmail } from "./mailing-contents.ts";

/** Moves deliveries that were to be sent, alone or in a digest, into the next hourly digest of their user. */
export async function joinDigest(
  tx: Tx,
  deliveryIds: readonly string[],
  reason: "quiet-hours" | "throttle",
): Promise<void> {
  if (deliveryIds.length === 0) return;
  await tx.execute(
    sql`update deliveries set decision = 'digested', cadence = 'hourly', reason = ${reason}, not_before = null,
               digest_id = null
        where id = any(${array(deliveryIds)}::bigint[]) and status = 'pending'`,
  );
}

/** The limit of e-mails that are sent alone, per user and hour. */
type HourlyLimit = { readonly perHour: number; readonly now: Date };

/** Users share this many advisory locks. */
const LOCKS = 256;
const LOCK = sql.raw(lockKey("single-emails-of-users", "l"));

/**
 * Finds the single e-mails among these that are beyond the limit of their users, given what was composed for
 * them in the last hour. Users are locked until the transaction ends, so that two mailings cannot both send
 * the last e-mail of an hour. Must-send e-mails are not counted.
 */
async function beyondLimit(
  tx: Tx,
  emailIds: readonly string[],
  { perHour, now }: HourlyLimit,
): Promise<readonly { readonly emailId: string; readonly deliveryId: string }[]> {
  // In one order, so that two transactions cannot deadlock.
  const locked = await tx.execute(
    sql`select pg_advisory_xact_lock(${LOCK}) from (
          select distinct m.user_id % ${LOCKS} as l from emails m
          where m.id = any(${array(emailIds)}::bigint[]) and m.delivery_id is not null order by l) users`,
  );
  if (locked.rowCount === 0) return [];
  return rows<{ emailId: string; deliveryId: string }>(
    tx,
    sql`with recent as materialized (${composedLately(emailIds, now)}),
        ranked as (
          select m.id, d.id as delivery_id, d.user_id, row_number() over (partition by d.user_id order by d.id) as rank
          from emails m join deliveries d on d.id = m.delivery_id
          where m.id = any(${array(emailIds)}::bigint[]) and d.status = 'pending' and d.reason is distinct from 'must-send')
        select r.id as "emailId", r.delivery_id as "deliveryId" from ranked r left join recent c on c.user_id = r.user_id
        where r.rank + coalesce(c.n, 0) > ${perHour}`,
  );
}

/**
 * The number of other single e-mails that were composed in the last hour and may have been sent, by user.
 * `offset 0` keeps both steps look-ups in an index: with outdated statistics, a join in another order would
 * read the e-mails of everybody.
 */
const composedLately = (emailIds: readonly string[], now: Date): SQL => sql`
  select u.user_id, count(*) as n
  from (select distinct user_id from emails where id = any(${array(emailIds)}::bigint[])) u
  cross join lateral (
    select d.id from deliveries d
    where d.user_id = u.user_id and d.channel = 'email' and d.decision in ('now', 'deferred')
      and d.reason is distinct from 'must-send' and d.decided_at > ${now}::timestamptz - interval '8 days' offset 0) d
  cross join lateral (
    select 1 from emails m
    where m.delivery_id = d.id and m.composed_at > ${now}::timestamptz - interval '1 hour'
      and m.status not in ('none', 'failed') and m.id <> all(${array(emailIds)}::bigint[]) offset 0) m
  group by u.user_id`;

/**
 * Enforces the hourly limit when e-mails are sent, however long they waited for the mail service: those
 * beyond it are not sent, and their deliveries join a digest.
 * @returns the e-mails that are sent.
 */
export async function gatherSurplus(
  tx: Tx,
  pending: readonly PendingEmail[],
  limit: HourlyLimit,
): Promise<readonly PendingEmail[]> {
  if (pending.every(({ deliveryId }) => deliveryId === null)) return pending;
  const surplus = await beyondLimit(
    tx,
    pending.map(({ id }) => id),
    limit,
  );
  if (surplus.length === 0) return pending;
  await joinDigest(
    tx,
    surplus.map(({ deliveryId }) => deliveryId),
    "throttle",
  );
  const ids = surplus.map(({ emailId }) => emailId);
  await tx.execute(
    sql`update emails set status = 'none', reason = 'joined a digest' where id = any(${array(ids)}::bigint[])`,
  );
  return pending.filter(({ id }) => !ids.includes(id));
}

/**
 * Counts e-mails that are sent again as sent now.
 * @returns false if one of them is beyond the limit.
 */
export async function countAgain(tx: Tx, emailIds: readonly string[], limit: HourlyLimit): Promise<boolean> {
  if ((await beyondLimit(tx, emailIds, limit)).length > 0) return false;
  await tx.execute(
    sql`update emails set composed_at = ${limit.now}::timestamptz where id = any(${array(emailIds)}::bigint[])`,
  );
  return true;
}
