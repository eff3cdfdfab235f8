import { type SQL, sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/** A participant of a thread. */
export type ThreadReader = { readonly userId: string; readonly threadId: string };

/** Participants for whom a transaction has counted messages, and the ids of these messages. */
type CountedMessages = {
  readonly readers: readonly ThreadReader[];
  readonly messageIds: readonly string[];
};

const users = (readers: readonly ThreadReader[]): SQL =>
  sql`${array(readers.map(({ userId }) => userId))}::bigint[]`;
const threads = (readers: readonly ThreadReader[]): SQL =>
  sql`${array(readers.map(({ threadId }) => threadId))}::bigint[]`;

/**
 * Settles the counts of participants who have read while their messages were counted. These are the last
 * statements of the transaction: until it commits, an update of `last_read_at` waits for it, and its trigger
 * then sees the new counts.
 *
 * @returns the participants who are reading at this moment, to be settled later: waiting for their
 *   transactions could be a deadlock, since their triggers wait for this one.
 */
export async function settleCounted(tx: Tx, counted: CountedMessages): Promise<ThreadReader[]> {
  const { readers, messageIds } = counted;
  if (readers.length === 0) return [];
  const found = await rows<ThreadReader & { isBusy: boolean }>(
    tx,
    sql`with r as materialized (select * from unnest(${users(readers)}, ${threads(readers)}) as r(user_id, thread_id)),
             first as materialized (
               select thread_id, min(created_at) as at from messages where id = any(${array(messageIds)}::bigint[]) group by thread_id),
             held as materialized (${holdReaders})
        select r.user_id as "userId", r.thread_id as "threadId", h.user_id is null as "isBusy"
        from r join first f on f.thread_id = r.thread_id
        left join held h on h.thread_id = r.thread_id and h.user_id = r.user_id
        where h.user_id is null or h.last_read_at >= f.at
        order by r.thread_id, r.user_id`,
  );
  await settle(
    tx,
    found.filter(({ isBusy }) => !isBusy),
  );
  return found.flatMap(({ userId, threadId, isBusy }) => (isBusy ? [{ userId, threadId }] : []));
}

/**
 * Settles the count of one participant.
 *
 * @returns `reading` if the participant is reading at this moment, and nothing was settled.
 */
export async function settleReader(tx: Tx, reader: ThreadReader): Promise<"settled" | "reading" | "gone"> {
  const { userId, threadId } = reader;
  const held = await rows(
    tx,
    sql`with r as (select ${userId}::bigint as user_id, ${threadId}::bigint as thread_id) ${holdReaders}`,
  );
  if (held.length > 0) {
    await settle(tx, [reader]);
    return "settled";
  }
  const participants = await rows(
    tx,
    sql`select 1 from chat_thread_participants where thread_id = ${threadId} and user_id = ${userId}`,
  );
  return participants.length > 0 ? "reading" : "gone";
}

/** The participants among `r` who are not reading at this moment, who cannot read until the commit. */
const holdReaders = sql`
  select p.user_id, p.thread_id, p.last_read_at from r join chat_thread_participants p on p.thread_id = r.thread_id and p.user_id = r.user_id
  order by p.thread_id, p.user_id for share of p skip locked`;

/** The trigger that follows an update of `last_read_at` calls the same function. */
async function settle(tx: Tx, readers: readonly ThreadReader[]): Promise<void> {
  if (readers.length === 0) return;
  await tx.execute(sql`select settle_unread_counts(${users(readers)}, ${threads(readers)})`);
}
