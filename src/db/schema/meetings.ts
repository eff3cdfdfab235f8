import { sql } from "drizzle-orm";
import { check, index, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { hostId, id, instant, knownIdIndex, ref } from "./columns.ts";
import { projects } from "./platform.ts";
import { userRef, users } from "./users.ts";

// Meetings, which the host platform or a synced calendar fills.

/** A meeting. */
export const meetings = pgTable(
  "meetings",
  {
    id: id(),
    hostId: hostId(),
    projectId: ref().references(() => projects.id, { onDelete: "set null" }),
    /** Null: not a user. */
    organizerId: ref().references(() => users.id, { onDelete: "set null" }),
    title: text().notNull(),
    startTime: instant().notNull(),
    endTime: instant().notNull(),
    status: text({ enum: ["scheduled", "cancelled", "completed"] })
      .notNull()
      .default("scheduled"),
    createdAt: instant().notNull().defaultNow(),
    updatedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    knownIdIndex("meetings_known_id", t),
    // meeting-reminders: meetings that begin soon.
    index("meetings_scheduled").on(t.startTime).where(sql`status = 'scheduled'`),
    check("meetings_status", sql`status in ('scheduled', 'cancelled', 'completed')`),
    check("meetings_span", sql`end_time >= start_time`),
  ],
);

/** Participants of a meeting, and their responses. */
export const meetingParticipants = pgTable(
  "meeting_participants",
  {
    meetingId: ref()
      .notNull()
      .references(() => meetings.id, { onDelete: "cascade" }),
    userId: userRef(),
    hostId: hostId(),
    response: text({ enum: ["pending", "accepted", "declined", "tentative"] })
      .notNull()
      .default("pending"),
    invitedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // recipients of changes and reminders.
    primaryKey({ columns: [t.meetingId, t.userId] }),
    // the meetings of a user.
    index("meeting_participants_user").on(t.userId),
    check("meeting_participants_response", sql`response in ('pending', 'accepted', 'declined', 'tentative')`),
  ],
);
