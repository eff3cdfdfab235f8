import { type SQL, sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { literally } from "./pattern.ts";
import type { Erased, ErasedUser } from "./rule.ts";

const MEMBER = "@former member";

/**
 * A mention of the user in a message, as a pattern of Postgres: by the id that the host has, or ours where it
 * has none, or the public uuid (src/notifications/markdown.ts).
 */
const mention = ({ references }: ErasedUser): string =>
  `@\\[[^]\\n]{1,200}\\]\\(user:(${references.map(literally).join("|")})\\)`;

/**
 * Deletes what other users were shown of the messages `gone` (id): a mentioned user's notification quotes the
 * message. One that counts the messages of a thread names nobody, and stays.
 */
const quotes = ({ userId }: ErasedUser): SQL => sql`
  quotes as (
    delete from notifications n using gone, domain_events e
    where e.event_type = 'chat_message_sent' and left(e.payload->>'message_id', 20) = gone.id::text
      and n.event_id = e.id and n.user_id <> ${userId} and not n.counting returning n.id)`;

const COUNTS = sql`
  select (select count(*)::int from gone) as messages, (select count(*)::int from quotes) as notifications`;

type Counts = { messages: number; notifications: number };

/** The messages that the user wrote. */
export const deleteMessages = {
  where: ({ userId }: ErasedUser): SQL => sql`r.sender_id = ${userId}`,
  run: async (tx: Tx, person: ErasedUser, within: SQL): Promise<Erased> => {
    const [erased] = await rows<Counts>(
      tx,
      sql`with gone as (
            delete from messages r where ${within} and ${deleteMessages.where(person)} returning r.id),
          ${quotes(person)} ${COUNTS}`,
    );
    return erased ?? {};
  },
};

/** The messages of others in which the user is mentioned. */
export const replaceMentions = {
  where: (person: ErasedUser): SQL => sql`r.body ~ ${mention(person)}`,
  set: (person: ErasedUser): SQL => sql`body = regexp_replace(r.body, ${mention(person)}, ${MEMBER}, 'g')`,
  run: async (tx: Tx, person: ErasedUser, within: SQL): Promise<Erased> => {
    const [erased] = await rows<Counts>(
      tx,
      sql`with gone as (
            update messages r set ${replaceMentions.set(person)} where ${within} and ${replaceMentions.where(person)} returning r.id),
          ${quotes(person)} ${COUNTS}`,
    );
    return erased ?? {};
  },
};
