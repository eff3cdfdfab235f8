import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { threadUnreadStale } from "../events/nudges.ts";
import { readPreferences } from "../notifications/read-preferences.ts";
import { type Preference, preferenceFor } from "../scoring/notifications/preference.ts";
import { SILENCE_HOURS, type UnreadFacts } from "../scoring/notifications/unread-nudge.ts";
import type { WatchRange } from "./unread-ranges.ts";

/** A participant with unread messages. There are no facts of one who has read everything. */
export type UnreadParticipant = UnreadFacts & {
  readonly userId: string;
  readonly threadId: string;
  readonly projectId: string | null;
};

type Row = {
  userId: string;
  threadId: string;
  projectId: string | null;
  joinedAt: string;
  lastActiveAt: string | null;
  oldestId: string;
  oldestAt: string;
  nudgedId: string | null;
  nudgedMessageAt: string | null;
  nudgedStep: number | null;
  nudgedAt: string | null;
  afterId: string | null;
  afterAt: string | null;
};

/**
 * Reads the facts of a range, equal to what `unreadFactsOf` computes from whole threads: the oldest unread
 * message, the latest nudge about a message that is still unread, and after a second nudge the message that
 * ended a silence.
 *
 * Every table is probed by its key for each participant. The `limit 1` keeps the planner from turning the
 * probes into joins: for a range it would read all users, and all threads of each user.
 */
export async function readUnreadFacts(tx: Tx, range: WatchRange): Promise<UnreadParticipant[]> {
  const found = await rows<Row>(
    tx,
    sql`select a.user_id as "userId", a.thread_id as "threadId", p.joined_at as "joinedAt",
               (select t.project_id from chat_threads t where t.id = a.thread_id) as "projectId",
               (select u.last_active_at from users u where u.id = a.user_id) as "lastActiveAt",
               oldest.id as "oldestId", oldest.created_at as "oldestAt",
               nudge.oldest_unread_id as "nudgedId", nudge.created_at as "nudgedMessageAt", nudge.step as "nudgedStep",
               nudge.nudged_at as "nudgedAt", after.id as "afterId", after.created_at as "afterAt"
        from unnest(${array(range.users)}::bigint[], ${array(range.threads)}::bigint[]) as a(user_id, thread_id)
        cross join lateral (
          select joined_at, last_read_at from chat_thread_participants
          where thread_id = a.thread_id and user_id = a.user_id limit 1) p
        cross join lateral (
          select m.id, m.created_at from messages m
          where m.thread_id = a.thread_id and m.created_at > coalesce(p.last_read_at, '-infinity') and m.sender_id <> a.user_id
          order by m.created_at, m.id limit 1) oldest
        left join lateral (
          select n.oldest_unread_id, m.created_at, n.step, n.nudged_at
          from unread_nudges n join messages m on m.id = n.oldest_unread_id
          where n.user_id = a.user_id and n.thread_id = a.thread_id
            and m.thread_id = a.thread_id and m.created_at > coalesce(p.last_read_at, '-infinity') and m.sender_id <> a.user_id
          order by n.nudged_at desc, n.step desc limit 1) nudge on true
        left join lateral (
          select m.id, m.created_at from messages m
          where nudge.step = 2 and m.thread_id = a.thread_id and m.sender_id <> a.user_id
            and m.created_at > greatest(nudge.nudged_at, p.last_read_at)
            and not exists (select 1 from messages b
                            where b.thread_id = m.thread_id and (b.created_at, b.id) < (m.created_at, m.id)
                              and b.created_at > m.created_at - ${SILENCE_HOURS} * interval '1 hour')
          order by m.created_at, m.id limit 1) after on true
        order by a.user_id, a.thread_id`,
  );
  const userIds = [...new Set(found.map(({ userId }) => userId))];
  const preferences = await readPreferences(tx, userIds, [threadUnreadStale.type]);
  return found.map((row) => factsOf(row, preferences.get(row.userId) ?? []));
}

function factsOf(row: Row, preferences: readonly Preference[]): UnreadParticipant {
  const { userId, threadId, projectId } = row;
  const subject = { eventType: threadUnreadStale.type, channel: "email", projectId, threadId } as const;
  return {
    userId,
    threadId,
    projectId,
    joinedAt: new Date(row.joinedAt),
    lastActiveAt: row.lastActiveAt === null ? null : new Date(row.lastActiveAt),
    muted: preferenceFor(preferences, subject) === "muted",
    oldestUnread: { id: row.oldestId, at: new Date(row.oldestAt) },
    lastNudge:
      row.nudgedId === null || row.nudgedMessageAt === null || row.nudgedAt === null
        ? null
        : {
            oldestUnreadId: row.nudgedId,
            oldestUnreadAt: new Date(row.nudgedMessageAt),
            step: row.nudgedStep ?? 1,
            nudgedAt: new Date(row.nudgedAt),
          },
    afterSilence:
      row.afterId === null || row.afterAt === null ? null : { id: row.afterId, at: new Date(row.afterAt) },
  };
}
