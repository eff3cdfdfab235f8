import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { isId } from "../ids.ts";
import { Refusal } from "./terminal.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * People are named by their number or by their public uuid. A number is taken as it is, since a sale may name a buyer who is not
 * known yet; a uuid has to be known.
 *
 * @throws Refusal for a uuid that nobody has.
 */
export async function userIdOf(on: Queryable, given: string): Promise<string> {
  if (!UUID.test(given)) return given;
  const [user] = await rows<{ id: string }>(on, sql`select id from users where public_id = ${given}`);
  if (!user) throw new Refusal(`Nobody has the public id ${given}.`);
  return user.id;
}

/** The same for somebody who has to be known. @throws Refusal */
export async function knownUserIdOf(on: Queryable, given: string): Promise<string> {
  const id = await userIdOf(on, given);
  if (!isId(id)) throw new Refusal("--user-id must be a number or a public uuid.");
  const [user] = await rows<{ id: string }>(on, sql`select id from users where id = ${id}`);
  if (!user) throw new Refusal(`There is no user ${id}.`);
  return user.id;
}
