import { sql } from "drizzle-orm";
import { z } from "zod";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { UnreadNudgePolicy } from "../scoring/notifications/unread-nudge.ts";

/** Marks per transaction. The number of participants that they cover is not known before. */
const MARKS_PER_RANGE = 1_000;

/**
 * Participants per transaction. At most this many are nudged, with an event for each user. As many ranges as
 * the queue runs at once may get answers in one iteration of the event loop: together they hold it for 60 ms.
 */
const PARTICIPANTS_PER_RANGE = 1_000;

/** Marks or watches per round of a run. The sum continues with the next round while any are due. */
const ROUND_SIZE = 50_000;

/**
 * Rounds that take marks. The host may leave marks faster than rounds take them; the rest waits for the next
 * run.
 */
const MARK_ROUNDS = 20;

/** Marks to turn into watches, by id. */
const markRange = z.object({ kind: z.literal("marks"), ids: z.array(z.string()).readonly() });
export type MarkRange = z.infer<typeof markRange>;

/**
 * Watched participants to check, in two parallel lists. All of a user's threads are in one range, so that
 * they become one event.
 */
const watchRange = z.object({
  kind: z.literal("watches"),
  users: z.array(z.string()).readonly(),
  threads: z.array(z.string()).readonly(),
});
export type WatchRange = z.infer<typeof watchRange>;

export const unreadRange = z.discriminatedUnion("kind", [markRange, watchRange]);
export type UnreadRange = z.infer<typeof unreadRange>;

/**
 * The next round of a run: ranges of the marks that are due; when there are none, of the watches that are
 * due; an empty list when nothing is left. Every watch that is checked is deleted or moved to a later time,
 * so the rounds end.
 *
 * @param round how many rounds the run has had.
 */
export async function nextUnreadRanges(
  tx: Tx,
  policy: UnreadNudgePolicy,
  now: Date,
  round: number,
): Promise<readonly UnreadRange[]> {
  const marks = round < MARK_ROUNDS ? await cutMarks(tx, policy, now) : [];
  return marks.length > 0 ? marks : cutWatches(tx, now);
}

/** The oldest marks first, each when its message is as old as the threshold. */
const cutMarks = (tx: Tx, { thresholdMinutes }: UnreadNudgePolicy, now: Date): Promise<MarkRange[]> =>
  rows<MarkRange>(
    tx,
    sql`select 'marks' as kind, json_agg(id::text order by n) as ids
        from (select id, row_number() over (order by at, id) as n from unread_marks
              where at <= ${now}::timestamptz - ${thresholdMinutes} * interval '1 minute'
              order by at, id limit ${ROUND_SIZE}) due
        group by (n - 1) / ${MARKS_PER_RANGE} order by min(n)`,
  );

const cutWatches = (tx: Tx, now: Date): Promise<WatchRange[]> =>
  rows<WatchRange>(
    tx,
    sql`with due as (select user_id, thread_id from unread_watches where look_at <= ${now} order by look_at limit ${ROUND_SIZE}),
        numbered as (select user_id, thread_id, row_number() over (order by user_id, thread_id) as n from due),
        placed as (select *, (min(n) over (partition by user_id) - 1) / ${PARTICIPANTS_PER_RANGE} as range from numbered)
        select 'watches' as kind, json_agg(user_id::text order by n) as users, json_agg(thread_id::text order by n) as threads
        from placed group by range order by range`,
  );

/**
 * Turns marks into watches that are due now, in one transaction; the watches replace them. A message has one
 * mark for its whole thread; participants who have read past it are left out, since any later message has a
 * mark of its own. A mark of a thread at `-infinity`, which an operator may insert, covers all participants,
 * and a mark of a user without a thread all watches of the user.
 *
 * @returns how many marks were taken; fewer than in the range when another run took some.
 */
export async function takeUnreadMarks(tx: Tx, { ids }: MarkRange, now: Date): Promise<number> {
  const [taken] = await rows<{ marks: number }>(
    tx,
    sql`with taken as (
          delete from unread_marks where id = any(${array(ids)}::bigint[]) returning thread_id, user_id, at),
        written as (
          select thread_id, max(case when at = '-infinity' then 'infinity' else at end) as at
          from taken where user_id is null group by thread_id),
        pairs as (
          select p.user_id, p.thread_id from written w join chat_thread_participants p on p.thread_id = w.thread_id
          where p.last_read_at is null or p.last_read_at < w.at
          union select user_id, thread_id from taken where user_id is not null and thread_id is not null
          union select w.user_id, w.thread_id from taken t join unread_watches w on w.user_id = t.user_id where t.thread_id is null),
        watched as (
          insert into unread_watches as w (user_id, thread_id, look_at)
          select user_id, thread_id, ${now}::timestamptz from pairs order by user_id, thread_id
          on conflict (user_id, thread_id) do update set look_at = excluded.look_at where w.look_at > excluded.look_at)
        select count(*)::int as marks from taken`,
  );
  return taken?.marks ?? 0;
}
