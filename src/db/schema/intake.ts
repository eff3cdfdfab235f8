import { sql } from "drizzle-orm";
import { index, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bytes, id, instant, ref } from "./columns.ts";

/** What others told us: one row per authentic delivery, with its bytes, so that a signature can be checked again years on. */
export const inbox = pgTable(
  "inbox",
  {
    id: id(),
    source: text().notNull(),
    /** The sender's key. Only an accepted delivery holds it; a duplicate points to that one instead. */
    externalId: text(),
    outcome: text({ enum: ["accepted", "duplicate", "conflict", "rejected"] }).notNull(),
    /** The accepted delivery that this one repeats or contradicts. */
    firstId: ref(),
    raw: bytes().notNull(),
    rawHash: bytes().notNull(),
    signature: text(),
    /** Which of the active secrets signed it (a fingerprint, not the secret). */
    secretId: text(),
    faults: jsonb(),
    receivedAt: instant().notNull(),
  },
  (t) => [
    // intake: a key is accepted once, for ever.
    uniqueIndex("inbox_source_external_id").on(t.source, t.externalId),
    // verify: deliveries by outcome and day.
    index("inbox_received").on(t.source, t.receivedAt),
    // a conflict or duplicate is found from the delivery it belongs to.
    index("inbox_first").on(t.firstId).where(sql`first_id is not null`),
  ],
);
