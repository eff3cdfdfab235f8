import { sql } from "drizzle-orm";
import { deleteUnusedTokens } from "../calendar/channels.ts";
import { grantOwner, PROVIDER } from "../calendar/connections.ts";
import { type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { CalendarPort } from "../ports/calendar.ts";
import { enqueue, enqueueMany } from "../queues/enqueue.ts";
import { stopCalendarChannel } from "../workers/notifications/calendar/stop-calendar-channel.ts";
import { syncCalendar } from "../workers/notifications/calendar/sync-calendar.ts";
import { watchCalendar } from "../workers/notifications/calendar/watch-calendar.ts";

export type ConnectRequest = {
  readonly port: Pick<CalendarPort, "sealGrant">;
  readonly userId: string;
  readonly refreshToken: string;
  readonly now: Date;
};

/**
 * Connects a user's calendar with a refresh token, or reconnects it. Enqueues the jobs that open its channel
 * and read its entries; they find out whether the token is valid.
 *
 * @returns the id of the connection.
 */
export async function connectCalendar(tx: Tx, request: ConnectRequest): Promise<string> {
  const { port, userId, refreshToken, now } = request;
  const grant = port.sealGrant(grantOwner(userId), refreshToken);
  const [connection] = await rows<{ id: string }>(
    tx,
    sql`insert into calendar_connections (user_id, provider, refresh_token, created_at, updated_at)
        values (${userId}, ${PROVIDER}, ${grant.refreshToken}, ${now}, ${now})
        on conflict (user_id, provider) do update set
          status = 'active', reason = null, refresh_token = excluded.refresh_token, access_token = null,
          access_expires_at = null, sync_token = null, page_token = null, full_sync_started_at = null,
          full_synced_at = null, grant_number = calendar_connections.grant_number + 1, updated_at = excluded.updated_at
        returning id`,
  );
  if (!connection) throw new Error(`could not connect the calendar of user ${userId}`);
  // A channel of an earlier grant may belong to another account: replace it, and close it if that is still
  // possible.
  await tx.execute(
    sql`update calendar_channels set renew_at = ${now} where connection_id = ${connection.id} and state = 'active'`,
  );
  await enqueue(tx, watchCalendar, { connectionId: connection.id });
  await enqueue(tx, syncCalendar, { connectionId: connection.id });
  return connection.id;
}

/**
 * Disconnects a user's calendar. Enqueues the jobs that close its channels; the last one deletes the tokens.
 *
 * @returns the id of the connection, or null when there was nothing to disconnect.
 */
export async function disconnectCalendar(tx: Tx, userId: string, now: Date): Promise<string | null> {
  const [connection] = await rows<{ id: string }>(
    tx,
    sql`update calendar_connections set status = 'disconnected', reason = 'by request', updated_at = ${now}
        where user_id = ${userId} and provider = ${PROVIDER} and status <> 'disconnected' returning id`,
  );
  if (!connection) return null;
  const open = await rows<{ id: string }>(
    tx,
    sql`update calendar_channels set state = 'draining'
        where connection_id = ${connection.id} and state = 'active' returning id`,
  );
  await enqueueMany(
    tx,
    stopCalendarChannel,
    open.map(({ id }) => ({ channelId: id })),
  );
  await deleteUnusedTokens(tx, connection.id);
  return connection.id;
}

export type ConnectionLine = {
  id: string;
  userId: string;
  provider: string;
  status: string;
  reason: string | null;
  channelUntil: string | null;
  connectedAt: string;
  syncedAt: string | null;
};

const LINE = sql`c.id, c.user_id as "userId", c.provider, c.status, c.reason, c.created_at as "connectedAt", c.synced_at as "syncedAt",
               (select max(ch.expires_at) from calendar_channels ch
                where ch.connection_id = c.id and ch.state = 'active') as "channelUntil"`;

/** Connections, oldest first, with the expiry of their channel. Never their tokens. */
export const listConnections = (on: Queryable, limit: number): Promise<ConnectionLine[]> =>
  rows<ConnectionLine>(on, sql`select ${LINE} from calendar_connections c order by c.id limit ${limit}`);

/** The connection of a user, or null. */
export async function connectionOf(on: Queryable, userId: string): Promise<ConnectionLine | null> {
  const [line] = await rows<ConnectionLine>(
    on,
    sql`select ${LINE} from calendar_connections c where c.user_id = ${userId} and c.provider = ${PROVIDER}`,
  );
  return line ?? null;
}
