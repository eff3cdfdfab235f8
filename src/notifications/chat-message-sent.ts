import { sql } from "drizzle-orm";
import { chatMessageSent } from "../events/host.ts";
import { shorten } from "../shorten.ts";
import { bold, escapeMarkdown, mentionedIn, withoutMarkup } from "./markdown.ts";
import { defineNotification, type ToldEvent } from "./notification-type.ts";
import { actorOf, named, threadLink } from "./wording.ts";

/** So much of a message is shown to whoever it mentions. */
const EXCERPT_LENGTH = 280;

const isMentioned = ({ names }: ToldEvent, userId: string): boolean =>
  names.message !== null && mentionedIn(names.message).includes(userId);

/**
 * For whoever takes part, except who wrote it. Whoever is mentioned gets the text; for the others the messages of a thread are counted
 * in one notification until they read it.
 */
export const tellChatMessageSent = defineNotification({
  event: chatMessageSent,
  recipients: sql`
    select e.event_id, p.user_id from e
    join messages s on s.id = (e.payload->>'message_id')::bigint
    join chat_thread_participants p on p.thread_id = e.thread_id
    where p.user_id <> s.sender_id and p.user_id is distinct from e.actor_id`,
  access: "thread",
  inApp: true,
  emailKind: () => null,
  countsInThread: (event, userId) => !isMentioned(event, userId),
  text: (event, reader) => {
    const { names } = event;
    const topic = named(names.thread, "a conversation");
    const link = threadLink(event);
    // The number in front is kept by whoever counts further messages into it.
    if (!isMentioned(event, reader.userId)) return { title: `1 new message in ${topic}`, body: "", link };
    return {
      title: `${actorOf(names)} mentioned you in ${topic}`,
      body: `${bold(actorOf(names))}: ${escapeMarkdown(shorten(withoutMarkup(names.message ?? ""), EXCERPT_LENGTH))}`,
      link,
    };
  },
});
