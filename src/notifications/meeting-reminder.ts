import { meetingReminder } from "../events/nudges.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { counted, meetingLink, named, timeIn } from "./wording.ts";

const MINUTE_MS = 60_000;

/** For one participant. Shows the minutes left at the time of writing, and the start in the reader's zone. */
export const meetingReminderNotification = defineNotification({
  event: meetingReminder,
  recipients: userIn("user_id"),
  access: "meeting",
  inApp: true,
  email: null,
  text: (event, { timeZone, now }) => {
    const meeting = named(event.names.meeting, "Your meeting");
    const start = new Date(event.payload.start_time);
    const minutes = Math.ceil((start.getTime() - now.getTime()) / MINUTE_MS);
    const soon = minutes > 0 ? `starts in ${counted(minutes, "minute")}` : "has started";
    return {
      title: `${meeting} ${soon}`,
      body: `${bold(meeting)} ${soon}: ${timeIn(start, timeZone)}.`,
      link: meetingLink(event),
    };
  },
});
