import { sql } from "drizzle-orm";
import type { z } from "zod";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { emit, type NewEvent } from "../events/event.ts";
import { threadUnreadStale } from "../events/nudges.ts";
import { groupBy } from "../group-by.ts";
import { MOST_UNREAD, secondStepAt, type UnreadDecision } from "../scoring/notifications/unread-nudge.ts";
import type { UnreadParticipant } from "./unread-facts.ts";
import type { WatchRange } from "./unread-ranges.ts";

export type DecidedUnread = { readonly participant: UnreadParticipant; readonly decision: UnreadDecision };

type RecordedNudge = {
  userId: string;
  threadId: string;
  projectId: string | null;
  oldestUnreadId: string;
  step: number;
  unread: number;
};

/**
 * Records nudges and emits an event for each user. A nudge that another run has recorded already is left out,
 * and so is one about a message that has been read since it was decided.
 *
 * @returns the number of threads and of users that were nudged.
 */
export async function recordUnreadNudges(
  tx: Tx,
  decided: readonly DecidedUnread[],
  now: Date,
): Promise<{ nudged: number; users: number }> {
  const nudges = decided.flatMap(({ participant, decision }) => {
    if (decision.kind === "none") return [];
    const { about, step } = decision;
    return [{ participant, oldestId: about.id, step }];
  });
  if (nudges.length === 0) return { nudged: 0, users: 0 };
  const column = <T>(read: (nudge: (typeof nudges)[number]) => T) => array(nudges.map(read));
  const inserted = await rows<Omit<RecordedNudge, "projectId">>(
    tx,
    sql`with inserted as (
          insert into unread_nudges (user_id, thread_id, oldest_unread_id, step, nudged_at)
          select n.*, ${now} from unnest(
            ${column(({ participant }) => participant.userId)}::bigint[], ${column(({ participant }) => participant.threadId)}::bigint[],
            ${column(({ oldestId }) => oldestId)}::bigint[], ${column(({ step }) => step)}::int[]) as n(user_id, thread_id, message_id, step)
          where (select m.created_at > coalesce(p.last_read_at, '-infinity')
                 from chat_thread_participants p join messages m on m.id = n.message_id
                 where p.thread_id = n.thread_id and p.user_id = n.user_id limit 1)
          on conflict do nothing
          returning user_id, thread_id, oldest_unread_id, step)
        select i.user_id as "userId", i.thread_id as "threadId", i.oldest_unread_id as "oldestUnreadId", i.step,
               (select count(*)::int from (
                  select 1 from messages m
                  where m.thread_id = i.thread_id and m.created_at > coalesce(p.last_read_at, '-infinity') and m.sender_id <> i.user_id
                  limit ${MOST_UNREAD}) counted) as unread
        from inserted i
        cross join lateral (
          select last_read_at from chat_thread_participants
          where thread_id = i.thread_id and user_id = i.user_id limit 1) p
        order by i.user_id, i.thread_id`,
  );
  const projects = new Map(
    nudges.map(({ participant }) => [keyOf(participant), participant.projectId] as const),
  );
  const recorded = inserted.map((nudge) => ({ ...nudge, projectId: projects.get(keyOf(nudge)) ?? null }));
  const byUser = groupBy(recorded, ({ userId }) => userId);
  await emit(
    tx,
    threadUnreadStale,
    [...byUser.values()].map((threads) => eventOf(threads, now)),
  );
  return { nudged: recorded.length, users: byUser.size };
}

type Stale = z.output<typeof threadUnreadStale.payload>;

/**
 * One event for all threads of a user, and so one item of a digest. Names the thread or project if there is
 * only one.
 */
function eventOf(threads: readonly RecordedNudge[], now: Date): NewEvent<Stale> {
  const [first, ...others] = threads as [RecordedNudge, ...RecordedNudge[]];
  const oneProject = others.every(({ projectId }) => projectId === first.projectId);
  return {
    payload: {
      user_id: first.userId,
      threads: threads.map(({ threadId, unread, oldestUnreadId, step }) => ({
        thread_id: threadId,
        unread,
        oldest_unread_id: oldestUnreadId,
        step,
      })),
    },
    occurredAt: now,
    ...(others.length === 0 ? { threadId: first.threadId } : {}),
    ...(oneProject && first.projectId !== null ? { projectId: first.projectId } : {}),
  };
}

/** The thread is muted: watched until a change of preferences marks the user. */
const UNTIL_MARKED = "infinity";

/**
 * Sets when to check the participants of a range again; deletes the watches of those who only become due by a
 * new mark.
 */
export async function updateWatches(
  tx: Tx,
  range: WatchRange,
  decided: readonly DecidedUnread[],
  now: Date,
): Promise<void> {
  const looks = new Map(decided.map((one) => [keyOf(one.participant), lookAgainAt(one, now)]));
  const changes = range.users.map((userId, index) => {
    const threadId = range.threads[index] as string;
    return { userId, threadId, lookAt: looks.get(keyOf({ userId, threadId })) ?? null };
  });
  const column = <T>(read: (change: (typeof changes)[number]) => T) => array(changes.map(read));
  const changed = sql`unnest(${column(({ userId }) => userId)}::bigint[], ${column(({ threadId }) => threadId)}::bigint[],
                             ${column(({ lookAt }) => lookAt)}::timestamptz[]) as a(user_id, thread_id, look_at)`;
  await tx.execute(
    sql`insert into unread_watches (user_id, thread_id, look_at)
        select user_id, thread_id, look_at from ${changed} where look_at is not null order by user_id, thread_id
        on conflict (user_id, thread_id) do update set look_at = excluded.look_at`,
  );
  await tx.execute(
    sql`delete from unread_watches w using ${changed}
        where w.user_id = a.user_id and w.thread_id = a.thread_id and a.look_at is null`,
  );
}

const keyOf = ({ userId, threadId }: { userId: string; threadId: string }): string => `${userId}:${threadId}`;

/** When to check again without a mark, or null for never. */
function lookAgainAt({ decision }: DecidedUnread, now: Date): Date | string | null {
  if (decision.kind === "nudge") return decision.step === 1 ? secondStepAt(now) : null;
  return decision.reason === "muted" ? UNTIL_MARKED : decision.lookAt;
}
