import { sql } from "drizzle-orm";
import type { calendarConnections } from "../db/schema/calendar.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { calendarActionRequired } from "../events/calendar.ts";
import { emit } from "../events/event.ts";
import type { FreshTokens, Grant, RefusalReason } from "../ports/calendar.ts";

/** The only provider. */
export const PROVIDER = "google" satisfies (typeof calendarConnections.$inferSelect)["provider"];

/** A connection as a job reads it before a call. */
export type Connection = {
  id: string;
  userId: string;
  calendarId: string;
  status: (typeof calendarConnections.$inferSelect)["status"];
  grantNumber: number;
  refreshToken: string | null;
  accessToken: string | null;
  accessExpiresAt: string | null;
};

/** The columns of a `Connection`. */
export const CONNECTION_COLUMNS = sql`id, user_id as "userId", calendar_id as "calendarId", status, grant_number as "grantNumber",
  refresh_token as "refreshToken", access_token as "accessToken", access_expires_at as "accessExpiresAt"`;

/**
 * The owner of a grant, authenticated with its sealed tokens, so that they cannot be opened for another user.
 */
export const grantOwner = (userId: string): string => `${PROVIDER}:${userId}`;

/** The grant of a connection, or null after its tokens were deleted. */
export function grantOf(connection: Connection): Grant | null {
  const { userId, refreshToken, accessToken, accessExpiresAt } = connection;
  if (refreshToken === null) return null;
  const expires = accessExpiresAt === null ? null : new Date(accessExpiresAt).toISOString();
  return { owner: grantOwner(userId), refreshToken, accessToken, accessExpiresAt: expires };
}

/** Reads and locks a connection: reconnecting it waits for the end of the transaction. */
export async function lockConnection(tx: Tx, id: string): Promise<Connection | undefined> {
  const [connection] = await rows<Connection>(
    tx,
    sql`select ${CONNECTION_COLUMNS} from calendar_connections where id = ${id} for update`,
  );
  return connection;
}

/** Stores tokens that a call has refreshed, unless the grant was replaced since. */
export async function storeTokens(
  tx: Tx,
  connection: Pick<Connection, "id" | "grantNumber">,
  tokens: FreshTokens | null,
): Promise<void> {
  if (tokens === null) return;
  await tx.execute(
    sql`update calendar_connections
        set refresh_token = ${tokens.refreshToken}, access_token = ${tokens.accessToken},
            access_expires_at = ${tokens.accessExpiresAt}, updated_at = now()
        where id = ${connection.id} and grant_number = ${connection.grantNumber} and refresh_token is not null`,
  );
}

/**
 * Records that the provider refuses the grant: no job uses it again, and the user is notified once. Does
 * nothing if the grant was replaced since.
 *
 * @returns whether the connection was active until now.
 */
export async function requireAction(
  tx: Tx,
  connection: Pick<Connection, "id" | "grantNumber">,
  reason: RefusalReason,
  now: Date,
): Promise<boolean> {
  const [refused] = await rows<{ userId: string }>(
    tx,
    sql`update calendar_connections set status = 'action_required', reason = ${reason}, updated_at = now()
        where id = ${connection.id} and grant_number = ${connection.grantNumber} and status = 'active'
        returning user_id as "userId"`,
  );
  if (!refused) return false;
  const payload = { user_id: refused.userId, connection_id: connection.id, provider: PROVIDER } as const;
  await emit(tx, calendarActionRequired, [{ payload, occurredAt: now }]);
  return true;
}
