import { meetingReminder } from "../events/nudges.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { counted, meetingLink, named, timeIn } from "./wording.ts";

const MINUTE_MS = 60_000;

/** For one who takes part. Says how many minutes are left when it is told, and the time where its reader lives. */
export const tellMeetingReminder = defineNotification({
  event: meetingReminder,
  recipients: userIn("user_id"),
  access: "meeting",
  inApp: true,
  emailKind: () => null,
  text: (event, { timeZone, now }) => {
    const meeting = named(event.names.meeting, "Your meeting");
    const start = new Date(event.payload.start_time);
    const minutes = Math.ceil((start.getTime() - now.getTime()) / MINUTE_MS);
    const soon = minutes > 0 ? `begins in ${counted(minutes, "minute")}` : "has begun";
    return {
      title: `${meeting} ${soon}`,
      body: `${bold(meeting)} ${soon}: ${timeIn(start, timeZone)}.`,
      link: meetingLink(event),
    };
  },
});
