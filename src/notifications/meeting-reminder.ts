import { sql } from "drizzle-orm";
import { meetingReminder } from "../events/nudges.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { meetingLink, named } from "./wording.ts";

const MINUTE_MS = 60_000;

/** For one participant. Shows the minutes left at the time of writing, and the start in the reader's zone. */
export const meetingReminderNotification = defineNotification({
  event: meetingReminder,
  recipients: userIn("user_id"),
  access: "meeting",
  inApp: true,
  email: null,
  // It is late after an outage: the meeting may have begun, been moved or cancelled, or the user declined.
  staleReason: sql`case when not exists (
    select 1 from meetings m left join meeting_participants p on p.meeting_id = m.id and p.user_id = u.id
    where m.id = e.meeting_id and m.status = 'scheduled' and m.start_time > c.now
      and date_trunc('milliseconds', m.start_time) = date_trunc('milliseconds', (e.payload->>'start_time')::timestamptz)
      and p.response is distinct from 'declined') then 'overtaken' end`,
  texts: {
    title: {
      minutes: {
        one: "{meeting} starts in {minutes} minute",
        other: "{meeting} starts in {minutes} minutes",
      },
    },
    body: {
      minutes: {
        one: "**{meeting}** starts in {minutes} minute: {start}.",
        other: "**{meeting}** starts in {minutes} minutes: {start}.",
      },
    },
    yourMeeting: "Your meeting",
  },
  text: (event, { plain, markdown, time, now }) => {
    const meeting = named(event.names.meeting, plain("yourMeeting"));
    const start = new Date(event.payload.start_time);
    const minutes = Math.ceil((start.getTime() - now.getTime()) / MINUTE_MS);
    return {
      title: plain("title", { meeting, minutes }),
      body: markdown("body", { meeting, minutes, start: time(start) }),
      link: meetingLink(event),
    };
  },
});
