import { sql } from "drizzle-orm";
import { meetingUpdated } from "../events/calendar.ts";
import { bold } from "./markdown.ts";
import { defineNotification, type Names } from "./notification-type.ts";
import { actorOf, meetingLink, named, timeIn } from "./wording.ts";

/** For the participants, except the one who changed the meeting. Says what changed, or that it is off. */
export const meetingUpdatedNotification = defineNotification({
  event: meetingUpdated,
  recipients: sql`
    select e.event_id, p.user_id from e join meeting_participants p on p.meeting_id = e.meeting_id
    where p.user_id is distinct from e.actor_id`,
  access: "meeting",
  inApp: true,
  email: null,
  text: (event, { timeZone }) => {
    const { names, payload } = event;
    const meeting = named(names.meeting, "a meeting");
    if (names.meetingStatus === "cancelled")
      return {
        title: `Cancelled: ${meeting}`,
        body: `${bold(actorOf(names))} cancelled ${bold(meeting)}${startOf(names, timeZone)}.`,
        link: meetingLink(event),
      };
    const { time, participants } = payload.changes;
    const when = time && names.meetingStart ? ` It starts ${timeIn(names.meetingStart, timeZone)}.` : "";
    return {
      title: `${meeting}: ${time ? "new time" : participants ? "participants changed" : "details changed"}`,
      body: `${bold(actorOf(names))} changed ${partsOf(payload.changes)} of ${bold(meeting)}.${when}`,
      link: meetingLink(event),
    };
  },
});

const startOf = ({ meetingStart }: Names, timeZone: string): string =>
  meetingStart === null ? "" : `, ${timeIn(meetingStart, timeZone)}`;

function partsOf({ time, participants }: { readonly time: boolean; readonly participants: boolean }): string {
  if (time && participants) return "the time and the participants";
  if (time) return "the time";
  return participants ? "the participants" : "details";
}
