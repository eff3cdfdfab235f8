import { sql } from "drizzle-orm";
import { boolean, check, index, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { bytes, id, instant, ref } from "./columns.ts";

/**
 * Domain events, named in the past tense. Append-only. The host platform may insert rows too; a trigger
 * enqueues their fan-out (drizzle/0001_rules.sql).
 */
export const domainEvents = pgTable(
  "domain_events",
  {
    id: id(),
    eventType: text().notNull(),
    actorId: ref(),
    projectId: ref(),
    resourceId: ref(),
    threadId: ref(),
    meetingId: ref(),
    payload: jsonb().notNull().default({}),
    occurredAt: instant().notNull().defaultNow(),
    createdAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // reading a thread: the events of its unread messages. A host may write any text here.
    index("domain_events_message")
      .on(sql`left(${t.payload}->>'message_id', 20)`)
      .where(sql`event_type = 'chat_message_sent'`),
  ],
);

/**
 * The outcome of an event; events themselves never change. The row is also the claim: the transaction that
 * inserts it decides who is notified.
 */
export const eventOutcomes = pgTable(
  "event_outcomes",
  {
    eventId: ref().primaryKey(),
    /**
     * `decided`: its deliveries were decided. `ignored`: its type notifies nobody. `rejected`: it does not
     * fit its type.
     */
    outcome: text({ enum: ["decided", "ignored", "rejected"] }).notNull(),
    /** The fields that did not fit; for an event that notified nobody, the reason. */
    reason: text(),
    decidedAt: instant().notNull(),
  },
  (t) => [
    // operators: the few events that were ignored or rejected.
    index("event_outcomes_undecided").on(t.outcome, t.eventId).where(sql`outcome <> 'decided'`),
  ],
);

/**
 * Events that the host sent with an id of its own: each becomes one domain event, however often it is sent.
 */
export const eventReceipts = pgTable(
  "event_receipts",
  {
    /** The host's id. */
    externalId: text().primaryKey(),
    eventId: ref().notNull(),
    /** The webhook call that contained it first; null for an event that was emitted in SQL. */
    inboxId: ref(),
    /** SHA-256 of its values: the same id with other values is a conflict. */
    hash: bytes().notNull(),
  },
  // prune-events: deleted with their event.
  (t) => [index("event_receipts_event").on(t.eventId)],
);

/**
 * How far the event sweep has advanced. Ids are drawn before their transactions commit, so `through` passes
 * an id only when no running transaction can still commit an older one.
 */
export const eventSweep = pgTable(
  "event_sweep",
  {
    one: boolean().primaryKey().default(true),
    /** Every event up to this id has an outcome, or had an outbox entry when the sweep saw it. */
    through: ref().notNull().default(sql`0`),
    /** `through` may advance to this id once no transaction older than `horizon_xid` is running. */
    horizon: ref().notNull().default(sql`0`),
    horizonXid: text(),
    /** The greatest id drawn by the time of the last sweep. */
    seen: ref().notNull().default(sql`0`),
  },
  () => [check("event_sweep_one_row", sql`one`)],
);
