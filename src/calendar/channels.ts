import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { Watched } from "../ports/calendar.ts";
import { CHANNEL_POLICY, renewalDue } from "../scoring/calendar/channel-lifetime.ts";

/** Whether the connection has a channel that need not be replaced yet. */
export async function hasFreshChannel(tx: Tx, connectionId: string, now: Date): Promise<boolean> {
  const fresh = await rows(
    tx,
    sql`select 1 from calendar_channels where connection_id = ${connectionId} and state = 'active' and renew_at > ${now}`,
  );
  return fresh.length > 0;
}

/**
 * The channel that is being created for a connection. One that a crash left behind is taken up again under its id: should the
 * provider have it already, it will say so.
 */
export async function beginChannel(tx: Tx, connectionId: string, now: Date): Promise<string> {
  const [begun] = await rows<{ id: string }>(
    tx,
    sql`insert into calendar_channels (id, connection_id, state, created_at)
        values (${randomUUID()}, ${connectionId}, 'creating', ${now})
        on conflict (connection_id) where state = 'creating' do update set state = excluded.state
        returning id`,
  );
  if (!begun) throw new Error(`No channel was begun for the connection ${connectionId}.`);
  return begun.id;
}

/**
 * The provider has opened the channel. From now on it is the one, and those before it are to be stopped: in one transaction, so
 * that there is no moment without one. A connection that is not active any more wants none: then the new one is to be stopped.
 *
 * @returns the channels that are to be stopped.
 */
export async function activateChannel(
  tx: Tx,
  channel: { readonly id: string; readonly connectionId: string; readonly wanted: boolean },
  watched: Extract<Watched, { kind: "watched" }>,
  now: Date,
): Promise<string[]> {
  const expiresAt = new Date(watched.expiresAt);
  const opened = await tx.execute(
    sql`update calendar_channels
        set state = ${channel.wanted ? "active" : "draining"}, stopped_at = null, resource_id = ${watched.resourceId},
            token_hash = decode(${watched.tokenHash}, 'hex'), expires_at = ${expiresAt}, renew_at = ${renewalDue(now, expiresAt)}
        where id = ${channel.id}`,
  );
  if (!opened.rowCount) return [];
  if (!channel.wanted) return [channel.id];
  const drained = await rows<{ id: string }>(
    tx,
    sql`update calendar_channels set state = 'draining'
        where connection_id = ${channel.connectionId} and state = 'active' and id <> ${channel.id} returning id`,
  );
  return drained.map(({ id }) => id);
}

/**
 * The provider had opened the channel before, and its answer was lost. It works, but without the name of its resource it cannot be
 * stopped: a message that comes over it will tell, or else it ends by itself.
 */
export async function loseChannel(tx: Tx, channelId: string, tokenHash: string, now: Date): Promise<void> {
  await tx.execute(
    sql`update calendar_channels
        set state = 'draining', token_hash = decode(${tokenHash}, 'hex'), expires_at = ${new Date(now.getTime() + CHANNEL_POLICY.lifetimeMs)}
        where id = ${channelId} and state = 'creating'`,
  );
}

/** A channel that is to be stopped, and whose it is. */
export type Draining = { connectionId: string; resourceId: string | null };

export async function findDraining(tx: Tx, channelId: string): Promise<Draining | undefined> {
  const [channel] = await rows<Draining>(
    tx,
    sql`select connection_id as "connectionId", resource_id as "resourceId"
        from calendar_channels where id = ${channelId} and state = 'draining'`,
  );
  return channel;
}

export async function markStopped(tx: Tx, channelId: string, now: Date): Promise<void> {
  await tx.execute(
    sql`update calendar_channels set state = 'stopped', stopped_at = ${now} where id = ${channelId} and state = 'draining'`,
  );
}

/** Once nothing of a disconnected connection is left that could be stopped, its tokens have no use. */
export async function deleteUnusedTokens(tx: Tx, connectionId: string): Promise<void> {
  await tx.execute(
    sql`update calendar_connections c set refresh_token = null, access_token = null, access_expires_at = null
        where c.id = ${connectionId} and c.status = 'disconnected'
          and not exists (select 1 from calendar_channels ch
                          where ch.connection_id = c.id and ch.state <> 'stopped'
                            and (ch.resource_id is not null or ch.state = 'creating'))`,
  );
}
