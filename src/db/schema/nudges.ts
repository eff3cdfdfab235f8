import { sql } from "drizzle-orm";
import { boolean, check, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { id, instant, ref } from "./columns.ts";

/**
 * Reminders of meetings. No foreign keys: the statement that writes a row has just read the meeting and the
 * participant.
 */
export const meetingReminders = pgTable(
  "meeting_reminders",
  {
    meetingId: ref().notNull(),
    userId: ref().notNull(),
    /** The start time that it was for: a moved meeting gets new reminders, unless it is moved back. */
    startTime: instant().notNull(),
    offsetMinutes: integer().notNull(),
    /** False for a missed offset, which the reminder of a nearer one settled. */
    told: boolean().notNull(),
    decidedAt: instant().notNull(),
  },
  (t) => [
    // a reminder is sent once. The reminders of a participant.
    primaryKey({ columns: [t.meetingId, t.userId, t.startTime, t.offsetMinutes] }),
    // prune-notifications: reminders of meetings that began long ago.
    index("meeting_reminders_start").on(t.startTime),
    check("meeting_reminders_offset", sql`offset_minutes > 0`),
  ],
);

/** Nudges about unread messages. Kept for a while after the messages are deleted, so without foreign keys. */
export const unreadNudges = pgTable(
  "unread_nudges",
  {
    userId: ref().notNull(),
    threadId: ref().notNull(),
    oldestUnreadId: ref().notNull(),
    step: integer().notNull(),
    nudgedAt: instant().notNull(),
  },
  (t) => [
    // a nudge is sent once. The latest one of a participant.
    primaryKey({ columns: [t.userId, t.threadId, t.oldestUnreadId, t.step] }),
    check("unread_nudges_step", sql`step in (1, 2)`),
  ],
);

/**
 * Marks for the next run: inserted by triggers, deleted by the run, never updated, so that the host never
 * waits for a run. A mark with a thread only is for all its participants, one with a user only for all
 * watched threads of that user.
 */
export const unreadMarks = pgTable(
  "unread_marks",
  {
    id: id(),
    threadId: ref(),
    userId: ref(),
    /** The time of the message, which is checked at the age of the threshold. -infinity: by the next run. */
    at: instant().notNull(),
  },
  (t) => [
    // unread-thread-nudges: due marks, oldest first.
    index("unread_marks_due").on(t.at, t.id),
  ],
);

/**
 * Participants with unread messages, and when to check them again unless a mark comes first. Written by runs
 * only.
 */
export const unreadWatches = pgTable(
  "unread_watches",
  {
    userId: ref().notNull(),
    threadId: ref().notNull(),
    /** infinity: the thread is muted; a change of preferences marks the user. */
    lookAt: instant().notNull(),
  },
  (t) => [
    // the watches of a participant, or of a user.
    primaryKey({ columns: [t.userId, t.threadId] }),
    // unread-thread-nudges: due watches.
    index("unread_watches_due").on(t.lookAt),
  ],
);

/** Nudges about incomplete resumes: one for each owner, resume, edit and step. */
export const resumeNudges = pgTable(
  "resume_nudges",
  {
    userId: ref().notNull(),
    /** The kind of resume. */
    kind: text({ enum: ["project", "borrower"] }).notNull(),
    /** The project. */
    subjectId: ref().notNull(),
    /** The last edit, which the steps count from; without one, the creation of the project. */
    anchorAt: instant().notNull(),
    step: integer().notNull(),
    nudgedAt: instant().notNull(),
  },
  (t) => [
    // a step is sent once. The steps of a resume.
    primaryKey({ columns: [t.subjectId, t.kind, t.userId, t.anchorAt, t.step] }),
    check("resume_nudges_kind", sql`kind in ('project', 'borrower')`),
    check("resume_nudges_step", sql`step between 1 and 4`),
  ],
);
