import { chatThreadParticipantAdded } from "../events/host.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { byInes, SAMPLE_LIBRARY } from "./samples.ts";
import { actorOf, named, threadLink } from "./wording.ts";

/** For the added participant. */
export const chatThreadParticipantAddedNotification = defineNotification({
  event: chatThreadParticipantAdded,
  recipients: userIn("added_user_id"),
  access: "thread",
  inApp: true,
  email: {
    kind: "immediate",
    section: "Conversations",
    button: "Open the conversation",
    because: "you were added to a conversation",
    about: "new conversations",
    sample: {
      payload: { added_user_id: "5" },
      names: byInes({ thread: "Opening day" }),
      project: SAMPLE_LIBRARY,
    },
  },
  text: (event) => {
    const topic = named(event.names.thread, "a conversation");
    return {
      title: `You were added to ${topic}`,
      body: `${bold(actorOf(event.names))} added you to ${bold(topic)}.`,
      link: threadLink(event),
    };
  },
});
