import { type SQL, sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";

// Sellers identify a buyer by a whole number: the host's id of the user if that is a number, else our id. A
// sale keeps the number; the user is looked up when it is needed, since a host may send the user later than
// the seller the sale. An id that is a text is replaced by the number when the sale is taken.

const NUMBER = /^[1-9][0-9]{0,15}$/;

/** Whether an id of a buyer is a number. */
export const isBuyerNumber = (buyer: string): boolean =>
  NUMBER.test(buyer) && BigInt(buyer) <= BigInt(Number.MAX_SAFE_INTEGER);

const isNumber = (column: SQL) => sql`${column} ~ '^[1-9][0-9]{0,15}$'`;

/** The id of the user with a buyer number; null if there is none yet. */
export const userOfBuyer = (buyer: SQL) => sql`coalesce(
  (select u.id from users u where u.host_id = ${buyer}::text and u.erased_at is null),
  (select u.id from users u where u.id = ${buyer} and u.erased_at is null and (u.host_id is null or not ${isNumber(sql`u.host_id`)})))`;

/** The buyer number of a user. */
export const buyerNumberOf = (userId: string | SQL) =>
  sql`(select case when ${isNumber(sql`u.host_id`)} then u.host_id::bigint else u.id end from users u where u.id = ${userId})`;

/** The number by which a seller identifies a user. @returns null if that number names another user. */
export async function readBuyerNumber(on: Queryable, userId: string): Promise<string | null> {
  const [found] = await rows<{ number: string; userId: string | null }>(
    on,
    sql`select b.number::text as number, ${userOfBuyer(sql`b.number`)} as "userId" from (select ${buyerNumberOf(userId)} as number) b`,
  );
  return found?.userId === userId ? found.number : null;
}
