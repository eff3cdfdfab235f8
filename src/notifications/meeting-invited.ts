import { meetingInvited } from "../events/calendar.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { actorOf, meetingLink, named, timeIn } from "./wording.ts";

/** For whoever was invited. */
export const tellMeetingInvited = defineNotification({
  event: meetingInvited,
  recipients: userIn("invited_user_id"),
  access: "meeting",
  inApp: true,
  emailKind: () => null,
  text: (event, { timeZone }) => {
    const { names } = event;
    const meeting = named(names.meeting, "a meeting");
    const when = names.meetingStart ? `, ${timeIn(names.meetingStart, timeZone)}` : "";
    return {
      title: `Invitation: ${meeting}`,
      body: `${bold(actorOf(names))} invited you to ${bold(meeting)}${when}.`,
      link: meetingLink(event),
    };
  },
});
