import type { CommissionHoldLimits } from "./commission-policy.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface ReferrerAge {
  readonly createdAt: Date;
}

/** Applied and held sales of a buyer before a sale, by time of sale. */
export interface BuyerHistory {
  readonly salesLastHour: number;
  readonly sales30Days: number;
  readonly amount30DaysMicro: bigint;
}

/** The facts that the fraud signals are computed from. */
export interface HoldFacts {
  readonly amountMicro: bigint;
  readonly soldAt: Date;
  readonly receivedAt: Date;
  readonly buyer: { readonly referredAt: Date | null } | null;
  readonly chain: readonly ReferrerAge[];
  readonly buyerHistory: BuyerHistory;
}

/** Signals about the buyer's other sales, the only ones that a late sale can change. */
export type HistoryReason = "velocity" | "amount-above-average";

export type HoldReason = HistoryReason | "young-chain" | "sale-before-referral" | "late-receipt";

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
  const youngProfiles = facts.chain.filter(
    ({ createdAt }) => soldAtMs - createdAt.getTime() < limits.youngProfileHours * HOUR_MS,
  ).length;
  const referredAt = facts.buyer?.referredAt ?? null;

  const reasons: HoldReason[] = historyReasons(facts.amountMicro, facts.buyerHistory, limits);
  if (youngProfiles > limits.youngProfiles) reasons.push("young-chain");
  if (referredAt !== null && soldAtMs < referredAt.getTime()) reasons.push("sale-before-referral");
  if (facts.receivedAt.getTime() - soldAtMs > limits.receiptDays * DAY_MS) reasons.push("late-receipt");
  return reasons;
}

/** The first two of these signals, as `holdReasons` says. */
export function historyReasons(
  amountMicro: bigint,
  { salesLastHour, sales30Days, amount30DaysMicro }: BuyerHistory,
  limits: CommissionHoldLimits,
): HistoryReason[] {
  const [averageOf, sumMicro] =
    sales30Days > 0 ? [BigInt(sales30Days), amount30DaysMicro] : [1n, limits.firstAverageMicro];
  const reasons: HistoryReason[] = [];
  if (salesLastHour > limits.salesPerHour) reasons.push("velocity");
  if (amountMicro * averageOf > BigInt(limits.timesAverage) * sumMicro) reasons.push("amount-above-average");
  return reasons;
}
