import type { CommissionHoldLimits } from "./commission-policy.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface ReferrerAge {
  readonly createdAt: Date;
}

/** What the fraud signals are computed from. */
export interface HoldFacts {
  readonly amountMicro: bigint;
  readonly soldAt: Date;
  readonly receivedAt: Date;
  readonly buyer: { readonly referredAt: Date | null } | null;
  readonly chain: readonly ReferrerAge[];
  /** Applied and held sales of the buyer, by time of sale, before this one. */
  readonly buyerHistory: {
    readonly salesLastHour: number;
    readonly sales30Days: number;
    readonly amount30DaysMicro: bigint;
  };
}

export type HoldReason =
  | "velocity"
  | "amount-above-average"
  | "young-chain"
  | "sale-before-referral"
  | "late-receipt";

/**
 * reasons = every signal whose figure is above its limit, in a fixed order; a sale without any is paid at
 * once (docs/decisions/0007).
 *
 * velocity: more than 10 other purchases in the hour before. amount-above-average: amount x sales > 10 x sum
 * over the 30 days before; without sales, above 10 x 100 tokens. young-chain: more than 2 profiles of the
 * whole chain, paid or not, created later than 24 h before the sale. sale-before-referral: sold before the
 * buyer was referred. late-receipt: received more than 30 days after the sale.
 */
export function holdReasons(facts: HoldFacts, limits: CommissionHoldLimits): HoldReason[] {
  const soldAtMs = facts.soldAt.getTime();
  const { salesLastHour, sales30Days, amount30DaysMicro } = facts.buyerHistory;
  const [averageOf, sumMicro] =
    sales30Days > 0 ? [BigInt(sales30Days), amount30DaysMicro] : [1n, limits.firstAverageMicro];
  const youngProfiles = facts.chain.filter(
    ({ createdAt }) => soldAtMs - createdAt.getTime() < limits.youngProfileHours * HOUR_MS,
  ).length;
  const referredAt = facts.buyer?.referredAt ?? null;

  const reasons: HoldReason[] = [];
  if (salesLastHour > limits.salesPerHour) reasons.push("velocity");
  if (facts.amountMicro * averageOf > BigInt(limits.timesAverage) * sumMicro) {
    reasons.push("amount-above-average");
  }
  if (youngProfiles > limits.youngProfiles) reasons.push("young-chain");
  if (referredAt !== null && soldAtMs < referredAt.getTime()) reasons.push("sale-before-referral");
  if (facts.receivedAt.getTime() - soldAtMs > limits.receiptDays * DAY_MS) reasons.push("late-receipt");
  return reasons;
}
