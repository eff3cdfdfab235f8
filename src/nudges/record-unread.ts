import { sql } from "drizzle-orm";
import type { z } from "zod";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { emit, type NewEvent } from "../events/event.ts";
import { threadUnreadStale } from "../events/nudges.ts";
import { secondStepAt, type UnreadDecision } from "../scoring/notifications/unread-nudge.ts";
import type { UnreadParticipant } from "./unread-facts.ts";
import type { UnreadRange } from "./unread-ranges.ts";

export type DecidedUnread = { readonly participant: UnreadParticipant; readonly decision: UnreadDecision };

/** Unread messages are counted up to here; a thread with more says this many. */
const MOST_COUNTED = 1_000;

type Given = {
  userId: string;
  threadId: string;
  projectId: string | null;
  oldestUnreadId: string;
  step: number;
  unread: number;
};

/**
 * Writes the nudges down and emits them, one event a user, each thread only if nobody else has nudged about it meanwhile.
 * @returns how many threads and how many users were nudged about.
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
  const given = await rows<Given>(
    tx,
    sql`with given as (
          insert into unread_nudges (user_id, thread_id, oldest_unread_id, step, nudged_at)
          select n.*, ${now} from unnest(
            ${column(({ participant }) => participant.userId)}::bigint[], ${column(({ participant }) => participant.threadId)}::bigint[],
            ${column(({ oldestId }) => oldestId)}::bigint[], ${column(({ step }) => step)}::int[]) as n
          on conflict do nothing
          returning user_id, thread_id, oldest_unread_id, step)
        select g.user_id as "userId", g.thread_id as "threadId", t.project_id as "projectId", g.oldest_unread_id as "oldestUnreadId", g.step,
               (select count(*)::int from (
                  select 1 from messages m
                  where m.thread_id = p.thread_id and m.created_at > coalesce(p.last_read_at, '-infinity') and m.sender_id <> p.user_id
                  limit ${MOST_COUNTED}) counted) as unread
        from given g
        join chat_thread_participants p on p.thread_id = g.thread_id and p.user_id = g.user_id
        join chat_threads t on t.id = g.thread_id
        order by g.user_id, g.thread_id`,
  );
  const byUser = new Map<string, Given[]>();
  for (const nudge of given) byUser.set(nudge.userId, [...(byUser.get(nudge.userId) ?? []), nudge]);
  await emit(
    tx,
    threadUnreadStale,
    [...byUser.values()].map((threads) => eventOf(threads, now)),
  );
  return { nudged: given.length, users: byUser.size };
}

type Stale = z.output<typeof threadUnreadStale.payload>;

/** All threads of a user are one event, and so one item of a digest. It names a thread or a project where there is but one. */
function eventOf(threads: readonly Given[], now: Date): NewEvent<Stale> {
  const [first, ...others] = threads as [Given, ...Given[]];
  const oneProject = others.every(({ projectId }) => projectId === first.projectId);
  return {
    payload: {
      user_id: first.userId,
      threads: threads.map(({ threadId, unread, oldestUnreadId, step }) => ({
        thread_id: threadId,
        // Read at this very moment: the check before sending finds it so.
        unread: Math.max(unread, 1),
        oldest_unread_id: oldestUnreadId,
        step,
      })),
    },
    occurredAt: now,
    ...(others.length === 0 ? { threadId: first.threadId } : {}),
    ...(oneProject && first.projectId !== null ? { projectId: first.projectId } : {}),
  };
}

/** Watched until a change of preferences marks the user. */
const UNTIL_MARKED = "infinity";

/**
 * Watches whom a later run has to look at without a mark, and no longer whom it has not. A participant who is only too early, and
 * was looked at because of some message of the thread, stays as they are: the message that makes them due has its own mark.
 */
export async function keepWatches(
  tx: Tx,
  range: UnreadRange,
  decided: readonly DecidedUnread[],
  now: Date,
): Promise<void> {
  const looks = new Map(decided.map((one) => [keyOf(one.participant), lookAgainAt(one, now)]));
  const changes = range.users.flatMap((userId, place) => {
    const threadId = range.threads[place] as string;
    const look = looks.get(keyOf({ userId, threadId })) ?? "never";
    return look === "as before" ? [] : [{ userId, threadId, lookAt: look === "never" ? null : look }];
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

function lookAgainAt({ participant, decision }: DecidedUnread, now: Date): Date | string {
  if (decision.kind === "nudge") return decision.step === 1 ? secondStepAt(now) : "never";
  if (decision.reason === "muted") return UNTIL_MARKED;
  if (decision.reason === "too-young" && !participant.watched) return "as before";
  return decision.lookAt ?? "never";
}
