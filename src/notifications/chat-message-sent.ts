import { sql } from "drizzle-orm";
import { chatMessageSent } from "../events/host.ts";
import { shorten } from "../shorten.ts";
import { mentionedIn, withoutMarkup } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { named, threadLink } from "./wording.ts";

/** Characters of a message that a mentioned user sees. */
const EXCERPT_LENGTH = 280;

/**
 * A mentioned user gets a notification of their own with the text; for the others one unread notification
 * counts the messages of the thread.
 */
export const chatMessageSentNotification = defineNotification({
  event: chatMessageSent,
  to: "the participants, except the sender; mentioned ones by name",
  recipientTables: ["chat_thread_participants"],
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
  texts: {
    counted: { count: { one: "{count} new message in {thread}", other: "{count} new messages in {thread}" } },
    mentioned: "{actor} mentioned you in {thread}",
    quoted: "**{actor}**: {message}",
    aThread: "a conversation",
  },
  text: (event, { plain, markdown, actor, isMentioned, count }) => {
    const thread = named(event.names.thread, plain("aThread"));
    const link = threadLink(event);
    if (!isMentioned) return { title: plain("counted", { count, thread }), body: "", link };
    const message = shorten(withoutMarkup(event.names.message ?? ""), EXCERPT_LENGTH);
    return {
      title: plain("mentioned", { actor, thread }),
      body: markdown("quoted", { actor, message }),
      link,
    };
  },
});
