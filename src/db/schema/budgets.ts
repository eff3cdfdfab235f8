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

/** A period of an organization that was paid, once. Ids are drawn in the order of payment. */
export const budgetPeriods = pgTable(
  "budget_periods",
  {
    id: id(),
    organizationId: ref()
      .notNull()
      .references(() => organizations.id),
    periodType: text({ enum: ["daily", "weekly", "monthly"] }).notNull(),
    /** Its first day in the organization's zone: that names it, also when the zone is changed later. */
    periodStart: date({ mode: "string" }).notNull(),
    startAt: instant().notNull(),
    endAt: instant().notNull(),
    timeZone: text().notNull(),
    /** What the configuration, the organization or an operator gave. */
    grantedMicro: micro().notNull(),
    /** What the period paid before this one of the same type had left over. */
    carriedMicro: micro().notNull(),
    poolMicro: micro().notNull(),
    paidMicro: micro().notNull(),
    leftoverMicro: micro().notNull(),
    /** Where the leftover goes. */
    leftoverTo: text({ enum: ["carry", "treasury"] }).notNull(),
    eligible: integer().notNull(),
    /** An operator had it paid while older ones still waited: the sweep goes on with those. */
    outOfTurn: boolean().notNull().default(false),
    paidAt: instant().notNull(),
    /** The rules, the sum of the weights, and how many got nothing for which reason. */
    inputs: jsonb().notNull(),
  },
  (t) => [
    // the last line of defence: a period is paid once. And the sweep: the latest one paid.
    uniqueIndex("budget_periods_once").on(t.organizationId, t.periodType, t.periodStart),
    // the period paid before: its leftover is carried.
    index("budget_periods_latest").on(t.organizationId, t.periodType, t.id),
    check("budget_periods_sum", sql`paid_micro + leftover_micro = pool_micro`),
    check("budget_periods_pool", sql`granted_micro + carried_micro = pool_micro`),
    check("budget_periods_paid", sql`paid_micro >= 0 and carried_micro >= 0`),
    check("budget_periods_span", sql`start_at <= end_at`),
  ],
);

/**
 * What each of those eligible got of a pool, or why nothing, with the facts that it was decided by. Append only. References hold by construction, since one transaction writes the period and reads the
 * profiles; a foreign key a row would be most of the cost (docs/benchmarks.md), and verify-ledger compares both with the books.
 */
export const budgetAwards = pgTable(
  "budget_awards",
  {
    periodId: ref().notNull(),
    profileId: ref().notNull(),
    /** Null for whoever took no place. */
    rank: integer(),
    amountMicro: micro().notNull(),
    /** Null for whoever was paid. */
    reason: text({
      enum: ["no-score", "no-place", "share-below-minimum", "empty-pool"],
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
