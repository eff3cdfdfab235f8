import { QUANTUM_MICRO } from "../money.ts";
import { allocateQuanta } from "./allocate.ts";
import {
  BUDGET_RULES,
  type BudgetPeriodType,
  type BudgetShares,
  budgetShares,
  maxWinners,
} from "./budget-shares.ts";
import { type PerformanceFacts, performanceScoreHundredths } from "./performance.ts";

export interface BudgetCandidate extends PerformanceFacts {
  readonly profileId: string;
  /** Assignments approved in the period. */
  readonly approved: number;
  readonly lastApprovalAt: Date | null;
}

export interface BudgetFacts {
  readonly periodType: BudgetPeriodType;
  /** The pool, including the leftover carried over from the last period. */
  readonly poolMicro: bigint;
  readonly candidates: readonly BudgetCandidate[];
}

/**
 * A winner. Their exact share is weight / weightSum of the decision; amountMicro is 0 when that is below
 * 0.01.
 */
export interface BudgetWinner {
  readonly rank: number;
  readonly profileId: string;
  readonly scoreHundredths: number;
  readonly weight: bigint;
  readonly amountMicro: bigint;
}

export type UnpaidReason =
  | "too-few-approved"
  | "no-score"
  | "not-a-winner"
  | "share-below-minimum"
  | "empty-pool";

export interface UnpaidCandidate {
  readonly profileId: string;
  readonly scoreHundredths: number;
  readonly reason: UnpaidReason;
}

export interface BudgetDecision {
  readonly kind: "award" | "none";
  readonly poolMicro: bigint;
  readonly paidMicro: bigint;
  /** poolMicro - paidMicro, also for a pool below 0. */
  readonly leftoverMicro: bigint;
  readonly eligibleCount: number;
  /** By rank. */
  readonly winners: readonly BudgetWinner[];
  /** Winners who are paid 0.01 or more. */
  readonly awards: readonly BudgetWinner[];
  /** All candidates without an award. */
  readonly unpaid: readonly UnpaidCandidate[];
  readonly weightSum: bigint;
}

type Scored = BudgetCandidate & { readonly scoreHundredths: number };

/**
 * award = pool x share of the winner, in whole 0.01 by largest remainder, with the leftover as one more
 * weight (see `budgetShares`).
 *
 * Eligible are candidates with 1, 3 or 10 approved assignments (daily, weekly, monthly). Winners are the best
 * of those with a score above 0; ties go to the earlier last approval, then the lower id, so the order of the
 * candidates does not matter. The part of the pool below 0.01 is leftover, and so is an exact share below
 * 0.01, compared before rounding: every award is 0.01 or more. Paid + leftover = pool. A pool of 0 or less
 * pays nobody. Amounts are in millionths.
 *
 * @throws RangeError for a duplicate profile, and as `performanceScoreHundredths` does.
 */
export function decideBudget(facts: BudgetFacts): BudgetDecision {
  const { periodType, poolMicro } = facts;
  const scored = scoreCandidates(facts.candidates);
  const eligible = scored.filter(({ approved }) => approved >= BUDGET_RULES.minimumApproved[periodType]);
  const ranked = eligible.filter(({ scoreHundredths }) => scoreHundredths > 0).toSorted(byRank);
  const winning = poolMicro > 0n ? ranked.slice(0, maxWinners(periodType, eligible.length)) : [];
  const shares = budgetShares(
    periodType,
    winning.map(({ scoreHundredths }) => BigInt(scoreHundredths)),
  );
  const amounts = payShares(poolMicro, shares);
  const winners = winning.map(
    ({ profileId, scoreHundredths }, index): BudgetWinner => ({
      rank: index + 1,
      profileId,
      scoreHundredths,
      weight: shares.weights[index] ?? 0n,
      amountMicro: amounts[index] ?? 0n,
    }),
  );
  const awards = winners.filter(({ amountMicro }) => amountMicro > 0n);
  const paidMicro = awards.reduce((sum, { amountMicro }) => sum + amountMicro, 0n);
  return {
    kind: awards.length > 0 ? "award" : "none",
    poolMicro,
    paidMicro,
    leftoverMicro: poolMicro - paidMicro,
    eligibleCount: eligible.length,
    winners,
    awards,
    unpaid: explainUnpaid(facts, scored, winners),
    weightSum: shares.sum,
  };
}

function scoreCandidates(candidates: readonly BudgetCandidate[]): Scored[] {
  if (new Set(candidates.map(({ profileId }) => profileId)).size !== candidates.length) {
    throw new RangeError("duplicate profile");
  }
  return candidates.map((candidate) => ({
    ...candidate,
    scoreHundredths: performanceScoreHundredths(candidate),
  }));
}

function byRank(a: Scored, b: Scored): number {
  if (a.scoreHundredths !== b.scoreHundredths) return b.scoreHundredths - a.scoreHundredths;
  const [aAt, bAt] = [approvalOrder(a), approvalOrder(b)];
  if (aAt !== bAt) return aAt < bAt ? -1 : 1;
  return compareIds(a.profileId, b.profileId);
}

function approvalOrder({ lastApprovalAt }: Scored): number {
  return lastApprovalAt?.getTime() ?? Number.POSITIVE_INFINITY;
}

/** Ids are decimal numbers without leading zeros, so the shorter one is lower. */
function compareIds(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}

/** Amounts by rank. A tie for the last 0.01 goes to the larger share, then to the better rank. */
function payShares(poolMicro: bigint, { weights, sum }: BudgetShares): bigint[] {
  if (poolMicro <= 0n) return [];
  const payableMicro = poolMicro - (poolMicro % QUANTUM_MICRO);
  const due = weights.map((weight) => (payableMicro * weight < QUANTUM_MICRO * sum ? 0n : weight));
  const leftover = sum - due.reduce((all, weight) => all + weight, 0n);
  const keys = due.map((_, index) => String(index).padStart(9, "0"));
  return allocateQuanta(payableMicro, [...due, leftover], [...keys, "leftover"]).slice(0, due.length);
}

function explainUnpaid(
  { periodType, poolMicro }: BudgetFacts,
  scored: readonly Scored[],
  winners: readonly BudgetWinner[],
): UnpaidCandidate[] {
  const amounts = new Map(winners.map(({ profileId, amountMicro }) => [profileId, amountMicro]));
  return scored.flatMap(({ profileId, approved, scoreHundredths }): UnpaidCandidate[] => {
    const amountMicro = amounts.get(profileId);
    if (amountMicro !== undefined && amountMicro > 0n) return [];
    let reason: UnpaidReason = "not-a-winner";
    if (approved < BUDGET_RULES.minimumApproved[periodType]) reason = "too-few-approved";
    else if (scoreHundredths === 0) reason = "no-score";
    else if (poolMicro <= 0n) reason = "empty-pool";
    else if (amountMicro !== undefined) reason = "share-below-minimum";
    return [{ profileId, scoreHundredths, reason }];
  });
}
