import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/** Rows per pass. The hourly pass picks up the rest. */
const MAX_PER_PASS = 20_000;
const KEEP_STOPPED_DAYS = 30;

/** Active connections whose channel is due for renewal, those that expire first in front. */
export async function connectionsToRenew(tx: Tx, now: Date): Promise<string[]> {
  const due = await rows<{ id: string }>(
    tx,
    sql`select c.id from calendar_connections c
        join (select connection_id, min(renew_at) as renew_at from calendar_channels
              where state = 'active' and renew_at <= ${now} group by connection_id) old on old.connection_id = c.id
        where c.status = 'active' and not exists (${freshChannel(now)})
        order by old.renew_at, c.id limit ${MAX_PER_PASS}`,
  );
  return due.map(({ id }) => id);
}

/**
 * Active connections without a channel that is valid for long enough, including those that lost theirs for
 * any reason.
 */
export async function connectionsWithoutFreshChannel(tx: Tx, now: Date): Promise<string[]> {
  const due = await rows<{ id: string }>(
    tx,
    sql`select c.id from calendar_connections c
        where c.status = 'active' and not exists (${freshChannel(now)}) order by c.id limit ${MAX_PER_PASS}`,
  );
  return due.map(({ id }) => id);
}

const freshChannel = (now: Date) =>
  sql`select 1 from calendar_channels ch where ch.connection_id = c.id and ch.state = 'active' and ch.renew_at > ${now}`;

/** Draining channels that can be stopped: not expired, resource known, and a grant to stop them with. */
export async function channelsToStop(tx: Tx, now: Date): Promise<string[]> {
  const draining = await rows<{ id: string }>(
    tx,
    sql`select ch.id from calendar_channels ch join calendar_connections c on c.id = ch.connection_id
        where ch.state = 'draining' and ch.expires_at > ${now} and ch.resource_id is not null
          and c.status <> 'action_required' and c.refresh_token is not null
        order by ch.expires_at, ch.id limit ${MAX_PER_PASS}`,
  );
  return draining.map(({ id }) => id);
}

/**
 * Marks expired channels as stopped, and deletes channels that were stopped 30 days ago and tokens without a
 * use.
 *
 * @returns how many channels had expired and how many were deleted.
 */
export async function cleanUpChannels(tx: Tx, now: Date): Promise<{ expired: number; forgotten: number }> {
  const expired = await tx.execute(
    sql`update calendar_channels ch set state = 'stopped', stopped_at = ${now}
        from calendar_connections c
        where c.id = ch.connection_id
          and (ch.state in ('active', 'draining') and ch.expires_at <= ${now}
               or ch.state = 'creating' and c.status <> 'active' and ch.created_at < ${now}::timestamptz - interval '1 day')`,
  );
  const forgotten = await tx.execute(
    sql`delete from calendar_channels
        where state = 'stopped' and stopped_at < ${now}::timestamptz - ${KEEP_STOPPED_DAYS} * interval '1 day'`,
  );
  await tx.execute(
    sql`update calendar_connections c set refresh_token = null, access_token = null, access_expires_at = null
        where c.status = 'disconnected' and c.refresh_token is not null
          and not exists (select 1 from calendar_channels ch where ch.connection_id = c.id and ch.state <> 'stopped')`,
  );
  return { expired: expired.rowCount ?? 0, forgotten: forgotten.rowCount ?? 0 };
}
