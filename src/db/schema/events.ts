import { sql } from "drizzle-orm";
import { boolean, check, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { bytes, id, instant, ref } from "./columns.ts";

/**
 * Facts that have happened, in the past tense. Append only; the host platform may insert rows too. A trigger asks for the fan-out of
 * each (drizzle/0001_rules.sql).
 */
export const domainEvents = pgTable("domain_events", {
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
});

/**
 * What became of an event; events themselves are never changed. The row is the claim as well: the transaction that inserts it is the
 * one that decides who is told.
 */
export const eventOutcomes = pgTable("event_outcomes", {
  eventId: ref().primaryKey(),
  /** `told`: decided for each recipient. `ignored`: nobody is told of its type. `rejected`: its payload does not fit its type. */
  outcome: text({ enum: ["told", "ignored", "rejected"] }).notNull(),
  /** Which fields did not fit. */
  reason: text(),
  decidedAt: instant().notNull(),
});

/** Events that the host posted, by its own ids: each becomes one domain event, however often it is sent. */
export const eventReceipts = pgTable("event_receipts", {
  /** The host's id. */
  externalId: text().primaryKey(),
  eventId: ref().notNull(),
  /** The delivery that brought it first. */
  inboxId: ref().notNull(),
  /** SHA-256 of its values: the same id with others is a conflict. */
  hash: bytes().notNull(),
});

/**
 * How far the sweep has looked. An id is drawn before its transaction commits, so `through` passes one only when no transaction that
 * may still bring an older one is under way.
 */
export const eventSweep = pgTable(
  "event_sweep",
  {
    one: boolean().primaryKey().default(true),
    /** Each event up to here has an outcome, or had an entry when it was looked at. */
    through: ref().notNull().default(sql`0`),
    /** `through` may move here once no transaction older than `horizon_xid` is under way. */
    horizon: ref().notNull().default(sql`0`),
    horizonXid: text(),
    /** The greatest id that had been drawn at the last look. */
    seen: ref().notNull().default(sql`0`),
  },
  () => [check("event_sweep_one_row", sql`one`)],
);
