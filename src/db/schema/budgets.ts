import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { id, instant, micro, ref } from "./columns.ts";
import { organizations } from "./users.ts";

/** A budget period that was paid, once. Ids are in the order of payment. */
export const budgetPeriods = pgTable(
  "budget_periods",
  {
    id: id(),
    organizationId: ref()
      .notNull()
      .references(() => organizations.id),
    periodType: text({ enum: ["daily", "weekly", "monthly"] }).notNull(),
    /** First day in the organization's zone. It names the period, even if the zone changes later. */
    periodStart: date({ mode: "string" }).notNull(),
    startAt: instant().notNull(),
    endAt: instant().notNull(),
    timeZone: text().notNull(),
    /** Granted by the configuration, the organization or an operator. */
    grantedMicro: micro().notNull(),
    /** Left over from the period of the same type that was paid before. */
    carriedMicro: micro().notNull(),
    poolMicro: micro().notNull(),
    paidMicro: micro().notNull(),
    leftoverMicro: micro().notNull(),
    /** Where the leftover goes. */
    leftoverTo: text({ enum: ["carry", "treasury"] }).notNull(),
    eligible: integer().notNull(),
    /** Paid by an operator while older periods were due: the sweep continues with those. */
    outOfTurn: boolean().notNull().default(false),
    paidAt: instant().notNull(),
    /** The rules, the sum of the weights, and how many volunteers were paid nothing, by reason. */
    inputs: jsonb().notNull(),
  },
  (t) => [
    // a period is paid once. Sweep: the latest one paid.
    uniqueIndex("budget_periods_once").on(t.organizationId, t.periodType, t.periodStart),
    // the previous period, whose leftover is carried.
    index("budget_periods_latest").on(t.organizationId, t.periodType, t.id),
    check("budget_periods_sum", sql`paid_micro + leftover_micro = pool_micro`),
    check("budget_periods_pool", sql`granted_micro + carried_micro = pool_micro`),
    check("budget_periods_paid", sql`paid_micro >= 0 and carried_micro >= 0`),
    check("budget_periods_span", sql`start_at <= end_at`),
  ],
);

/**
 * What each eligible volunteer was paid from a pool, or why nothing, with the facts behind the decision.
 * Append-only. No foreign keys: one transaction writes the period and reads the profiles, a key per row would
 * be most of the cost (docs/benchmarks.md), and verify-ledger compares both with the ledger.
 */
export const budgetAwards = pgTable(
  "budget_awards",
  {
    periodId: ref().notNull(),
    profileId: ref().notNull(),
    /** Null if not ranked. */
    rank: integer(),
    amountMicro: micro().notNull(),
    /** Null if paid. */
    reason: text({
      enum: ["no-score", "not-a-winner", "share-below-minimum", "empty-pool"],
    }),
    scoreHundredths: bigint({ mode: "bigint" }).notNull(),
    approved: integer().notNull(),
    lastApprovalAt: instant().notNull(),
    xpTimesLevel: bigint({ mode: "bigint" }).notNull(),
    multiplierHundredths: integer().notNull(),
    activeDirectReferrals: integer().notNull(),
    rejected: integer().notNull(),
    overdue: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.periodId, t.profileId] }),
    check("budget_awards_paid_or_why", sql`(amount_micro > 0) = (reason is null) and amount_micro >= 0`),
    check("budget_awards_ranked", sql`amount_micro = 0 or rank is not null`),
  ],
);
