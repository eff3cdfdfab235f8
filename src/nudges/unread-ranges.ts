import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { UnreadNudgePolicy } from "../scoring/notifications/unread-nudge.ts";

/** So many are looked at in one transaction, whose statements are each a fraction of the 5 s that it may take. */
const PAIRS_PER_RANGE = 5_000;

/** So many marks and watches a run takes; what is left waits for the run that follows at once. */
const TAKEN_PER_RUN = 50_000;

/** Participants to look at, a place each in three lists. All that is looked at of a user lies in one range: it makes one event. */
export type UnreadRange = {
  readonly users: readonly string[];
  readonly threads: readonly string[];
  /** Whether they are watched when it is too early: a message that was just written has a mark of its own still to come. */
  readonly watched: readonly boolean[];
};

/**
 * Takes the marks and watches that are due and cuts the participants whom they stand for into ranges. Marks are deleted by the
 * transaction that writes the ranges: from then on these hold the promise.
 */
export async function cutUnread(
  tx: Tx,
  { thresholdMinutes }: UnreadNudgePolicy,
  now: Date,
): Promise<UnreadRange[]> {
  return rows<UnreadRange>(
    tx,
    sql`with taken as (
          delete from unread_marks where id = any(array(
            select id from unread_marks where at <= ${now}::timestamptz - ${thresholdMinutes} * interval '1 minute'
            order by at, id limit ${TAKEN_PER_RUN} for update skip locked))
          returning thread_id, user_id),
        pairs as (
          select p.user_id, p.thread_id, false as watched
          from (select distinct thread_id from taken where user_id is null) t
          join chat_thread_participants p on p.thread_id = t.thread_id
          union all select user_id, thread_id, true from taken where user_id is not null and thread_id is not null
          union all select w.user_id, w.thread_id, true from taken t join unread_watches w on w.user_id = t.user_id where t.thread_id is null
          union all (select user_id, thread_id, true from unread_watches where look_at <= ${now} order by look_at limit ${TAKEN_PER_RUN})),
        numbered as (
          select user_id, thread_id, bool_or(watched) as watched, row_number() over (order by user_id, thread_id) as n
          from pairs group by user_id, thread_id),
        placed as (select *, (min(n) over (partition by user_id) - 1) / ${PAIRS_PER_RANGE} as range from numbered)
        select json_agg(user_id::text order by n) as users, json_agg(thread_id::text order by n) as threads, json_agg(watched order by n) as watched
        from placed group by range order by range`,
  );
}

/** True when marks or watches are due that no run has taken: more than one run takes, or what came meanwhile. */
export async function isUnreadLeft(
  tx: Tx,
  { thresholdMinutes }: UnreadNudgePolicy,
  now: Date,
): Promise<boolean> {
  const [left] = await rows<{ is: boolean }>(
    tx,
    sql`select exists (select 1 from unread_marks where at <= ${now}::timestamptz - ${thresholdMinutes} * interval '1 minute')
            or exists (select 1 from unread_watches where look_at <= ${now}) as "is"`,
  );
  return left?.is ?? false;
}
