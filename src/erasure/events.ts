import { type SQL, sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { Erased, ErasedUser } from "./rule.ts";

/** The fields of payloads of events, at any depth, that hold the id of a user. */
export const PAYLOAD_FIELDS = [
  "user_id",
  "added_user_id",
  "affected_user_id",
  "invited_user_id",
  "new_member_id",
  "rated_user_id",
  "blocked_user_id",
  "owner_id",
  "viewer_id",
] as const;

const PATH = `$.** ? (${PAYLOAD_FIELDS.map((field) => `@.${field} == $text || @.${field} == $number`).join(" || ")})`;

/** Events by the user, or with the user's id in their payload. */
function where({ userId }: ErasedUser): SQL {
  const id = `{"text": "${userId}", "number": ${userId}}`;
  return sql`(r.actor_id = ${userId} or jsonb_path_exists(r.payload, ${PATH}::jsonpath, ${id}::jsonb))`;
}

/**
 * Deletes events, their outcomes, and the notifications that were written from them, which may contain the
 * user's name. A notification that counts the messages of a thread names nobody, and stays.
 */
async function run(tx: Tx, person: ErasedUser, within: SQL): Promise<Erased> {
  const [erased] = await rows<{ domain_events: number; notifications: number }>(
    tx,
    sql`with gone as (delete from domain_events r where ${within} and ${where(person)} returning r.id),
             outcomes as (delete from event_outcomes o using gone where o.event_id = gone.id),
             written as (delete from notifications n using gone
                         where n.event_id = gone.id and n.user_id <> ${person.userId} and not n.counting returning n.id)
        select (select count(*)::int from gone) as domain_events, (select count(*)::int from written) as notifications`,
  );
  return erased ?? {};
}

/** How events by and about a user are deleted. */
export const deleteEvents = { where, run };
