import { sql } from "drizzle-orm";
import { boolean, check, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { id, instant, ref } from "./columns.ts";

/**
 * What participants of meetings were reminded of. Written by the statement that reads meeting and participant, so that a foreign key
 * would look up again what has just been read.
 */
export const meetingReminders = pgTable(
  "meeting_reminders",
  {
    meetingId: ref().notNull(),
    userId: ref().notNull(),
    /** The start that was reminded of: a meeting that is moved is another one, and moved back the same again. */
    startTime: instant().notNull(),
    offsetMinutes: integer().notNull(),
    /** False for an offset that was missed, and settled by the reminder of a nearer one. */
    told: boolean().notNull(),
    decidedAt: instant().notNull(),
  },
  (t) => [
    // the last line of defence: a reminder is given once. And what was settled for a participant.
    primaryKey({ columns: [t.meetingId, t.userId, t.startTime, t.offsetMinutes] }),
    check("meeting_reminders_offset", sql`offset_minutes > 0`),
  ],
);

/** Nudges about unread messages. They outlive the messages for a while; written by the statement that reads them, so without foreign keys. */
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
    // the last line of defence: a nudge is given once. And the latest one of a participant.
    primaryKey({ columns: [t.userId, t.threadId, t.oldestUnreadId, t.step] }),
    check("unread_nudges_step", sql`step in (1, 2)`),
  ],
);

/**
 * Whom a run has to look at: written by triggers, taken by the run. A thread alone stands for all of its participants, a user alone for
 * all that is watched of them. Only ever inserted and deleted, so that the host platform never waits for a run.
 */
export const unreadMarks = pgTable(
  "unread_marks",
  {
    id: id(),
    threadId: ref(),
    userId: ref(),
    /** When the message was written; it is looked at when it is as old as the threshold. -infinity: by the next run. */
    at: instant().notNull(),
  },
  (t) => [
    // unread-thread-nudges: what is due, oldest first.
    index("unread_marks_due").on(t.at, t.id),
  ],
);

/** Participants with unread messages whom a run looks at again at an instant, if nothing marks them before. Kept by the runs alone. */
export const unreadWatches = pgTable(
  "unread_watches",
  {
    userId: ref().notNull(),
    threadId: ref().notNull(),
    /** infinity: the thread is muted, and a change of preferences marks its user. */
    lookAt: instant().notNull(),
  },
  (t) => [
    // what is watched of a participant, or of a user.
    primaryKey({ columns: [t.userId, t.threadId] }),
    // unread-thread-nudges: what is due.
    index("unread_watches_due").on(t.lookAt),
  ],
);

/** Nudges about incomplete resumes: once for each owner, resume, edit and step. */
export const resumeNudges = pgTable(
  "resume_nudges",
  {
    userId: ref().notNull(),
    /** What is incomplete. */
    kind: text({ enum: ["project", "borrower"] }).notNull(),
    /** The project. */
    subjectId: ref().notNull(),
    /** The last edit that the steps count from; the making of the project when there was none. */
    anchorAt: instant().notNull(),
    step: integer().notNull(),
    nudgedAt: instant().notNull(),
  },
  (t) => [
    // the last line of defence: a step is told once. And the steps that were told of a resume.
    primaryKey({ columns: [t.subjectId, t.kind, t.userId, t.anchorAt, t.step] }),
    check("resume_nudges_kind", sql`kind in ('project', 'borrower')`),
    check("resume_nudges_step", sql`step between 1 and 4`),
  ],
);
