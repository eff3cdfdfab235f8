import { sql } from "drizzle-orm";
import { meetingUpdated } from "../events/calendar.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { actorOf, meetingLink, named, timeIn } from "./wording.ts";

/** For whoever takes part, except who changed it. Says what changed. */
export const tellMeetingUpdated = defineNotification({
  event: meetingUpdated,
  recipients: sql`
    select e.event_id, p.user_id from e join meeting_participants p on p.meeting_id = e.meeting_id
    where p.user_id is distinct from e.actor_id`,
  access: "meeting",
  inApp: true,
  emailKind: () => null,
  text: (event, { timeZone }) => {
    const { names, payload } = event;
    const meeting = named(names.meeting, "a meeting");
    const { time, participants } = payload.changes;
    const what =
      time && participants
        ? "the time and the people"
        : time
          ? "the time"
          : participants
            ? "the people"
            : "details";
    const when = time && names.meetingStart ? ` It begins ${timeIn(names.meetingStart, timeZone)}.` : "";
    return {
      title: `${meeting}: ${time ? "new time" : participants ? "people changed" : "changed"}`,
      body: `${bold(actorOf(names))} changed ${what} of ${bold(meeting)}.${when}`,
      link: meetingLink(event),
    };
  },
});
