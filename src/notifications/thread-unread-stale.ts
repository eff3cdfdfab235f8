import { sql } from "drizzle-orm";
import type { z } from "zod";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { isByAnother } from "../db/unread-messages.ts";
import { threadUnreadStale } from "../events/nudges.ts";
import { groupBy } from "../group-by.ts";
import { type Preference, preferenceFor } from "../scoring/notifications/preference.ts";
import { MOST_UNREAD } from "../scoring/notifications/unread-nudge.ts";
import { defineNotification, type NotificationEvent, type PendingItem } from "./notification-type.ts";
import { readPreferences } from "./read-preferences.ts";
import { userIn } from "./recipients.ts";
import { SAMPLE_GARDENS } from "./samples.ts";
import { named, threadLink } from "./wording.ts";

/** For a user with unread messages. E-mail only: the app counts unread messages already. */
export const threadUnreadStaleNotification = defineNotification({
  event: threadUnreadStale,
  recipients: userIn("user_id"),
  access: "none",
  inApp: false,
  email: {
    kind: "digest",
    section: "Unread conversations",
    button: "Open the conversation",
    reason: "You get this because you are in this conversation.",
    about: "unread conversations",
    textItems: 3,
    sample: {
      payload: { user_id: "5", threads: [{ thread_id: "7", unread: 3, oldest_unread_id: "1", step: 1 }] },
      names: { thread: "Water & soil" },
      project: SAMPLE_GARDENS,
    },
  },
  nudge: "unread",
  texts: {
    one: {
      unread: {
        one: "{unread} unread message in {thread}",
        other: "{unread} unread messages in {thread}",
      },
    },
    oneBody: {
      unread: {
        one: "You have **{unread} unread message** in **{thread}**.",
        other: "You have **{unread} unread messages** in **{thread}**.",
      },
    },
    several: "{unread} unread messages in {threads} conversations",
    severalBody: "You have **{unread} unread messages** in {threads} conversations.",
    uncounted: "Unread messages in {thread}",
    uncountedBody: "You have **unread messages** in **{thread}**.",
    aThread: "a conversation",
  },
  text: (event, { plain, markdown }) => {
    const threads = event.payload.threads ?? [];
    const [first] = threads;
    const unread = threads.reduce((sum, thread) => sum + thread.unread, 0);
    if (threads.length > 1) {
      const counts = { unread, threads: threads.length };
      return { title: plain("several", counts), body: markdown("severalBody", counts), link: "/chat" };
    }
    const thread = named(event.names.thread, plain("aThread"));
    const link = event.threadId === null ? "/chat" : threadLink(event);
    if (first === undefined)
      return { title: plain("uncounted", { thread }), body: markdown("uncountedBody", { thread }), link };
    return { title: plain("one", { unread, thread }), body: markdown("oneBody", { unread, thread }), link };
  },
  /** Keeps the threads that are still unread and not muted, with their current counts. */
  recheck: async (tx, items) => {
    const unread = groupBy(await readUnread(tx, items), ({ deliveryId }) => deliveryId);
    const userIds = [...new Set(items.map(({ userId }) => userId))];
    const preferences = await readPreferences(tx, userIds, [threadUnreadStale.type]);
    return new Map(
      items.map(({ deliveryId, userId, event }) => {
        const threads = (unread.get(deliveryId) ?? [])
          .filter((thread) => !isMuted(thread, preferences.get(userId) ?? []))
          .map(({ deliveryId: _, projectId: __, ...thread }) => thread);
        const payload = { ...event.payload, threads };
        return [deliveryId, threads.length > 0 ? { ...event, payload } : null];
      }),
    );
  },
});

type Stale = z.output<typeof threadUnreadStale.payload>;
type UnreadThread = NonNullable<Stale["threads"]>[number];

/** An unread thread of a delivery. */
type FoundThread = UnreadThread & { readonly deliveryId: string; readonly projectId: string | null };

const isMuted = ({ thread_id: threadId, projectId }: FoundThread, preferences: readonly Preference[]) =>
  preferenceFor(preferences, {
    eventType: threadUnreadStale.type,
    channel: "email",
    projectId,
    threadId,
  }) === "muted";

/** The threads of the payload, or else the event's own. */
function threadsOf({ payload: { threads = [] }, threadId }: NotificationEvent<Stale>) {
  if (threads.length > 0) return threads.map(({ thread_id, step }) => ({ thread_id, step }));
  return threadId === null ? [] : [{ thread_id: threadId, step: 1 }];
}

/** The threads of each delivery that have unread messages now, in their order. */
function readUnread(tx: Tx, items: readonly PendingItem<Stale>[]): Promise<FoundThread[]> {
  const threads = items.flatMap(({ deliveryId, userId, event }) =>
    threadsOf(event).map((thread, index) => ({ delivery_id: deliveryId, user_id: userId, index, ...thread })),
  );
  return rows<FoundThread>(
    tx,
    sql`select i.delivery_id as "deliveryId", i.thread_id, t.project_id as "projectId", i.step, u.unread, u.oldest_unread_id
        from jsonb_to_recordset(${JSON.stringify(threads)}::jsonb) as i(delivery_id bigint, user_id bigint, index int, thread_id bigint, step int)
        join chat_thread_participants p on p.thread_id = i.thread_id and p.user_id = i.user_id
        join chat_threads t on t.id = i.thread_id
        cross join lateral (
          select count(*)::int as unread, min(m.id)::text as oldest_unread_id from (
            select o.id from messages o
            where o.thread_id = i.thread_id and ${isByAnother(sql`o`, sql`i.user_id`)} and o.created_at > coalesce(p.last_read_at, '-infinity')
            order by o.created_at, o.id limit ${MOST_UNREAD}) m) u
        where u.unread > 0
        order by i.delivery_id, i.index`,
  );
}
