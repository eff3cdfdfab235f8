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
import { meetings } from "./meetings.ts";
import { userRef } from "./users.ts";

/** A user's calendar at a provider, with the encrypted tokens for it (src/sealed-text.ts). */
export const calendarConnections = pgTable(
  "calendar_connections",
  {
    id: id(),
    userId: userRef(),
    provider: text({ enum: ["google"] }).notNull(),
    /** The provider's id of the calendar. */
    calendarId: text().notNull().default("primary"),
    status: text({ enum: ["active", "action_required", "disconnected"] })
      .notNull()
      .default("active"),
    /** Why it is not active. */
    reason: text(),
    /** Null once it is disconnected and no channel is left to stop. */
    refreshToken: text(),
    accessToken: text(),
    accessExpiresAt: instant(),
    /** Numbers the grants, so that a response to an earlier one is not applied to this one. */
    grantNumber: integer().notNull().default(1),
    /**
     * SHA-256 of the provider's name of the calendar: another name under a new grant is another account.
     * Null: not read yet.
     */
    calendarName: bytes(),
    /** Where the next sync continues. Null: a full sync is due. */
    syncToken: text(),
    /** The next page of the current sync. */
    pageToken: text(),
    /** Start of the current full sync, and of the last complete one under the current grant. */
    fullSyncStartedAt: instant(),
    fullSyncedAt: instant(),
    /** End of the last sync of any kind. */
    syncedAt: instant(),
    createdAt: instant().notNull().defaultNow(),
    updatedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // connecting again replaces the grant.
    uniqueIndex("calendar_connections_user").on(t.userId, t.provider),
    // the full pass: active connections.
    index("calendar_connections_active").on(t.id).where(sql`status = 'active'`),
    // poll-calendars: the longest not synced.
    index("calendar_connections_synced").on(t.syncedAt).where(sql`status = 'active'`),
    check("calendar_connections_status", sql`status in ('active', 'action_required', 'disconnected')`),
    check("calendar_connections_provider", sql`provider in ('google')`),
    check("calendar_connections_grant", sql`status = 'disconnected' or refresh_token is not null`),
  ],
);

/** A channel on which the provider notifies us of changes. We choose its id, a new one for each channel. */
export const calendarChannels = pgTable(
  "calendar_channels",
  {
    id: uuid().primaryKey(),
    connectionId: ref()
      .notNull()
      .references(() => calendarConnections.id, { onDelete: "cascade" }),
    state: text({ enum: ["creating", "active", "draining", "stopped"] }).notNull(),
    /**
     * The provider's id of the watched resource, needed for stopping. Null until a response or a notification
     * contains it.
     */
    resourceId: text(),
    /** SHA-256 of the channel's secret. Null while it is being created. */
    tokenHash: bytes(),
    expiresAt: instant(),
    /** When it is due to be replaced. */
    renewAt: instant(),
    createdAt: instant().notNull().defaultNow(),
    stoppedAt: instant(),
  },
  (t) => [
    // one new channel at a time.
    uniqueIndex("calendar_channels_creating").on(t.connectionId).where(sql`state = 'creating'`),
    // the open channels of a connection.
    index("calendar_channels_open").on(t.connectionId).where(sql`state <> 'stopped'`),
    // the hourly pass: channels to replace.
    index("calendar_channels_renew").on(t.renewAt).where(sql`state = 'active'`),
    // both passes: channels to stop.
    index("calendar_channels_draining").on(t.expiresAt).where(sql`state = 'draining'`),
    // the full pass: channels stopped long ago.
    index("calendar_channels_stopped").on(t.stoppedAt).where(sql`state = 'stopped'`),
    check("calendar_channels_state", sql`state in ('creating', 'active', 'draining', 'stopped')`),
    check(
      "calendar_channels_active",
      sql`state <> 'active' or num_nulls(resource_id, token_hash, expires_at, renew_at) = 0`,
    ),
    check("calendar_channels_stopped_when", sql`(state = 'stopped') = (stopped_at is not null)`),
  ],
);

/** A meeting read from calendars: one row, however many calendars contain it. */
export const calendarMeetings = pgTable(
  "calendar_meetings",
  {
    meetingId: ref()
      .primaryKey()
      .references(() => meetings.id, { onDelete: "cascade" }),
    provider: text({ enum: ["google"] }).notNull(),
    /** The same in all calendars. */
    icalUid: text().notNull(),
    /** Identifies the instance of a series by its original start; empty for a single meeting. */
    originalStart: text().notNull().default(""),
    /**
     * The version that is stored: its last change at the provider, the connection it was read from (null
     * after a cancellation), and whether that is the organizer's (src/scoring/calendar/meeting-version.ts).
     */
    changedAt: instant().notNull(),
    sourceId: ref(),
    fromOrganizer: boolean().notNull().default(false),
    /** Hashed addresses of its organizer and guests, and whether the list is complete. */
    guests: text().array().notNull().default(sql`'{}'`),
    showsEverybody: boolean().notNull().default(true),
  },
  (t) => [
    // sync-calendar: the meeting of a calendar entry.
    uniqueIndex("calendar_meetings_source").on(t.provider, t.icalUid, t.originalStart),
  ],
);

/** A calendar entry and its meeting. The provider reports removed entries by id only. */
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
    /** Whether this is the organizer's calendar: an entry removed there cancels the meeting. */
    isOrganizer: boolean().notNull(),
    /** The hashed address of the owner in this entry, and their response. Null if they are not listed. */
    selfKey: text(),
    response: text({ enum: ["pending", "accepted", "declined", "tentative"] }),
    /** When it was removed: its owner has declined. */
    removedAt: instant(),
    /** The last sync that saw it. */
    seenAt: instant().notNull(),
  },
  (t) => [
    // sync-calendar: changed and removed entries.
    primaryKey({ columns: [t.connectionId, t.eventId] }),
    // whether a meeting is still in any calendar.
    index("calendar_copies_meeting").on(t.meetingId),
  ],
);
