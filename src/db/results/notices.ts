import { INSTANT, isActiveUser, knownId, type ResultView, USER_ID } from "./result-view.ts";

export const NOTICE_VIEWS: readonly ResultView[] = [
  {
    name: "notifications",
    about: "The notification list of each user.",
    columns: {
      id: ["bigint", "the notification"],
      user_id: USER_ID,
      event_type: ["text", "type of the domain event"],
      event_id: ["bigint", "the domain event"],
      project_id: ["text", "the project, if it is about one"],
      thread_id: ["text", "the thread, if it is about one"],
      title: ["text", "plain text"],
      body: ["text", "Markdown"],
      link: ["text", "where it leads: a path"],
      count: ["integer", "number of events that it stands for"],
      created_at: [INSTANT, "when it was created"],
      updated_at: [INSTANT, "when an event was added last"],
      read_at: [INSTANT, "null while it is unread"],
    },
    lookups: ["user_id"],
    select: `select n.id, ${knownId("u")}, n.event_type, n.event_id, ${knownId("p")}, ${knownId("t")}, n.title, n.body, n.link, n.count,
  n.created_at, n.updated_at, n.read_at
from notifications n
join users u on u.id = n.user_id and ${isActiveUser("u")}
left join projects p on p.id = n.project_id
left join chat_threads t on t.id = n.thread_id`,
  },
  {
    name: "meeting_reminders_sent",
    about: "Which participants were reminded of which meetings.",
    columns: {
      meeting_id: ["text", "the meeting"],
      user_id: USER_ID,
      start_time: [INSTANT, "the start of the meeting that the reminder named"],
      offset_minutes: ["integer", "minutes before the start"],
      sent_at: [INSTANT, "when the reminder was decided"],
    },
    lookups: ["meeting_id"],
    select: `select ${knownId("m")}, ${knownId("u")}, r.start_time, r.offset_minutes, r.decided_at
from meeting_reminders r
join meetings m on m.id = r.meeting_id
join users u on u.id = r.user_id and ${isActiveUser("u")}
where r.told`,
  },
  {
    name: "unread_thread_stale_log",
    about: "Which users were nudged about which unread threads.",
    columns: {
      user_id: USER_ID,
      thread_id: ["text", "the thread"],
      oldest_unread_id: ["bigint", "the oldest unread message at that time, by our id"],
      step: ["integer", "1 or 2: first or second nudge"],
      nudged_at: [INSTANT, "when the nudge was created"],
    },
    lookups: ["user_id"],
    select: `select ${knownId("u")}, ${knownId("t")}, n.oldest_unread_id, n.step, n.nudged_at
from unread_nudges n
join users u on u.id = n.user_id and ${isActiveUser("u")}
join chat_threads t on t.id = n.thread_id`,
  },
  {
    name: "resume_nudge_log",
    about: "Which users were nudged about which unfinished resumes.",
    columns: {
      project_id: ["text", "the project of the resume"],
      user_id: USER_ID,
      resume_type: ["text", "`project` or `borrower`"],
      step: ["integer", "1 to 4"],
      nudged_at: [INSTANT, "when the nudge was created"],
    },
    lookups: ["project_id"],
    select: `select ${knownId("p")}, ${knownId("u")}, n.kind, n.step, n.nudged_at
from resume_nudges n
join projects p on p.id = n.subject_id
join users u on u.id = n.user_id and ${isActiveUser("u")}`,
  },
];
