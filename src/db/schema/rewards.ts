import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { bytes, id, instant, micro, ref } from "./columns.ts";
import { inbox } from "./intake.ts";
import { users, volunteerProfiles } from "./users.ts";

/** A token sale as signed by the seller, and its state. */
export const tokenSales = pgTable(
  "token_sales",
  {
    id: id(),
    source: text().notNull(),
    externalId: text().notNull(),
    inboxId: ref()
      .notNull()
      .references(() => inbox.id),
    /** The buyer as named by the seller. The user need not exist yet. */
    buyerUserId: bigint({ mode: "bigint" }).notNull(),
    amountMicro: micro().notNull(),
    /** The amount refunded to the buyer; the whole amount once the sale is reversed. */
    refundedMicro: micro().notNull().default(sql`0`),
    currency: text().notNull(),
    soldAt: instant().notNull(),
    /** The seller named no time, so `sold_at` is the time of arrival. */
    timeAssumed: boolean().notNull().default(false),
    receivedAt: instant().notNull(),
    status: text({ enum: ["accepted", "applied", "held", "unresolved", "reversed"] })
      .notNull()
      .default("accepted"),
    settledAt: instant(),
    /** The buyer's profile. */
    profileId: ref().references(() => volunteerProfiles.id),
    /** Why nothing was paid, or why it is held. */
    reasons: text().array().notNull().default(sql`'{}'`),
    /** Facts and rules of the decision. Later changes of referrers do not affect it. */
    inputs: jsonb(),
    /** The span that received it, as a W3C `traceparent`. Null unless tracing was on. */
    trace: text(),
  },
  (t) => [
    uniqueIndex("token_sales_source_external_id").on(t.source, t.externalId),
    // verify-ledger: the sale of an accepted call.
    uniqueIndex("token_sales_inbox").on(t.inboxId),
    // fraud signals: a buyer's sales in a window of sale time.
    index("token_sales_buyer").on(t.buyerUserId, t.soldAt),
    // settle-unresolved-sales, verify-ledger: unsettled sales.
    index("token_sales_open").on(t.status, t.id).where(sql`status in ('accepted', 'unresolved')`),
    // operators: the list of holds.
    index("token_sales_held").on(t.id).where(sql`status = 'held'`),
    check("token_sales_amount", sql`amount_micro > 0`),
    check("token_sales_refunded", sql`refunded_micro between 0 and amount_micro`),
  ],
);

/**
 * What one referrer earns from a sale. References are checked per statement, not per row
 * (drizzle/0001_rules.sql).
 */
export const commissions = pgTable(
  "commissions",
  {
    saleId: ref().notNull(),
    level: smallint().notNull(),
    beneficiaryId: ref().notNull(),
    rateBps: integer().notNull(),
    amountMicro: micro().notNull(),
    /** The part of it that refunds took back. */
    reversedMicro: micro().notNull().default(sql`0`),
    status: text({ enum: ["earned", "held", "reversed"] }).notNull(),
    createdAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // a level of a sale is paid once.
    primaryKey({ columns: [t.saleId, t.level] }),
    // a volunteer's statement.
    index("commissions_beneficiary").on(t.beneficiaryId, t.saleId),
    check("commissions_level", sql`level between 1 and 5`),
    check("commissions_amount", sql`amount_micro > 0`),
    check("commissions_reversed", sql`reversed_micro between 0 and amount_micro`),
  ],
);

/** A refund of a part of a sale, or of all of it, as signed by the seller or requested by an operator. */
export const saleRefunds = pgTable(
  "sale_refunds",
  {
    id: id(),
    source: text().notNull(),
    /** The seller's id of the refund, or the run of the operator. */
    externalId: text().notNull(),
    saleId: ref()
      .notNull()
      .references(() => tokenSales.id),
    /** The message of the seller. */
    inboxId: ref().references(() => inbox.id),
    amountMicro: micro().notNull(),
    /** `refused`: more than was left of the sale. */
    status: text({ enum: ["accepted", "applied", "refused"] })
      .notNull()
      .default("accepted"),
    createdAt: instant().notNull().defaultNow(),
    settledAt: instant(),
  },
  (t) => [
    // intake: a refund is accepted once.
    uniqueIndex("sale_refunds_source_external_id").on(t.source, t.externalId),
    // verify-ledger: the refund of an accepted call.
    uniqueIndex("sale_refunds_inbox").on(t.inboxId),
    // verify-ledger: the refunds of a sale.
    index("sale_refunds_sale").on(t.saleId, t.id),
    check("sale_refunds_amount", sql`amount_micro > 0`),
  ],
);

/** Accounts of the ledger. System accounts have no profile and no balance. */
export const ledgerAccounts = pgTable(
  "ledger_accounts",
  {
    id: id(),
    kind: text({ enum: ["treasury", "held", "volunteer"] }).notNull(),
    profileId: ref().references(() => volunteerProfiles.id, { onDelete: "cascade" }),
  },
  (t) => [
    uniqueIndex("ledger_accounts_profile").on(t.profileId),
    uniqueIndex("ledger_accounts_system").on(t.kind).where(sql`profile_id is null`),
    check("ledger_accounts_owner", sql`(kind = 'volunteer') = (profile_id is not null)`),
  ],
);

/** A transaction of the ledger, unique by (kind, source, external_id). */
export const ledgerTransactions = pgTable(
  "ledger_transactions",
  {
    id: id(),
    kind: text({ enum: ["commission", "recheck", "release", "reversal", "refund", "budget"] }).notNull(),
    source: text().notNull(),
    externalId: text().notNull(),
    bodyHash: bytes(),
    occurredAt: instant().notNull(),
    createdAt: instant().notNull().defaultNow(),
    reverses: ref().references((): AnyPgColumn => ledgerTransactions.id),
  },
  (t) => [
    uniqueIndex("ledger_transactions_once").on(t.kind, t.source, t.externalId),
    // at most one reversal.
    uniqueIndex("ledger_transactions_reverses").on(t.reverses).where(sql`reverses is not null`),
  ],
);

/**
 * The entries of a transaction. Triggers enforce that they sum to zero and never change, and check references
 * per statement: a foreign key per row would be three quarters of the cost of an insert (docs/benchmarks.md).
 */
export const ledgerEntries = pgTable(
  "ledger_entries",
  {
    transactionId: ref().notNull(),
    leg: smallint().notNull(),
    accountId: ref().notNull(),
    amountMicro: micro().notNull(),
  },
  (t) => [
    // the entries of a transaction: the sum check.
    primaryKey({ columns: [t.transactionId, t.leg] }),
    // account statements, and the check of balances against entries.
    index("ledger_entries_account").on(t.accountId, t.transactionId),
    check("ledger_entries_amount", sql`amount_micro <> 0`),
  ],
);

/**
 * Transactions that a statement left unbalanced; a deferred trigger refuses the commit unless they balance by
 * then.
 */
export const ledgerUnbalanced = pgTable("ledger_unbalanced", {
  transactionId: ref()
    .primaryKey()
    .references(() => ledgerTransactions.id),
});

/** Balances of volunteers. Rows are locked in account order. */
export const ledgerBalances = pgTable("ledger_balances", {
  accountId: ref()
    .primaryKey()
    .references(() => ledgerAccounts.id, { onDelete: "cascade" }),
  balanceMicro: micro().notNull().default(sql`0`),
});

/** Verifications of the ledger: what each covered, and what it found. */
export const ledgerVerifications = pgTable("ledger_verifications", {
  /** The time of its cut, which all its ranges share. */
  asOf: instant().primaryKey(),
  /** New rows since the last one without faults, or everything. */
  scope: text({ enum: ["new", "all"] }).notNull(),
  /** The highest id that it covered, by table. */
  covers: jsonb().notNull(),
  /** Faults that it found; null until it has ended. */
  drift: integer(),
});

/** History of referrers, so that a changed one can be explained. */
export const referrals = pgTable(
  "referrals",
  {
    id: id(),
    profileId: ref()
      .notNull()
      .references(() => volunteerProfiles.id),
    referrerId: ref()
      .notNull()
      .references(() => volunteerProfiles.id),
    byUserId: ref().references(() => users.id),
    createdAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // the history of one profile.
    index("referrals_profile").on(t.profileId, t.id),
  ],
);
