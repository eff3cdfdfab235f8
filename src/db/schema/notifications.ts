import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { hostId, id, instant, ref } from "./columns.ts";
import { userRef, users } from "./users.ts";

/**
 * Notifications in the app. One for an event and user; the unread messages of a thread share one row, which
 * counts them. No foreign keys: the statement that writes a row has just read the recipient.
 */
export const notifications = pgTable(
  "notifications",
  {
    id: id(),
    userId: ref().notNull(),
    eventType: text().notNull(),
    /** The latest event it is about. */
    eventId: ref().notNull(),
    projectId: ref(),
    threadId: ref(),
    /** Without markup. */
    title: text().notNull(),
    /** Markdown. */
    body: text().notNull(),
    /** A path of the host platform. */
    link: text().notNull(),
    /** The number of its events. */
    count: integer().notNull().default(1),
    /**
     * Titles by the number of events, if it counts: the classes of numbers as digits, then a title for each
     * class (src/languages/count-classes.ts).
     */
    countTitles: text().array(),
    /** Whether later events of its thread are counted here while it is unread. */
    counting: boolean().notNull().default(false),
    createdAt: instant().notNull().defaultNow(),
    updatedAt: instant().notNull().defaultNow(),
    readAt: instant(),
  },
  (t) => [
    // a user is notified of an event once.
    uniqueIndex("notifications_once").on(t.eventId, t.userId),
    // the list and the stream of a user: latest change first.
    index("notifications_changed").on(t.userId, t.updatedAt, t.id),
    // unread notifications of a user: list, count, read-all.
    index("notifications_unread").on(t.userId, t.updatedAt, t.id).where(sql`read_at is null`),
    // fan-out: the row that counts the messages of a thread.
    uniqueIndex("notifications_counting").on(t.userId, t.threadId).where(sql`counting and read_at is null`),
    check("notifications_count", sql`count > 0`),
    check("notifications_counting_thread", sql`not counting or thread_id is not null`),
  ],
);

/** One decision for each event, user and channel, with its reason and its result. */
export const deliveries = pgTable(
  "deliveries",
  {
    id: id(),
    eventId: ref().notNull(),
    eventType: text().notNull(),
    userId: ref().notNull(),
    channel: text({ enum: ["in_app", "email"] }).notNull(),
    /** The notification in the app, if any. Several deliveries may share one. */
    notificationId: ref(),
    decision: text({ enum: ["now", "deferred", "digested", "skipped"] }).notNull(),
    /** The kind of digest it goes into. */
    cadence: text({ enum: ["hourly", "daily", "weekly"] }),
    /** The rule that skipped, deferred or slowed it, if one did. */
    reason: text(),
    /** Earliest time to send it. */
    notBefore: instant(),
    /** The variant of an experiment that the user got. */
    variant: text(),
    status: text({
      enum: ["pending", "sent", "delivered", "bounced", "complained", "failed", "needs_review", "none"],
    }).notNull(),
    digestId: ref(),
    attempts: integer().notNull().default(0),
    /** The kind of the last failure, never an address or a text. */
    error: text(),
    createdAt: instant().notNull().defaultNow(),
    decidedAt: instant().notNull().defaultNow(),
    sentAt: instant(),
  },
  (t) => [
    // decided once. Explaining an event.
    uniqueIndex("deliveries_once").on(t.eventId, t.userId, t.channel),
    // email-instant: single e-mails by time.
    index("deliveries_alone")
      .on(t.notBefore, t.id)
      .where(sql`channel = 'email' and status = 'pending' and decision in ('now', 'deferred')`),
    // digests: the items waiting for a user.
    index("deliveries_digested")
      .on(t.userId, t.cadence, t.id)
      .where(sql`decision = 'digested' and digest_id is null and status = 'pending'`),
    // the items of a digest.
    index("deliveries_digest").on(t.digestId).where(sql`digest_id is not null`),
    // rate limit and cap of nudges: the recent e-mails of a user.
    index("deliveries_let_through")
      .on(t.userId, t.decidedAt)
      .where(sql`channel = 'email' and decision in ('now', 'deferred')`),
    // dashboard: what was decided for a user. Erasing a user.
    index("deliveries_user").on(t.userId, t.id),
    check("deliveries_cadence", sql`decision <> 'digested' or cadence is not null`),
    check("deliveries_skipped_why", sql`decision <> 'skipped' or (reason is not null and status = 'none')`),
    check("deliveries_deferred_until", sql`decision <> 'deferred' or not_before is not null`),
  ],
);

/**
 * Which notifications a user wants, and how. The narrowest match applies
 * (src/scoring/notifications/preference.ts).
 */
export const notificationPreferences = pgTable(
  "notification_preferences",
  {
    id: id(),
    hostId: hostId(),
    userId: userRef(),
    scopeType: text({ enum: ["global", "project", "thread"] }).notNull(),
    scopeId: ref(),
    /** `*` is every type. */
    eventType: text().notNull(),
    channel: text({ enum: ["*", "in_app", "email"] }).notNull(),
    status: text({ enum: ["muted", "digest", "immediate"] }).notNull(),
    updatedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // one preference for each scope, type and channel. Fan-out: the preferences of a user.
    unique("notification_preferences_once")
      .on(t.userId, t.scopeType, t.scopeId, t.eventType, t.channel)
      .nullsNotDistinct(),
    check("notification_preferences_scope", sql`(scope_type = 'global') = (scope_id is null)`),
    check("notification_preferences_scope_type", sql`scope_type in ('global', 'project', 'thread')`),
    check("notification_preferences_channel", sql`channel in ('*', 'in_app', 'email')`),
    check("notification_preferences_status", sql`status in ('muted', 'digest', 'immediate')`),
  ],
);

/**
 * Unsubscriptions from e-mail, by a link or through the API. In a table of their own, since a host may write
 * and delete the settings.
 */
export const unsubscriptions = pgTable(
  "unsubscriptions",
  {
    userId: ref()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** `*` is all e-mail but must-send. */
    eventType: text().notNull(),
    createdAt: instant().notNull(),
  },
  // what a user unsubscribed from.
  (t) => [primaryKey({ columns: [t.userId, t.eventType] })],
);

/** How often and when a user wants e-mail. No row: at once, at any hour. */
export const userNotificationSettings = pgTable(
  "user_notification_settings",
  {
    userId: ref()
      .primaryKey()
      .references(() => users.id, { onDelete: "cascade" }),
    hostId: hostId(),
    frequency: text({ enum: ["immediate", "hourly", "daily", "weekly", "none"] })
      .notNull()
      .default("immediate"),
    /** Minutes of the local day; both null: no quiet hours. They may span midnight. */
    quietFrom: integer(),
    quietTo: integer(),
    /** When daily and weekly digests are sent, in local time. */
    digestHour: integer().notNull().default(8),
    /** The day of weekly digests, from 1 (Monday) to 7. */
    digestDay: integer().notNull().default(1),
    /** When the user last changed one of these. */
    digestChangedAt: instant(),
    /** Minutes before a meeting. */
    reminderOffsets: integer().array().notNull().default(sql`'{30}'`),
    /** Unsubscribed from all e-mail but must-send, as the host says. */
    unsubscribedAt: instant(),
    /** Event types that the user unsubscribed from in e-mail, as the host says. No preference undoes this. */
    unsubscribedTypes: text().array().notNull().default(sql`'{}'`),
    updatedAt: instant().notNull().defaultNow(),
  },
  () => [
    check(
      "user_notification_settings_frequency",
      sql`frequency in ('immediate', 'hourly', 'daily', 'weekly', 'none')`,
    ),
    check(
      "user_notification_settings_quiet",
      sql`(quiet_from is null) = (quiet_to is null) and quiet_from between 0 and 1439 and quiet_to between 0 and 1439`,
    ),
    check(
      "user_notification_settings_digest",
      sql`digest_hour between 0 and 23 and digest_day between 1 and 7`,
    ),
    check("user_notification_settings_offsets", sql`reminder_offsets <@ '{30,15,5}'::int[]`),
  ],
);
