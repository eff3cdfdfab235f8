import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { Watched } from "../ports/calendar.ts";
import { CHANNEL_POLICY, renewalDue } from "../scoring/calendar/channel-lifetime.ts";

/** Whether the connection has a channel that is not due for renewal. */
export async function hasFreshChannel(tx: Tx, connectionId: string, now: Date): Promise<boolean> {
  const fresh = await rows(
    tx,
    sql`select 1 from calendar_channels where connection_id = ${connectionId} and state = 'active' and renew_at > ${now}`,
  );
  return fresh.length > 0;
}

/**
 * The channel in state `creating` of a connection, inserted if there is none. One that a crash left behind is
 * used again under its id; if the provider has opened it already, it answers `taken`.
 *
 * @returns the id of the channel.
 */
export async function beginChannel(tx: Tx, connectionId: string, now: Date): Promise<string> {
  const [begun] = await rows<{ id: string }>(
    tx,
    sql`insert into calendar_channels (id, connection_id, state, created_at)
        values (${randomUUID()}, ${connectionId}, 'creating', ${now})
        on conflict (connection_id) where state = 'creating' do update set state = excluded.state
        returning id`,
  );
  if (!begun) throw new Error(`could not create a channel for connection ${connectionId}`);
  return begun.id;
}

/**
 * Marks a channel that the provider has opened as active and the connection's previous ones as draining, in
 * one transaction, so that the connection always has a channel. If the connection is no longer active, the
 * new channel is marked as draining instead.
 *
 * @returns the channels to stop.
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
 * Gives up a channel that the provider opened in an earlier call whose answer was lost. It works, but it
 * cannot be stopped without its resource id. The first push message over it supplies the id; otherwise it
 * expires.
 */
export async function abandonChannel(tx: Tx, channelId: string, tokenHash: string, now: Date): Promise<void> {
  await tx.execute(
    sql`update calendar_channels
        set state = 'draining', token_hash = decode(${tokenHash}, 'hex'), expires_at = ${new Date(now.getTime() + CHANNEL_POLICY.lifetimeMs)}
        where id = ${channelId} and state = 'creating'`,
  );
}

/** A channel to stop. The resource id is null while unknown. */
export type DrainingChannel = { connectionId: string; resourceId: string | null };

export async function findDraining(tx: Tx, channelId: string): Promise<DrainingChannel | undefined> {
  const [channel] = await rows<DrainingChannel>(
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

/** Deletes the tokens of a disconnected connection once no channel is left that they could stop. */
export async function deleteUnusedTokens(tx: Tx, connectionId: string): Promise<void> {
  await tx.execute(
    sql`update calendar_connections c set refresh_token = null, access_token = null, access_expires_at = null
        where c.id = ${connectionId} and c.status = 'disconnected'
          and not exists (select 1 from calendar_channels ch
                          where ch.connection_id = c.id and ch.state <> 'stopped'
                            and (ch.resource_id is not null or ch.state = 'creating'))`,
  );
}
