import { QUANTUM_MICRO, roundHalfUp } from "../money.ts";
import { allocateQuanta } from "./allocate.ts";
import { type HoldFacts, type HoldReason, holdReasons, type ReferrerAge } from "./commission-holds.ts";
import {
  assertCommissionPolicy,
  BPS_PER_WHOLE,
  COMMISSION_POLICY,
  COMMISSION_RULE_VERSION,
  type CommissionPolicy,
} from "./commission-policy.ts";

export interface CommissionReferrer extends ReferrerAge {
  readonly profileId: string;
  readonly userId: string;
}

export interface CommissionFacts extends HoldFacts {
  readonly saleId: string;
  /** The buyer's oldest profile that has a referrer, else their oldest; null when they have none at all. */
  readonly buyer: {
    readonly userId: string;
    readonly profileId: string;
    readonly referredAt: Date | null;
  } | null;
  /** The buyer's upline, nearest referrer first. */
  readonly chain: readonly CommissionReferrer[];
}

/** A level of the chain at the time of the decision, counted from 1. */
export interface CommissionLevel {
  readonly level: number;
  readonly profileId: string;
  readonly userId: string;
  readonly rateBps: number;
}

export interface CommissionLine extends CommissionLevel {
  readonly amountMicro: bigint;
}

export type OmittedReason = "buyer" | "repeated-person" | "below-minimum";

export interface OmittedLevel extends CommissionLevel {
  readonly reason: OmittedReason;
}

export type NoCommissionReason = "no-referrer" | "nobody-due" | "below-minimum";

export type CommissionDecision =
  | { readonly kind: "unresolved"; readonly saleId: string }
  | { readonly kind: "none"; readonly saleId: string; readonly reason: NoCommissionReason }
  | {
      readonly kind: "award" | "hold";
      readonly saleId: string;
      readonly lines: readonly CommissionLine[];
      readonly totalMicro: bigint;
      /** Empty for an award. */
      readonly reasons: readonly HoldReason[];
      /** All levels, paid or omitted. */
      readonly chain: readonly CommissionLevel[];
      readonly omitted: readonly OmittedLevel[];
      readonly ruleVersion: number;
    };

/**
 * total = amount x sum of the rates of the paid levels, half up to 0.01, split over these levels by largest
 * remainder of the rates.
 *
 * A level is paid unless its user is the buyer, or is in the chain at a lower level, or amount x rate is
 * below the minimum, compared before rounding. Levels never shift; the part of a missing or omitted level
 * stays with the treasury. Every line is 0.01 or more. `holdReasons` decides between "award" and "hold".
 * "unresolved": the buyer has no profile. "none": the buyer has no referrer (no-referrer), or the chain holds
 * only the buyer (nobody-due), or every level left is below the minimum (below-minimum). Amounts are in
 * millionths, rates in basis points.
 *
 * @throws RangeError for an amount not above 0, or a policy that `assertCommissionPolicy` rejects.
 */
export function decideCommission(
  facts: CommissionFacts,
  policy: CommissionPolicy = COMMISSION_POLICY,
): CommissionDecision {
  assertCommissionPolicy(policy);
  if (facts.amountMicro <= 0n) throw new RangeError("the amount of a sale is not above 0");
  const { saleId, buyer } = facts;
  if (buyer === null) return { kind: "unresolved", saleId };
  if (facts.chain.length === 0) return { kind: "none", saleId, reason: "no-referrer" };

  const { chain, due, omitted } = walkChain(facts, buyer.userId, policy);
  if (due.length === 0) {
    const belowMinimum = omitted.some((level) => level.reason === "below-minimum");
    return { kind: "none", saleId, reason: belowMinimum ? "below-minimum" : "nobody-due" };
  }
  const totalMicro = commissionTotalMicro(facts.amountMicro, due);
  const reasons = holdReasons(facts, policy.limits);
  return {
    kind: reasons.length === 0 ? "award" : "hold",
    saleId,
    lines: splitTotal(totalMicro, due),
    totalMicro,
    reasons,
    chain,
    omitted,
    ruleVersion: COMMISSION_RULE_VERSION,
  };
}

interface Walk {
  readonly chain: readonly CommissionLevel[];
  readonly due: readonly CommissionLevel[];
  readonly omitted: readonly OmittedLevel[];
}

function walkChain(facts: CommissionFacts, buyerUserId: string, policy: CommissionPolicy): Walk {
  const chain = policy.ratesBps.flatMap((rateBps, index): CommissionLevel[] => {
    const referrer = facts.chain[index];
    if (referrer === undefined) return [];
    return [{ level: index + 1, profileId: referrer.profileId, userId: referrer.userId, rateBps }];
  });
  const seen = new Set<string>();
  const due: CommissionLevel[] = [];
  const omitted: OmittedLevel[] = [];
  for (const level of chain) {
    const reason = omittedReason(level, facts.amountMicro, buyerUserId, seen, policy.minimumMicro);
    seen.add(level.userId);
    if (reason === null) due.push(level);
    else omitted.push({ ...level, reason });
  }
  return { chain, due, omitted };
}

function omittedReason(
  level: CommissionLevel,
  amountMicro: bigint,
  buyerUserId: string,
  seen: ReadonlySet<string>,
  minimumMicro: bigint,
): OmittedReason | null {
  if (level.userId === buyerUserId) return "buyer";
  if (seen.has(level.userId)) return "repeated-person";
  const exactTimesWhole = amountMicro * BigInt(level.rateBps);
  return exactTimesWhole < minimumMicro * BigInt(BPS_PER_WHOLE) ? "below-minimum" : null;
}

function commissionTotalMicro(amountMicro: bigint, due: readonly CommissionLevel[]): bigint {
  const rateSumBps = due.reduce((sum, { rateBps }) => sum + rateBps, 0);
  const quanta = roundHalfUp(amountMicro * BigInt(rateSumBps), BigInt(BPS_PER_WHOLE) * QUANTUM_MICRO);
  return quanta * QUANTUM_MICRO;
}

function splitTotal(totalMicro: bigint, due: readonly CommissionLevel[]): CommissionLine[] {
  const weights = due.map(({ rateBps }) => BigInt(rateBps));
  const keys = due.map(({ level }) => String(level));
  const amounts = allocateQuanta(totalMicro, weights, keys);
  return due.map((level, index) => ({ ...level, amountMicro: amounts[index] ?? 0n }));
}
