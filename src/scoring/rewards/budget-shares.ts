export type BudgetPeriodType = "daily" | "weekly" | "monthly";

/** All numbers of the budgets but the pools, which are configuration. */
export const BUDGET_RULES = {
  /** Approved assignments reviewed in the period that make somebody eligible. */
  minimumApproved: { daily: 1, weekly: 3, monthly: 10 },
  /** The five daily places; together the whole pool. */
  dailyPlacesPercent: [50, 25, 15, 7, 3],
  weeklyPlaces: 10,
  /** One in four of those eligible wins the monthly pool, but at least one. */
  monthlyEligiblePerWinner: 4,
  /** The first three get 10 points of a hundred on top of their part of the scores. */
  monthlyBonusRanks: 3,
  monthlyBonus: { numerator: 1n, denominator: 10n },
  /** Nobody takes more than half a monthly pool. */
  monthlyCap: { numerator: 1n, denominator: 2n },
} as const;

/** Exact shares of a pool: weights[i] / sum is what rank i + 1 gets, leftover / sum is placed with nobody. */
export interface BudgetShares {
  readonly weights: readonly bigint[];
  readonly leftover: bigint;
  /** All weights and the leftover together; above 0. */
  readonly sum: bigint;
}

/**
 * places = 5 daily, 10 weekly, max(1, floor(eligible / 4)) monthly: how many can win at most.
 */
export function budgetPlaces(periodType: BudgetPeriodType, eligibleCount: number): number {
  if (periodType === "daily") return BUDGET_RULES.dailyPlacesPercent.length;
  if (periodType === "weekly") return BUDGET_RULES.weeklyPlaces;
  return Math.max(1, Math.floor(eligibleCount / BUDGET_RULES.monthlyEligiblePerWinner));
}

/**
 * share = the place's percentage (daily), score / sum of scores (weekly), or the capped monthly share of each winner.
 *
 * `scores` are the winners' scores in hundredths, best first, all above 0 and no more than there are places.
 * Daily places that nobody fills are leftover. Monthly: r = score / sum of scores, + 0.10 for ranks 1 to 3;
 * share = r / sum of r; while a share exceeds 0.50 it is fixed there and the rest is split over the others in
 * proportion to r; what cannot be placed is leftover. Nothing is normalised afterwards. No winners: all is leftover.
 * Shares are ratios of whole numbers, exact. Throws RangeError for a score not above 0 or too many daily scores.
 */
export function budgetShares(periodType: BudgetPeriodType, scores: readonly bigint[]): BudgetShares {
  if (scores.some((score) => score <= 0n)) throw new RangeError("only scores above 0 have a share");
  if (scores.length === 0) return { weights: [], leftover: 1n, sum: 1n };
  if (periodType === "daily") return dailyShares(scores.length);
  if (periodType === "weekly") return { weights: scores, leftover: 0n, sum: addUp(scores) };
  return cappedShares(monthlyClaims(scores), BUDGET_RULES.monthlyCap);
}

function dailyShares(winners: number): BudgetShares {
  const places = BUDGET_RULES.dailyPlacesPercent.map(BigInt);
  if (winners > places.length) throw new RangeError("there are more winners than daily places");
  return {
    weights: places.slice(0, winners),
    leftover: addUp(places.slice(winners)),
    sum: addUp(places),
  };
}

/** r x sum of scores x 10, so that it is a whole number. */
function monthlyClaims(scores: readonly bigint[]): bigint[] {
  const { numerator, denominator } = BUDGET_RULES.monthlyBonus;
  const bonus = addUp(scores) * numerator;
  return scores.map((score, index) => {
    return score * denominator + (index < BUDGET_RULES.monthlyBonusRanks ? bonus : 0n);
  });
}

interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * With k claims fixed at cap = p/q and U the sum of the others, the others get (1 - k p/q) x claim / U. Over the common
 * denominator q x U that is p x U for the fixed and (q - k p) x claim for the others.
 */
function cappedShares(claims: readonly bigint[], cap: Fraction): BudgetShares {
  const fixed = new Set<number>();
  for (;;) {
    const free = addUp(claims.filter((_, index) => !fixed.has(index)));
    const rest = cap.denominator - BigInt(fixed.size) * cap.numerator;
    const above = claims.findIndex(
      (claim, index) => !fixed.has(index) && rest * claim > cap.numerator * free,
    );
    if (above >= 0) {
      fixed.add(above);
    } else if (free === 0n) {
      return { weights: claims.map(() => cap.numerator), leftover: rest, sum: cap.denominator };
    } else {
      const weights = claims.map((claim, index) => (fixed.has(index) ? cap.numerator * free : rest * claim));
      return { weights, leftover: 0n, sum: cap.denominator * free };
    }
  }
}

function addUp(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}
