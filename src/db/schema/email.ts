import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bytes, id, instant, ref } from "./columns.ts";

/** One digest of a user. There is one for each window of its kind, so that a window that is looked at twice sends once. */
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
    // the last line of defence: one digest a window. And whether a user had theirs.
    uniqueIndex("email_digests_once").on(t.userId, t.kind, t.windowStart),
    check("email_digests_kind", sql`kind in ('hourly', 'daily', 'weekly')`),
  ],
);

/** E-mails that are handed over together. Its members are frozen: a further try sends the same ones. */
export const emailBatches = pgTable("email_batches", {
  id: id(),
  createdAt: instant().notNull().defaultNow(),
});

/** One e-mail: of a delivery that goes alone, or of a digest. */
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
    /** Why it was not sent, failed or waits for a person: a code, never an address or a text. */
    reason: text(),
    /** The address that it went to, hashed: what bounces is found by it, after the user has another one too. */
    addressHash: bytes(),
    /** The id under which the mail service knows it. */
    providerId: text(),
    experiment: text(),
    variant: text(),
    /** How often an operator had it sent; each time under a key of its own. */
    round: integer().notNull().default(1),
    createdAt: instant().notNull().defaultNow(),
    sentAt: instant(),
  },
  (t) => [
    // the last line of defence: one e-mail for a delivery, one for a digest.
    uniqueIndex("emails_delivery").on(t.deliveryId),
    uniqueIndex("emails_digest").on(t.digestId),
    // send-emails: the members of a batch.
    index("emails_batch").on(t.batchId),
    // the webhook: what the mail service tells of.
    index("emails_provider").on(t.providerId).where(sql`provider_id is not null`),
    // suppression: how often an address bounced.
    index("emails_address").on(t.addressHash).where(sql`status = 'bounced'`),
    // operators: what failed or waits for them.
    index("emails_troubled").on(t.status, t.id).where(sql`status in ('failed', 'needs_review')`),
    // results of experiments.
    index("emails_experiment").on(t.experiment, t.variant).where(sql`experiment is not null`),
    check("emails_one_content", sql`num_nonnulls(delivery_id, digest_id) = 1`),
    check(
      "emails_status",
      sql`status in ('pending', 'sent', 'delivered', 'bounced', 'complained', 'failed', 'needs_review', 'none')`,
    ),
  ],
);

/** What the mail service told, each message once. It may tell of an e-mail before we have written down its id. */
export const emailEvents = pgTable(
  "email_events",
  {
    id: id(),
    /** The id of the webhook message: a message that comes again changes nothing. */
    messageId: text().notNull(),
    providerId: text().notNull(),
    kind: text({ enum: ["delivered", "hard_bounce", "soft_bounce", "complained"] }).notNull(),
    occurredAt: instant().notNull(),
    createdAt: instant().notNull(),
  },
  (t) => [
    uniqueIndex("email_events_once").on(t.messageId),
    // what was told of an e-mail.
    index("email_events_provider").on(t.providerId),
    check("email_events_kind", sql`kind in ('delivered', 'hard_bounce', 'soft_bounce', 'complained')`),
  ],
);

/** Addresses that get nothing more, not even what must be sent: SHA-256 of the address in lower case. */
export const emailSuppressions = pgTable(
  "email_suppressions",
  {
    addressHash: bytes().primaryKey(),
    reason: text({ enum: ["hard_bounce", "soft_bounces", "complaint"] }).notNull(),
    createdAt: instant().notNull().defaultNow(),
  },
  () => [check("email_suppressions_reason", sql`reason in ('hard_bounce', 'soft_bounces', 'complaint')`)],
);

/** What the link at the end of an e-mail may do: random, kept as a hash, for one user, type and channel. */
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
    createdAt: instant().notNull(),
    usedAt: instant(),
    revokedAt: instant(),
  },
  (t) => [
    // what a link is for.
    uniqueIndex("unsubscribe_tokens_hash").on(t.tokenHash),
    // results of experiments: whether an e-mail made somebody leave. And revoking those of an e-mail.
    index("unsubscribe_tokens_email").on(t.emailId),
    // revoking those of a user.
    index("unsubscribe_tokens_user").on(t.userId),
  ],
);

/** Which variant of an experiment somebody got first, and keeps. */
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
    // results: how many got which.
    index("experiment_exposures_variant").on(t.experiment, t.variant),
  ],
);
