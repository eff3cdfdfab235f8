import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bytes, id, instant, ref } from "./columns.ts";

/** One digest of a user: one for each window of its kind, so that no window sends twice. */
export const emailDigests = pgTable(
  "email_digests",
  {
    id: id(),
    userId: ref().notNull(),
    kind: text({ enum: ["hourly", "daily", "weekly"] }).notNull(),
    windowStart: instant().notNull(),
    createdAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // one digest per window. Whether a user had theirs.
    uniqueIndex("email_digests_once").on(t.userId, t.kind, t.windowStart),
    check("email_digests_kind", sql`kind in ('hourly', 'daily', 'weekly')`),
  ],
);

/** E-mails that are sent together. The members are fixed: a retry sends the same ones. */
export const emailBatches = pgTable("email_batches", {
  id: id(),
  createdAt: instant().notNull().defaultNow(),
  /** The span that created it, as a W3C `traceparent`. Null unless tracing was on. */
  trace: text(),
});

/** One e-mail: for a single delivery, or for a digest. */
export const emails = pgTable(
  "emails",
  {
    id: id(),
    batchId: ref().notNull(),
    userId: ref().notNull(),
    deliveryId: ref(),
    digestId: ref(),
    status: text({
      enum: ["pending", "sent", "delivered", "bounced", "complained", "failed", "needs_review", "none"],
    })
      .notNull()
      .default("pending"),
    /** Why it was not sent, failed or needs review: a code, never an address or a text. */
    reason: text(),
    /**
     * Hash of the address it was sent to: bounces are found by it even after the user has changed the
     * address.
     */
    addressHash: bytes(),
    /** The provider's id. */
    providerId: text(),
    experiment: text(),
    variant: text(),
    /** Counts the resends by an operator, each under its own idempotency key. */
    round: integer().notNull().default(1),
    createdAt: instant().notNull().defaultNow(),
    /** When it was last composed: it may have been sent since. */
    composedAt: instant(),
    sentAt: instant(),
  },
  (t) => [
    // one e-mail per delivery, one per digest.
    uniqueIndex("emails_delivery").on(t.deliveryId),
    uniqueIndex("emails_digest").on(t.digestId),
    // send-emails: the members of a mailing.
    index("emails_batch").on(t.batchId),
    // the webhook: the e-mail of an event.
    index("emails_provider").on(t.providerId).where(sql`provider_id is not null`),
    // suppression: how often an address bounced.
    index("emails_address").on(t.addressHash).where(sql`status = 'bounced'`),
    // operators: failed e-mails and those to review.
    index("emails_troubled").on(t.status, t.id).where(sql`status in ('failed', 'needs_review')`),
    // results of experiments: the newest e-mails of one.
    index("emails_experiment").on(t.experiment, t.id).where(sql`experiment is not null`),
    check("emails_one_content", sql`num_nonnulls(delivery_id, digest_id) = 1`),
    check(
      "emails_status",
      sql`status in ('pending', 'sent', 'delivered', 'bounced', 'complained', 'failed', 'needs_review', 'none')`,
    ),
  ],
);

/** Events of the provider, each message once. One may arrive before the id of its e-mail is stored. */
export const emailEvents = pgTable(
  "email_events",
  {
    id: id(),
    /** The id of the webhook message: a repeated message changes nothing. */
    messageId: text().notNull(),
    providerId: text().notNull(),
    kind: text({
      enum: ["delivered", "hard_bounce", "soft_bounce", "complained", "suppressed", "failed"],
    }).notNull(),
    occurredAt: instant().notNull(),
    createdAt: instant().notNull(),
  },
  (t) => [
    uniqueIndex("email_events_once").on(t.messageId),
    // the events of an e-mail.
    index("email_events_provider").on(t.providerId),
    check(
      "email_events_kind",
      sql`kind in ('delivered', 'hard_bounce', 'soft_bounce', 'complained', 'suppressed', 'failed')`,
    ),
  ],
);

/** Addresses that get no e-mail at all, not even must-send: SHA-256 of the address in lower case. */
export const emailSuppressions = pgTable(
  "email_suppressions",
  {
    addressHash: bytes().primaryKey(),
    reason: text({ enum: ["hard_bounce", "soft_bounces", "complaint"] }).notNull(),
    createdAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // dashboard: the latest suppressions.
    index("email_suppressions_created").on(t.createdAt),
    check("email_suppressions_reason", sql`reason in ('hard_bounce', 'soft_bounces', 'complaint')`),
  ],
);

/** Unsubscribe tokens: random, stored as a hash, for one user, type and channel. */
export const unsubscribeTokens = pgTable(
  "unsubscribe_tokens",
  {
    id: id(),
    tokenHash: bytes().notNull(),
    userId: ref().notNull(),
    /** `*` is every type. */
    eventType: text().notNull(),
    channel: text({ enum: ["email"] }).notNull(),
    emailId: ref().notNull(),
    /** The round of the e-mail: its latest link of each works. */
    round: integer().notNull().default(1),
    createdAt: instant().notNull(),
    usedAt: instant(),
    revokedAt: instant(),
  },
  (t) => [
    // the token of a link.
    uniqueIndex("unsubscribe_tokens_hash").on(t.tokenHash),
    // results of experiments: who unsubscribed through an e-mail. Composing an e-mail again.
    uniqueIndex("unsubscribe_tokens_email").on(t.emailId, t.round),
    // revoking the tokens of a user.
    index("unsubscribe_tokens_user").on(t.userId),
  ],
);

/** The variant of an experiment that a user got first, and keeps. */
export const experimentExposures = pgTable(
  "experiment_exposures",
  {
    experiment: text().notNull(),
    userId: ref().notNull(),
    variant: text().notNull(),
    emailId: ref().notNull(),
    exposedAt: instant().notNull(),
  },
  (t) => [
    // the variant that a user keeps.
    primaryKey({ columns: [t.experiment, t.userId] }),
    // results: users by variant.
    index("experiment_exposures_variant").on(t.experiment, t.variant),
  ],
);
