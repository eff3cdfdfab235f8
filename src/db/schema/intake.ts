import { sql } from "drizzle-orm";
import { index, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bytes, id, instant, ref } from "./columns.ts";

/**
 * Authenticated webhook calls, with their bytes, so that a signature can be verified again later. Those about
 * money are kept forever, the others for INBOX_DAYS.
 */
export const inbox = pgTable(
  "inbox",
  {
    id: id(),
    source: text().notNull(),
    /** The sender's key. Only the accepted call has it; duplicates point to that one. */
    externalId: text(),
    outcome: text({ enum: ["accepted", "duplicate", "conflict", "rejected"] }).notNull(),
    /** The accepted call that this one repeats or contradicts; the rejected call with the same bytes. */
    firstId: ref(),
    /** Null for duplicates: the accepted call has the same values. Null for repeated rejected calls too. */
    raw: bytes(),
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
    // intake: a rejected call that is repeated is stored without its body.
    index("inbox_rejected").on(t.rawHash).where(sql`outcome = 'rejected' and raw is not null`),
    // prune-history: what is not about money, and what was repeated.
    index("inbox_prunable")
      .on(t.id)
      .where(
        sql`outcome = 'duplicate' or outcome = 'rejected' and raw is null or source not in ('scicent', 'scicent_refund')`,
      ),
  ],
);

/** How far the sales list of a seller was read, to find sales that its webhook never delivered. */
export const saleListings = pgTable("sale_listings", {
  source: text().primaryKey(),
  /** Everything that was listed up to this time was taken. Only a listing read to its end advances it. */
  through: instant(),
  /** A listing under way: when it began, and the time of sale that its next page begins at. */
  startedAt: instant(),
  pageFrom: instant(),
});
