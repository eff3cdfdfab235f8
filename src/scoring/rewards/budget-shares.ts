export type BudgetPeriodType = "daily" | "weekly" | "monthly";

/** The numbers of the budget rules, apart from the pools, which are configured. */
export const BUDGET_RULES = {
  /** Approved assignments reviewed in the period that are needed to be eligible. */
  minimumApproved: { daily: 1, weekly: 3, monthly: 10 },
  /** Shares of ranks 1 to 5, daily; together the whole pool. */
  dailyRankPercent: [50, 25, 15, 7, 3],
  weeklyWinners: 10,
  /** Monthly, one in four of those eligible wins, and at least one. */
  monthlyEligiblePerWinner: 4,
  /** Monthly, ranks 1 to 3 get 0.10 on top of their part of the scores. */
  monthlyBonusRanks: 3,
  monthlyBonus: { numerator: 1n, denominator: 10n },
  /** No monthly share is above one half. */
  monthlyCap: { numerator: 1n, denominator: 2n },
} as const;

/** Exact shares of a pool: rank i + 1 gets weights[i] / sum, and leftover / sum is not paid. */
export interface BudgetShares {
  readonly weights: readonly bigint[];
  readonly leftover: bigint;
  /** Sum of all weights and the leftover; above 0. */
  readonly sum: bigint;
}

/** winners at most = 5 daily, 10 weekly, max(1, floor(eligible / 4)) monthly. */
export function maxWinners(periodType: BudgetPeriodType, eligibleCount: number): number {
  if (periodType === "daily") return BUDGET_RULES.dailyRankPercent.length;
  if (periodType === "weekly") return BUDGET_RULES.weeklyWinners;
  return Math.max(1, Math.floor(eligibleCount / BUDGET_RULES.monthlyEligiblePerWinner));
}

/**
 * share = the percentage of the rank (daily), score / sum of scores (weekly), or a capped share with a bonus
 * (monthly).
 *
 * Monthly: r = score / sum of scores, + 0.10 for ranks 1 to 3; share = r / sum of r; while a share exceeds
 * 0.50 it is fixed there, and the rest is split over the others in proportion to r. Daily shares of ranks
 * without a winner, and what the monthly cap leaves, are leftover; without winners all of it is. Shares are
 * ratios of whole numbers, so they are exact.
 *
 * @param scores of the winners in hundredths, best first, all above 0, at most `maxWinners`.
 * @throws RangeError for a score not above 0, or more than five daily scores.
 */
export function budgetShares(periodType: BudgetPeriodType, scores: readonly bigint[]): BudgetShares {
  if (scores.some((score) => score <= 0n)) throw new RangeError("a score is not above 0");
  if (scores.length === 0) return { weights: [], leftover: 1n, sum: 1n };
  if (periodType === "daily") return dailyShares(scores.length);
  if (periodType === "weekly") return { weights: scores, leftover: 0n, sum: addUp(scores) };
  return cappedShares(monthlyClaims(scores), BUDGET_RULES.monthlyCap);
}

function dailyShares(winners: number): BudgetShares {
  const percents = BUDGET_RULES.dailyRankPercent.map(BigInt);
  if (winners > percents.length) throw new RangeError("more winners than daily ranks");
  return {
    weights: percents.slice(0, winners),
    leftover: addUp(percents.slice(winners)),
    sum: addUp(percents),
  };
}

/** r x sum of scores x 10: a whole number. */
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
 * With k claims fixed at cap = p/q and U the sum of the other claims, each of the others gets (1 - k p/q) x
 * claim / U. Over the common denominator q x U, that is p x U for a fixed claim and (q - k p) x claim for
 * another.
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
