import { meetingInvited } from "../events/calendar.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { actorOf, meetingLink, named, timeIn } from "./wording.ts";

/** For the invited user. */
export const meetingInvitedNotification = defineNotification({
  event: meetingInvited,
  recipients: userIn("invited_user_id"),
  access: "meeting",
  inApp: true,
  email: null,
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
