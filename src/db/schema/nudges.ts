import { sql } from "drizzle-orm";
import { boolean, check, integer, pgTable, primaryKey } from "drizzle-orm/pg-core";
import { instant, ref } from "./columns.ts";

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
