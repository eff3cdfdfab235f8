import { sql } from "drizzle-orm";
import { meetingUpdated } from "../events/host.ts";
import { defineNotification } from "./notification-type.ts";
import { meetingLink, named } from "./wording.ts";

/**
 * For the participants, except the one who changed the meeting. Says what changed, or that it was cancelled.
 */
export const meetingUpdatedNotification = defineNotification({
  event: meetingUpdated,
  to: "the participants, except the actor",
  recipientTables: ["meeting_participants"],
  recipients: sql`
    select e.event_id, p.user_id from e join meeting_participants p on p.meeting_id = e.meeting_id
    where p.user_id is distinct from e.actor_id`,
  access: "meeting",
  inApp: true,
  email: null,
  texts: {
    cancelled: "Cancelled: {meeting}",
    cancelledBody: "**{actor}** cancelled **{meeting}**.",
    cancelledWithStart: "**{actor}** cancelled **{meeting}**, {start}.",
    newTime: "{meeting}: new time",
    newParticipants: "{meeting}: participants changed",
    newDetails: "{meeting}: details changed",
    time: "**{actor}** changed the time of **{meeting}**.",
    timeWithStart: "**{actor}** changed the time of **{meeting}**. It starts {start}.",
    timeAndParticipants: "**{actor}** changed the time and the participants of **{meeting}**.",
    timeAndParticipantsWithStart:
      "**{actor}** changed the time and the participants of **{meeting}**. It starts {start}.",
    participants: "**{actor}** changed the participants of **{meeting}**.",
    details: "**{actor}** changed details of **{meeting}**.",
    aMeeting: "a meeting",
  },
  text: (event, { plain, markdown, actor, time }) => {
    const { meetingStart, meetingStatus } = event.names;
    const meeting = named(event.names.meeting, plain("aMeeting"));
    const change = changeOf(event.payload.changes, meetingStatus === "cancelled");
    const body = (): string => {
      if (change === "participants" || change === "details") return markdown(change, { actor, meeting });
      if (meetingStart === null)
        return markdown(change === "cancelled" ? "cancelledBody" : change, { actor, meeting });
      return markdown(`${change}WithStart`, { actor, meeting, start: time(meetingStart) });
    };
    return { title: plain(TITLES[change], { meeting }), body: body(), link: meetingLink(event) };
  },
});

const TITLES = {
  cancelled: "cancelled",
  time: "newTime",
  timeAndParticipants: "newTime",
  participants: "newParticipants",
  details: "newDetails",
} as const;

function changeOf(
  { time, participants }: { readonly time: boolean; readonly participants: boolean },
  isCancelled: boolean,
): keyof typeof TITLES {
  if (isCancelled) return "cancelled";
  if (time) return participants ? "timeAndParticipants" : "time";
  return participants ? "participants" : "details";
}
