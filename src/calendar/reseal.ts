import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { array, rows } from "../db/statement.ts";
import { inTransaction } from "../db/transaction.ts";
import type { CalendarPort, Grant } from "../ports/calendar.ts";
import { type Connection, grantOf } from "./connections.ts";

const PAGE = 500;

/**
 * Seals the tokens of every connection anew, as far as they were sealed with an older key, page by page. Safe to repeat and to cut
 * off: what is left is found by the next time.
 *
 * @returns how many connections were resealed.
 * @throws SealBroken when a token was sealed with a key that is not configured any more.
 */
export async function resealTokens(db: Database, port: Pick<CalendarPort, "resealGrant">): Promise<number> {
  let after: string | null = "0";
  let resealed = 0;
  while (after !== null) {
    const page: { last: string | null; resealed: number } = await resealPage(db, port, after);
    after = page.last;
    resealed += page.resealed;
  }
  return resealed;
}

async function resealPage(
  db: Database,
  port: Pick<CalendarPort, "resealGrant">,
  after: string,
): Promise<{ last: string | null; resealed: number }> {
  return inTransaction(db, async (tx) => {
    const page = await rows<Connection>(
      tx,
      sql`select id, user_id as "userId", calendar_id as "calendarId", status, grant_number as "grantNumber",
                 refresh_token as "refreshToken", access_token as "accessToken", access_expires_at as "accessExpiresAt"
          from calendar_connections where id > ${after} and refresh_token is not null order by id limit ${PAGE} for update`,
    );
    const changed = page.flatMap((connection) => {
      const grant = grantOf(connection);
      const again: Grant | null = grant && port.resealGrant(grant);
      return again ? [{ id: connection.id, ...again }] : [];
    });
    if (changed.length > 0) {
      await tx.execute(
        sql`update calendar_connections c set refresh_token = s.refresh_token, access_token = s.access_token
            from unnest(${array(changed.map(({ id }) => id))}::bigint[],
                        ${array(changed.map(({ refreshToken }) => refreshToken))}::text[],
                        ${array(changed.map(({ accessToken }) => accessToken))}::text[]) as s(id, refresh_token, access_token)
            where c.id = s.id`,
      );
    }
    return { last: page.at(-1)?.id ?? null, resealed: changed.length };
  });
}
