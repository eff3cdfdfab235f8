import { chatThreadParticipantAdded } from "../events/host.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { actorOf, named, threadLink } from "./wording.ts";

/** For whoever was brought in. */
export const tellChatThreadParticipantAdded = defineNotification({
  event: chatThreadParticipantAdded,
  recipients: userIn("added_user_id"),
  access: "thread",
  inApp: true,
  emailKind: () => "immediate",
  text: (event) => {
    const topic = named(event.names.thread, "a conversation");
    return {
      title: `You were added to ${topic}`,
      body: `${bold(actorOf(event.names))} added you to ${bold(topic)}.`,
      link: threadLink(event),
    };
  },
});
