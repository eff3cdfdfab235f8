import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { calendarActionRequired } from "../events/calendar.ts";
import { emit } from "../events/event.ts";
import type { FreshTokens, Grant, RefusalReason } from "../ports/calendar.ts";

/** The provider that there is. */
export const PROVIDER = "google";

/** A connection as a job reads it before a call. */
export type Connection = {
  id: string;
  userId: string;
  calendarId: string;
  status: "active" | "action_required" | "disconnected";
  grantNumber: number;
  refreshToken: string | null;
  accessToken: string | null;
  accessExpiresAt: string | null;
};

/** Whose grant it is: sealed along with the tokens, so that they open for nobody else. */
export const grantOwner = (userId: string): string => `${PROVIDER}:${userId}`;

/** The grant of a connection; null when it was given back. */
export function grantOf(connection: Connection): Grant | null {
  const { userId, refreshToken, accessToken, accessExpiresAt } = connection;
  if (refreshToken === null) return null;
  const expires = accessExpiresAt === null ? null : new Date(accessExpiresAt).toISOString();
  return { owner: grantOwner(userId), refreshToken, accessToken, accessExpiresAt: expires };
}

/** Reads and locks a connection: whoever connects it anew waits for the end of the transaction. */
export async function holdConnection(tx: Tx, id: string): Promise<Connection | undefined> {
  const [connection] = await rows<Connection>(
    tx,
    sql`select id, user_id as "userId", calendar_id as "calendarId", status, grant_number as "grantNumber",
               refresh_token as "refreshToken", access_token as "accessToken", access_expires_at as "accessExpiresAt"
        from calendar_connections where id = ${id} for update`,
  );
  return connection;
}

/** Tokens that a call has refreshed. Those of an earlier grant are of no use any more. */
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
 * The provider refuses the grant: nothing is tried any more, and the user is told, once. A grant that was replaced meanwhile is
 * not meant by it.
 *
 * @returns whether this was the first word of it.
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
