import { sql } from "drizzle-orm";
import { chatMessageSent } from "../events/host.ts";
import { shorten } from "../shorten.ts";
import { bold, escapeMarkdown, mentionedIn, withoutMarkup } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { actorOf, named, threadLink } from "./wording.ts";

/** Characters of a message that a mentioned user sees. */
const EXCERPT_LENGTH = 280;

/**
 * For the participants, except the sender. A mentioned user gets a notification of their own with the text;
 * for the others one unread notification counts the messages of the thread.
 */
export const chatMessageSentNotification = defineNotification({
  event: chatMessageSent,
  recipients: sql`
    select e.event_id, p.user_id from e
    join messages s on s.id = (e.payload->>'message_id')::bigint
    join chat_thread_participants p on p.thread_id = e.thread_id
    where p.user_id <> s.sender_id and p.user_id is distinct from e.actor_id`,
  access: "thread",
  inApp: true,
  email: null,
  references: (payload) => ({ messageId: payload.message_id }),
  mentions: ({ names }) => mentionedIn(names.message ?? ""),
  countsInThread: true,
  staleReason: sql`(
    select 'read-meanwhile' from chat_thread_participants t join messages s on s.thread_id = t.thread_id
    where s.id = (e.payload->>'message_id')::bigint and t.user_id = u.id and t.last_read_at >= s.created_at)`,
  text: (event, { isMentioned }) => {
    const { names } = event;
    const topic = named(names.thread, "a conversation");
    const link = threadLink(event);
    // record-deliveries.ts replaces the number when it counts further messages.
    if (!isMentioned) return { title: `1 new message in ${topic}`, body: "", link };
    return {
      title: `${actorOf(names)} mentioned you in ${topic}`,
      body: `${bold(actorOf(names))}: ${escapeMarkdown(shorten(withoutMarkup(names.message ?? ""), EXCERPT_LENGTH))}`,
      link,
    };
  },
});
