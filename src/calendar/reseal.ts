import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { array, rows } from "../db/statement.ts";
import { inTransaction } from "../db/transaction.ts";
import type { CalendarPort, Grant } from "../ports/calendar.ts";
import { CONNECTION_COLUMNS, type Connection, grantOf } from "./connections.ts";

const PAGE = 500;

/**
 * Encrypts the tokens that were sealed with an older key with the first one, page by page. Can be interrupted
 * and repeated.
 *
 * @returns how many connections were resealed.
 * @throws SealBroken when a token was sealed with a key that is no longer configured.
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
      sql`select ${CONNECTION_COLUMNS} from calendar_connections
          where id > ${after} and refresh_token is not null order by id limit ${PAGE} for update`,
    );
    const changed = page.flatMap((connection) => {
      const grant = grantOf(connection);
      const resealed: Grant | null = grant && port.resealGrant(grant);
      return resealed ? [{ id: connection.id, ...resealed }] : [];
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
