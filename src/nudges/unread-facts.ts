import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { threadUnreadStale } from "../events/nudges.ts";
import { type Preference, preferenceFor } from "../scoring/notifications/preference.ts";
import { SILENCE_HOURS, type UnreadFacts } from "../scoring/notifications/unread-nudge.ts";
import type { UnreadRange } from "./unread-ranges.ts";

/** A participant with unread messages. Those who have read everything have no facts. */
export type UnreadParticipant = UnreadFacts & {
  readonly userId: string;
  readonly threadId: string;
  readonly projectId: string | null;
  readonly watched: boolean;
};

type Row = {
  userId: string;
  threadId: string;
  projectId: string | null;
  watched: boolean;
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
 * Reads the facts of a range, as `unreadFactsOf` makes them of whole threads: one statement that finds the oldest unread message, the
 * latest nudge about a message that is still unread, and after a second nudge the message that ended a silence.
 */
export async function readUnreadFacts(tx: Tx, range: UnreadRange): Promise<UnreadParticipant[]> {
  const found = await rows<Row>(
    tx,
    sql`select p.user_id as "userId", p.thread_id as "threadId", t.project_id as "projectId", a.watched, p.joined_at as "joinedAt",
               u.last_active_at as "lastActiveAt", oldest.id as "oldestId", oldest.created_at as "oldestAt",
               nudge.oldest_unread_id as "nudgedId", nudge.created_at as "nudgedMessageAt", nudge.step as "nudgedStep",
               nudge.nudged_at as "nudgedAt", after.id as "afterId", after.created_at as "afterAt"
        from unnest(${array(range.users)}::bigint[], ${array(range.threads)}::bigint[], ${array(range.watched)}::boolean[])
             as a(user_id, thread_id, watched)
        join chat_thread_participants p on p.thread_id = a.thread_id and p.user_id = a.user_id
        cross join lateral (
          select m.id, m.created_at from messages m
          where m.thread_id = p.thread_id and m.created_at > coalesce(p.last_read_at, '-infinity') and m.sender_id <> p.user_id
          order by m.created_at, m.id limit 1) oldest
        join chat_threads t on t.id = p.thread_id
        join users u on u.id = p.user_id
        left join lateral (
          select n.oldest_unread_id, m.created_at, n.step, n.nudged_at
          from unread_nudges n join messages m on m.id = n.oldest_unread_id
          where n.user_id = p.user_id and n.thread_id = p.thread_id
            and m.thread_id = p.thread_id and m.created_at > coalesce(p.last_read_at, '-infinity') and m.sender_id <> p.user_id
          order by n.nudged_at desc, n.step desc limit 1) nudge on true
        left join lateral (
          select m.id, m.created_at from messages m
          where nudge.step = 2 and m.thread_id = p.thread_id and m.sender_id <> p.user_id
            and m.created_at > greatest(nudge.nudged_at, p.last_read_at)
            and not exists (select 1 from messages b
                            where b.thread_id = m.thread_id and (b.created_at, b.id) < (m.created_at, m.id)
                              and b.created_at > m.created_at - ${SILENCE_HOURS} * interval '1 hour')
          order by m.created_at, m.id limit 1) after on true
        order by p.user_id, p.thread_id`,
  );
  const preferences = await readPreferences(tx, [...new Set(found.map(({ userId }) => userId))]);
  return found.map((row) => factsOf(row, preferences.get(row.userId) ?? []));
}

/** What these users prefer of nudges by e-mail. */
async function readPreferences(tx: Tx, userIds: readonly string[]): Promise<Map<string, Preference[]>> {
  const byUser = new Map<string, Preference[]>();
  if (userIds.length === 0) return byUser;
  const found = await rows<Preference & { userId: string }>(
    tx,
    sql`select user_id as "userId", scope_type as "scopeType", scope_id as "scopeId", event_type as "eventType", channel, status
        from notification_preferences
        where user_id = any(${array(userIds)}::bigint[]) and event_type in ('*', ${threadUnreadStale.type})`,
  );
  for (const preference of found) {
    const known = byUser.get(preference.userId);
    if (known) known.push(preference);
    else byUser.set(preference.userId, [preference]);
  }
  return byUser;
}

function factsOf(row: Row, preferences: readonly Preference[]): UnreadParticipant {
  const { userId, threadId, projectId, watched } = row;
  const subject = { eventType: threadUnreadStale.type, channel: "email", projectId, threadId } as const;
  return {
    userId,
    threadId,
    projectId,
    watched,
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
