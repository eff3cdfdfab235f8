import { sql } from "drizzle-orm";
import { index, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bytes, id, instant, ref } from "./columns.ts";

/** Authenticated webhook calls, with their bytes, so that a signature can be verified again years later. */
export const inbox = pgTable(
  "inbox",
  {
    id: id(),
    source: text().notNull(),
    /** The sender's key. Only the accepted call has it; duplicates point to that one. */
    externalId: text(),
    outcome: text({ enum: ["accepted", "duplicate", "conflict", "rejected"] }).notNull(),
    /** The accepted call that this one repeats or contradicts. */
    firstId: ref(),
    raw: bytes().notNull(),
    rawHash: bytes().notNull(),
    signature: text(),
    /** Fingerprint of the secret that signed it. */
    secretId: text(),
    faults: jsonb(),
    receivedAt: instant().notNull(),
  },
  (t) => [
    // intake: a key is accepted once.
    uniqueIndex("inbox_source_external_id").on(t.source, t.externalId),
    // verify-ledger: calls by outcome and day.
    index("inbox_received").on(t.source, t.receivedAt),
    // the conflicts and duplicates of a call.
    index("inbox_first").on(t.firstId).where(sql`first_id is not null`),
  ],
);
