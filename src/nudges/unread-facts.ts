import { type SQL, sql } from "drizzle-orm";
import { hostInstant } from "../db/instants.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { isByAnother } from "../db/unread-messages.ts";
import { threadUnreadStale } from "../events/nudges.ts";
import { readPreferences } from "../notifications/read-preferences.ts";
import { type Preference, preferenceFor } from "../scoring/notifications/preference.ts";
import { SILENCE_HOURS, type UnreadFacts } from "../scoring/notifications/unread-nudge.ts";
import type { WatchRange } from "./unread-ranges.ts";

/** A participant with unread messages. Participants who have read everything have no facts. */
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
    sql`with recursive looked as materialized (${looked(range)}),
             ${SILENCES},
             after as (
               select distinct on (l.user_id, l.thread_id) l.user_id, l.thread_id, w.id, w.created_at
               from looked l join walked w on w.thread_id = l.thread_id
               where w.is_after_silence and w.created_at > l.since and w.sender_id <> l.user_id
               order by l.user_id, l.thread_id, w.created_at, w.id)
        select l.user_id as "userId", l.thread_id as "threadId", l.joined_at as "joinedAt",
               (select t.project_id from chat_threads t where t.id = l.thread_id) as "projectId",
               (select u.last_active_at from users u where u.id = l.user_id) as "lastActiveAt",
               l.oldest_id as "oldestId", l.oldest_at as "oldestAt", l.nudged_id as "nudgedId", l.nudged_message_at as "nudgedMessageAt",
               l.step as "nudgedStep", l.nudged_at as "nudgedAt", after.id as "afterId", after.created_at as "afterAt"
        from looked l left join after on after.user_id = l.user_id and after.thread_id = l.thread_id
        order by l.user_id, l.thread_id`,
  );
  const userIds = [...new Set(found.map(({ userId }) => userId))];
  const preferences = await readPreferences(tx, userIds, [threadUnreadStale.type]);
  return found.map((row) => factsOf(row, preferences.get(row.userId) ?? []));
}

/** The participants of a range with unread messages. `since`: a silence may end from then on. */
const looked = (range: WatchRange): SQL => sql`
  select a.user_id, a.thread_id, p.joined_at, oldest.id as oldest_id, oldest.created_at as oldest_at, nudge.oldest_unread_id as nudged_id,
         nudge.created_at as nudged_message_at, nudge.step, nudge.nudged_at,
         case when nudge.step = 2 then greatest(nudge.nudged_at, p.last_read_at) end as since
  from unnest(${array(range.users)}::bigint[], ${array(range.threads)}::bigint[]) as a(user_id, thread_id)
  cross join lateral (
    select joined_at, last_read_at from chat_thread_participants
    where thread_id = a.thread_id and user_id = a.user_id limit 1) p
  cross join lateral (
    select m.id, m.created_at from messages m
    where m.thread_id = a.thread_id and m.created_at > coalesce(p.last_read_at, '-infinity') and ${isByAnother(sql`m`, sql`a.user_id`)}
    order by m.created_at, m.id limit 1) oldest
  left join lateral (
    select n.oldest_unread_id, m.created_at, n.step, n.nudged_at
    from unread_nudges n join messages m on m.id = n.oldest_unread_id
    where n.user_id = a.user_id and n.thread_id = a.thread_id
      and m.thread_id = a.thread_id and m.created_at > coalesce(p.last_read_at, '-infinity') and m.sender_id <> a.user_id
    order by n.nudged_at desc, n.step desc limit 1) nudge on true`;

const SILENCE = sql`${SILENCE_HOURS} * interval '1 hour'`;

/**
 * Walks once through each thread in which a silence may have ended, from the last message before: to the
 * last message within the length of a silence, or if there is none to the next message, which ends one. That
 * is a few steps a day, however many messages the thread has and however many participants wait.
 */
const SILENCES = sql`
  started as (select thread_id, min(since) as at from looked where since is not null group by thread_id),
  walked as (
    select s.thread_id, m.id, m.created_at, m.sender_id, m.is_after_silence
    from started s cross join lateral (
      (select id, created_at, sender_id, false as is_after_silence from messages
       where thread_id = s.thread_id and created_at <= s.at order by created_at desc, id desc limit 1)
      union all
      (select id, created_at, sender_id, true from messages where thread_id = s.thread_id order by created_at, id limit 1)
      order by is_after_silence limit 1) m
    union all
    select w.thread_id, m.id, m.created_at, m.sender_id, m.is_after_silence
    from walked w cross join lateral (
      (select id, created_at, sender_id, false as is_after_silence from messages
       where thread_id = w.thread_id and (created_at, id) > (w.created_at, w.id) and created_at < w.created_at + ${SILENCE}
       order by created_at desc, id desc limit 1)
      union all
      (select id, created_at, sender_id, true from messages
       where thread_id = w.thread_id and (created_at, id) > (w.created_at, w.id) order by created_at, id limit 1)
      order by is_after_silence limit 1) m)`;

function factsOf(row: Row, preferences: readonly Preference[]): UnreadParticipant {
  const { userId, threadId, projectId } = row;
  const subject = { eventType: threadUnreadStale.type, channel: "email", projectId, threadId } as const;
  return {
    userId,
    threadId,
    projectId,
    joinedAt: hostInstant(row.joinedAt),
    lastActiveAt: row.lastActiveAt === null ? null : hostInstant(row.lastActiveAt),
    muted: preferenceFor(preferences, subject) === "muted",
    oldestUnread: { id: row.oldestId, at: hostInstant(row.oldestAt) },
    lastNudge:
      row.nudgedId === null || row.nudgedMessageAt === null || row.nudgedAt === null
        ? null
        : {
            oldestUnreadId: row.nudgedId,
            oldestUnreadAt: hostInstant(row.nudgedMessageAt),
            step: row.nudgedStep ?? 1,
            nudgedAt: new Date(row.nudgedAt),
          },
    afterSilence:
      row.afterId === null || row.afterAt === null ? null : { id: row.afterId, at: hostInstant(row.afterAt) },
  };
}
