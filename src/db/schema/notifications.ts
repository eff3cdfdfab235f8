import { sql } from "drizzle-orm";
import { boolean, check, index, integer, pgTable, text, unique, uniqueIndex } from "drizzle-orm/pg-core";
import { hostId, id, instant, ref } from "./columns.ts";
import { users } from "./users.ts";

/**
 * What a user sees in the app. One for an event and user; of the messages of a thread one unread row, which counts them. Written by
 * the statement that reads the recipients, so that a foreign key would look up again what has just been read.
 */
export const notifications = pgTable(
  "notifications",
  {
    id: id(),
    userId: ref().notNull(),
    eventType: text().notNull(),
    /** The latest event that it tells of. */
    eventId: ref().notNull(),
    projectId: ref(),
    threadId: ref(),
    /** Without markup. */
    title: text().notNull(),
    /** Markdown. */
    body: text().notNull(),
    /** A path of the host platform. */
    link: text().notNull(),
    /** How many events it stands for. */
    count: integer().notNull().default(1),
    /** Whether later events of its thread are counted into it while it is unread. */
    counting: boolean().notNull().default(false),
    createdAt: instant().notNull().defaultNow(),
    updatedAt: instant().notNull().defaultNow(),
    readAt: instant(),
  },
  (t) => [
    // the last line of defence: an event is told a user once.
    uniqueIndex("notifications_once").on(t.eventId, t.userId),
    // the list of a user, and their stream: what changed last comes first.
    index("notifications_changed").on(t.userId, t.updatedAt, t.id),
    // the unread ones of a user: the list, the count, read-all.
    index("notifications_unread").on(t.userId, t.updatedAt, t.id).where(sql`read_at is null`),
    // fan-out: the row that counts a thread.
    uniqueIndex("notifications_counting").on(t.userId, t.threadId).where(sql`counting and read_at is null`),
    check("notifications_count", sql`count > 0`),
    check("notifications_counting_thread", sql`not counting or thread_id is not null`),
  ],
);

/** One decision for each (event, user, channel), with its reason, and what became of it. */
export const deliveries = pgTable(
  "deliveries",
  {
    id: id(),
    eventId: ref().notNull(),
    eventType: text().notNull(),
    userId: ref().notNull(),
    channel: text({ enum: ["in_app", "email"] }).notNull(),
    /** What is shown in the app, if anything. Several deliveries may point to one. */
    notificationId: ref(),
    decision: text({ enum: ["now", "deferred", "digested", "skipped"] }).notNull(),
    /** Which digest takes it. */
    cadence: text({ enum: ["hourly", "daily", "weekly"] }),
    /** The rule that skipped, deferred or slowed it; null when no rule had a word. */
    reason: text(),
    /** Not sent before. */
    notBefore: instant(),
    /** The variant of a message under test that the user got. */
    variant: text(),
    status: text({
      enum: ["pending", "sent", "delivered", "bounced", "complained", "failed", "needs_review", "none"],
    }).notNull(),
    digestId: ref(),
    attempts: integer().notNull().default(0),
    /** The kind of the last failure; never an address or a text. */
    error: text(),
    createdAt: instant().notNull().defaultNow(),
    decidedAt: instant().notNull().defaultNow(),
    sentAt: instant(),
  },
  (t) => [
    // the last line of defence: decided once. And explaining an event.
    uniqueIndex("deliveries_once").on(t.eventId, t.userId, t.channel),
    // email-instant: what goes out alone, in the order of its time.
    index("deliveries_alone")
      .on(t.notBefore, t.id)
      .where(sql`channel = 'email' and status = 'pending' and decision in ('now', 'deferred')`),
    // digests: what waits for the digest of a user.
    index("deliveries_digested")
      .on(t.userId, t.cadence, t.id)
      .where(sql`decision = 'digested' and digest_id is null and status = 'pending'`),
    // the items of a digest.
    index("deliveries_digest").on(t.digestId).where(sql`digest_id is not null`),
    // throttle and cap of nudges: the e-mails of a user that were let through lately.
    index("deliveries_let_through")
      .on(t.userId, t.decidedAt)
      .where(sql`channel = 'email' and decision in ('now', 'deferred')`),
    // fan-out: addresses that bounced hard, or whose owner complained.
    index("deliveries_undeliverable").on(t.userId).where(sql`status in ('bounced', 'complained')`),
    check("deliveries_cadence", sql`decision <> 'digested' or cadence is not null`),
    check("deliveries_skipped_why", sql`decision <> 'skipped' or (reason is not null and status = 'none')`),
    check("deliveries_deferred_until", sql`decision <> 'deferred' or not_before is not null`),
  ],
);

/** What a user wants to be told, and how: the narrowest preference that fits counts (src/scoring/notifications/preference.ts). */
export const notificationPreferences = pgTable(
  "notification_preferences",
  {
    id: id(),
    hostId: hostId(),
    userId: ref()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    scopeType: text({ enum: ["global", "project", "thread"] }).notNull(),
    scopeId: ref(),
    /** `*` is every type. */
    eventType: text().notNull(),
    channel: text({ enum: ["*", "in_app", "email"] }).notNull(),
    status: text({ enum: ["muted", "digest", "immediate"] }).notNull(),
    updatedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // one preference for each thing, for everything too; fan-out reads those of a user by it.
    unique("notification_preferences_once")
      .on(t.userId, t.scopeType, t.scopeId, t.eventType, t.channel)
      .nullsNotDistinct(),
    check("notification_preferences_scope", sql`(scope_type = 'global') = (scope_id is null)`),
    check("notification_preferences_scope_type", sql`scope_type in ('global', 'project', 'thread')`),
    check("notification_preferences_channel", sql`channel in ('*', 'in_app', 'email')`),
    check("notification_preferences_status", sql`status in ('muted', 'digest', 'immediate')`),
  ],
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
    /** Minutes of the local day; both null: no quiet hours. From late to early they go over midnight. */
    quietFrom: integer(),
    quietTo: integer(),
    /** Minutes before a meeting. */
    reminderOffsets: integer().array().notNull().default(sql`'{30}'`),
    unsubscribedAt: instant(),
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
    check("user_notification_settings_offsets", sql`reminder_offsets <@ '{30,15,5}'::int[]`),
  ],
);
