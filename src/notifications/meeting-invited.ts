import { meetingInvited } from "../events/host.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { meetingLink, named } from "./wording.ts";

/** For the invited user. */
export const meetingInvitedNotification = defineNotification({
  event: meetingInvited,
  to: "the invited user",
  recipientTables: ["meeting_participants"],
  recipients: userIn("invited_user_id"),
  access: "meeting",
  inApp: true,
  email: null,
  texts: {
    title: "Invitation: {meeting}",
    body: "**{actor}** invited you to **{meeting}**.",
    withStart: "**{actor}** invited you to **{meeting}**, {start}.",
    aMeeting: "a meeting",
  },
  text: (event, { plain, markdown, actor, time }) => {
    const { meetingStart } = event.names;
    const meeting = named(event.names.meeting, plain("aMeeting"));
    return {
      title: plain("title", { meeting }),
      body:
        meetingStart === null
          ? markdown("body", { actor, meeting })
          : markdown("withStart", { actor, meeting, start: time(meetingStart) }),
      link: meetingLink(event),
    };
  },
});
