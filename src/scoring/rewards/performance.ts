import { roundHalfUp } from "../money.ts";

/** What one of each is worth in the performance score; experience counts a tenth, times the activity multiplier. */
export const PERFORMANCE_WEIGHTS = {
  xpDivisor: 10n,
  perActiveReferralHundredths: 500n,
  perRejectionHundredths: -200n,
  perOverdueHundredths: -100n,
} as const;

/** Whole numbers, all of them for one profile and the period `[start, end)`. */
export interface PerformanceFacts {
  /** Sum of xp_reward x level_required over the assignments approved in the period. */
  readonly xpTimesLevel: number;
  /** In force at the end of the period. */
  readonly multiplierHundredths: number;
  /** Direct referrals with an assignment submitted or approved in the period. */
  readonly activeDirectReferrals: number;
  /** Assignments rejected in the period. */
  readonly rejected: number;
  /** Assignments given more than 7 days before the end of the period and not submitted by then. */
  readonly overdue: number;
}

/**
 * score = xp x 0.1 x multiplier + 5 x referrals - 2 x rejected - 1 x overdue, not below 0, half up to 2 decimals.
 *
 * The result is in hundredths. Throws RangeError when a fact is not a whole number from 0 up, or the score is beyond
 * what a number holds exactly.
 */
export function performanceScoreHundredths(facts: PerformanceFacts): number {
  const { xpTimesLevel, multiplierHundredths, activeDirectReferrals, rejected, overdue } = facts;
  const counts = [xpTimesLevel, multiplierHundredths, activeDirectReferrals, rejected, overdue];
  if (counts.some((count) => !Number.isSafeInteger(count) || count < 0)) {
    throw new RangeError("performance is counted in whole numbers from 0 up");
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
