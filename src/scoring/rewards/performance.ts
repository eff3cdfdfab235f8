import { roundHalfUp } from "../money.ts";

/** Weights of the performance score. Experience counts a tenth, times the activity multiplier. */
export const PERFORMANCE_WEIGHTS = {
  xpDivisor: 10n,
  perActiveReferralHundredths: 500n,
  perRejectionHundredths: -200n,
  perOverdueHundredths: -100n,
} as const;

/**
 * The cap of experience, so that a number holds every score exactly, whatever rewards and levels a host gives
 * its tasks.
 */
export const MAX_XP_TIMES_LEVEL = 100_000_000_000;

/** Whole numbers for one profile and the period `[start, end)`. */
export interface PerformanceFacts {
  /**
   * Sum of xp_reward x level_required over the assignments approved in the period, at most
   * MAX_XP_TIMES_LEVEL.
   */
  readonly xpTimesLevel: number;
  /** In force at the end of the period. */
  readonly multiplierHundredths: number;
  /** Direct referrals with an assignment submitted or approved in the period. */
  readonly activeDirectReferrals: number;
  /** Assignments rejected in the period. */
  readonly rejected: number;
  /** Assignments assigned more than 7 days before the end of the period, and not submitted by then. */
  readonly overdue: number;
}

/**
 * score = 0.1 x xp x multiplier + 5 x referrals - 2 x rejected - 1 x overdue, at least 0, half up to 2
 * decimals. In hundredths.
 *
 * @throws RangeError for a fact that is not a whole number of 0 or more, or a score that a number does not
 * hold exactly.
 */
export function performanceScoreHundredths(facts: PerformanceFacts): number {
  const { xpTimesLevel, multiplierHundredths, activeDirectReferrals, rejected, overdue } = facts;
  const counts = [xpTimesLevel, multiplierHundredths, activeDirectReferrals, rejected, overdue];
  if (counts.some((count) => !Number.isSafeInteger(count) || count < 0)) {
    throw new RangeError("a fact is not a whole number of 0 or more");
  }
  const weights = PERFORMANCE_WEIGHTS;
  const plainHundredths =
    weights.perActiveReferralHundredths * BigInt(activeDirectReferrals) +
    weights.perRejectionHundredths * BigInt(rejected) +
    weights.perOverdueHundredths * BigInt(overdue);
  const scaled = BigInt(xpTimesLevel) * BigInt(multiplierHundredths) + weights.xpDivisor * plainHundredths;
  const score = Number(scaled <= 0n ? 0n : roundHalfUp(scaled, weights.xpDivisor));
  if (!Number.isSafeInteger(score)) throw new RangeError("the performance score is too large");
  return score;
}
