import { chatThreadParticipantAdded } from "../events/host.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { byInes, SAMPLE_LIBRARY } from "./samples.ts";
import { named, threadLink } from "./wording.ts";

export const chatThreadParticipantAddedNotification = defineNotification({
  event: chatThreadParticipantAdded,
  to: "the added participant",
  recipientTables: ["chat_thread_participants"],
  recipients: userIn("added_user_id"),
  access: "thread",
  inApp: true,
  email: {
    kind: "immediate",
    section: "Conversations",
    button: "Open the conversation",
    reason: "You get this because you were added to a conversation.",
    about: "new conversations",
    sample: {
      payload: { added_user_id: "5" },
      names: byInes({ thread: "Opening day" }),
      project: SAMPLE_LIBRARY,
    },
  },
  texts: {
    title: "You were added to {thread}",
    body: "**{actor}** added you to **{thread}**.",
    aThread: "a conversation",
  },
  text: (event, { plain, markdown, actor }) => {
    const thread = named(event.names.thread, plain("aThread"));
    return {
      title: plain("title", { thread }),
      body: markdown("body", { actor, thread }),
      link: threadLink(event),
    };
  },
});
