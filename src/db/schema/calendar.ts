import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { bytes, id, instant, ref } from "./columns.ts";
import { meetings } from "./platform.ts";
import { users } from "./users.ts";

/** A user's calendar with a provider, and the sealed tokens that open it (src/sealed-text.ts). */
export const calendarConnections = pgTable(
  "calendar_connections",
  {
    id: id(),
    userId: ref()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    provider: text({ enum: ["google"] }).notNull(),
    /** The provider's name of the calendar. */
    calendarId: text().notNull().default("primary"),
    status: text({ enum: ["active", "action_required", "disconnected"] })
      .notNull()
      .default("active"),
    /** Why it is not active. */
    reason: text(),
    /** Null once it is disconnected and nothing is left to be stopped. */
    refreshToken: text(),
    accessToken: text(),
    accessExpiresAt: instant(),
    /** Counts how often it was connected: an answer to an earlier grant says nothing about this one. */
    grantNumber: integer().notNull().default(1),
    /** What the provider is asked to go on from. Null: everything has to be read again. */
    syncToken: text(),
    /** The next page of a sync that is under way. */
    pageToken: text(),
    /** When the sync of everything began that is under way, and the last one that is complete. */
    fullSyncStartedAt: instant(),
    fullSyncedAt: instant(),
    /** When the last sync of any kind was complete. */
    syncedAt: instant(),
    createdAt: instant().notNull().defaultNow(),
    updatedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // connecting again replaces the grant.
    uniqueIndex("calendar_connections_user").on(t.userId, t.provider),
    // the full pass: connections that are alive.
    index("calendar_connections_active").on(t.id).where(sql`status = 'active'`),
    // the slow poll: those that were not read for longest.
    index("calendar_connections_synced").on(t.syncedAt).where(sql`status = 'active'`),
    check("calendar_connections_status", sql`status in ('active', 'action_required', 'disconnected')`),
    check("calendar_connections_provider", sql`provider in ('google')`),
    check("calendar_connections_grant", sql`status = 'disconnected' or refresh_token is not null`),
  ],
);

/** A channel over which the provider says that a calendar has changed. Its id is ours, and new for every channel. */
export const calendarChannels = pgTable(
  "calendar_channels",
  {
    id: uuid().primaryKey(),
    connectionId: ref()
      .notNull()
      .references(() => calendarConnections.id, { onDelete: "cascade" }),
    state: text({ enum: ["creating", "active", "draining", "stopped"] }).notNull(),
    /** The provider's name of what is watched: stopping needs it. Null while no answer and no message has told it. */
    resourceId: text(),
    /** SHA-256 of the channel's secret. Null while it is being created. */
    tokenHash: bytes(),
    expiresAt: instant(),
    /** From when on it is to be replaced. */
    renewAt: instant(),
    createdAt: instant().notNull().defaultNow(),
    stoppedAt: instant(),
  },
  (t) => [
    // one new channel at a time.
    uniqueIndex("calendar_channels_creating").on(t.connectionId).where(sql`state = 'creating'`),
    // the channels of a connection that are not stopped.
    index("calendar_channels_open").on(t.connectionId).where(sql`state <> 'stopped'`),
    // the hourly pass: what is to be replaced.
    index("calendar_channels_renew").on(t.renewAt).where(sql`state = 'active'`),
    // both passes: what is still to be stopped.
    index("calendar_channels_draining").on(t.expiresAt).where(sql`state = 'draining'`),
    // the full pass: what was stopped long ago.
    index("calendar_channels_stopped").on(t.stoppedAt).where(sql`state = 'stopped'`),
    check("calendar_channels_state", sql`state in ('creating', 'active', 'draining', 'stopped')`),
    check(
      "calendar_channels_active",
      sql`state <> 'active' or num_nulls(resource_id, token_hash, expires_at, renew_at) = 0`,
    ),
    check("calendar_channels_stopped_when", sql`(state = 'stopped') = (stopped_at is not null)`),
  ],
);

/** A meeting that came from a calendar: one, in however many calendars it stands. */
export const calendarMeetings = pgTable(
  "calendar_meetings",
  {
    meetingId: ref()
      .primaryKey()
      .references(() => meetings.id, { onDelete: "cascade" }),
    provider: text({ enum: ["google"] }).notNull(),
    /** The same in every calendar. */
    icalUid: text().notNull(),
    /** Which of a series it is, by when it was to begin at first; empty for one that is alone. */
    originalStart: text().notNull().default(""),
    /** When it was last changed there: what is older says nothing new. */
    changedAt: instant().notNull(),
  },
  (t) => [
    // sync-calendar: the meeting that an entry of a calendar stands for.
    uniqueIndex("calendar_meetings_source").on(t.provider, t.icalUid, t.originalStart),
  ],
);

/** An entry of a calendar that stands for a meeting. The provider tells of its removal by its id alone. */
export const calendarCopies = pgTable(
  "calendar_copies",
  {
    connectionId: ref()
      .notNull()
      .references(() => calendarConnections.id, { onDelete: "cascade" }),
    eventId: text().notNull(),
    meetingId: ref()
      .notNull()
      .references(() => meetings.id, { onDelete: "cascade" }),
    /** Whether the calendar is the organizer's: removed there, the meeting is off. */
    isOrganizer: boolean().notNull(),
    /** The last sync that has seen it. */
    seenAt: instant().notNull(),
  },
  (t) => [
    // sync-calendar: entries that were changed or removed.
    primaryKey({ columns: [t.connectionId, t.eventId] }),
    // whether a meeting still stands in any calendar.
    index("calendar_copies_meeting").on(t.meetingId),
  ],
);
