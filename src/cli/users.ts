import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { isId } from "../ids.ts";
import { CliError } from "./terminal.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Resolves a user given by id or public uuid. An id is returned unchecked, since a sale may name a buyer who does not exist yet;
 * a uuid must exist.
 *
 * @throws CliError for an unknown uuid.
 */
export async function resolveUserId(on: Queryable, given: string): Promise<string> {
  if (!UUID.test(given)) return given;
  const [user] = await rows<{ id: string }>(on, sql`select id from users where public_id = ${given}`);
  if (!user) throw new CliError(`There is no user with the public id ${given}.`);
  return user.id;
}

/** Like `resolveUserId`, for a user that must exist. @throws CliError */
export async function requireUserId(on: Queryable, given: string): Promise<string> {
  const id = await resolveUserId(on, given);
  if (!isId(id)) throw new CliError("--user-id must be a number or a public uuid.");
  const [user] = await rows<{ id: string }>(on, sql`select id from users where id = ${id}`);
  if (!user) throw new CliError(`There is no user ${id}.`);
  return user.id;
}
