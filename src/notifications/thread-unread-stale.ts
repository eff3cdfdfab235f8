import { threadUnreadStale } from "../events/nudges.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { counted, named, threadLink } from "./wording.ts";

/** For whom messages wait. In the app they are counted already, so this is for e-mail alone. */
export const tellThreadUnreadStale = defineNotification({
  event: threadUnreadStale,
  recipients: userIn("user_id"),
  access: "none",
  inApp: false,
  emailKind: () => "digest",
  nudge: "unread",
  text: (event) => {
    const threads = event.payload.threads ?? [];
    if (threads.length > 1) {
      const unread = threads.reduce((sum, thread) => sum + thread.unread, 0);
      return {
        title: `${counted(unread, "unread message")} in ${threads.length} conversations`,
        body: `${bold(counted(unread, "message"))} in ${threads.length} conversations wait for you.`,
        link: "/chat",
      };
    }
    const [thread] = threads;
    const topic = named(event.names.thread, "a conversation");
    const unread = thread ? counted(thread.unread, "unread message") : "Unread messages";
    return {
      title: `${unread} in ${topic}`,
      body: `${bold(unread)} in ${bold(topic)} wait for you.`,
      link: threadLink({ threadId: event.threadId ?? thread?.thread_id ?? null }),
    };
  },
});
