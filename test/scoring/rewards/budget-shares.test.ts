import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { budgetShares, maxWinners } from "../../../src/scoring/rewards/budget-shares.ts";

const scoresOf = (maxLength: number) =>
  fc
    .array(fc.bigInt({ min: 1n, max: 10n ** 7n }), { maxLength })
    .map((scores) => scores.toSorted((a, b) => (a > b ? -1 : 1)));

const monthly = (...scores: number[]) => {
  const { weights, leftover, sum } = budgetShares("monthly", scores.map(BigInt));
  const rounded = (weight: bigint) => Number((weight * 1_000_000n) / sum) / 1_000_000;
  return { shares: weights.map(rounded), leftover: rounded(leftover) };
};

describe("maxWinners", () => {
  it.each([
    ["daily", 100, 5],
    ["weekly", 100, 10],
    ["monthly", 0, 1],
    ["monthly", 3, 1],
    ["monthly", 7, 1],
    ["monthly", 8, 2],
    ["monthly", 100, 25],
  ] as const)("%s with %i eligible has %i", (periodType, eligibleCount, places) => {
    expect(maxWinners(periodType, eligibleCount)).toBe(places);
  });
});

describe("budgetShares: the worked examples, monthly", () => {
  it("80/20 is .50 .50", () => {
    expect(monthly(80, 20)).toEqual({ shares: [0.5, 0.5], leftover: 0 });
  });

  it("60/30/10 is .50 .333 .167", () => {
    const { shares } = monthly(60, 30, 10);
    expect(shares[0]).toBe(0.5);
    expect(shares[1]).toBeCloseTo(1 / 3, 5);
    expect(shares[2]).toBeCloseTo(1 / 6, 5);
  });

  it("97/1/1/1 is .50 .239 .239 .022", () => {
    const { shares } = monthly(97, 1, 1, 1);
    expect(shares[0]).toBe(0.5);
    expect(shares[1]).toBeCloseTo(0.239, 3);
    expect(shares[2]).toBeCloseTo(0.239, 3);
    expect(shares[3]).toBeCloseTo(0.022, 3);
  });

  it("a single winner has half, and the other half is leftover", () => {
    expect(monthly(42)).toEqual({ shares: [0.5], leftover: 0.5 });
  });

  it("gives the bonus to the first three only, and no cap when nobody exceeds it", () => {
    // r = .25 + .10 three times, .25 once; their sum is 1.30.
    const { shares } = monthly(25, 25, 25, 25);
    expect(shares[0]).toBeCloseTo(0.35 / 1.3, 5);
    expect(shares[3]).toBeCloseTo(0.25 / 1.3, 5);
  });
});

describe("budgetShares", () => {
  it("daily: 50, 25, 15, 7, 3, and a rank without a winner is leftover", () => {
    expect(budgetShares("daily", [5n, 4n, 3n, 2n, 1n])).toEqual({
      weights: [50n, 25n, 15n, 7n, 3n],
      leftover: 0n,
      sum: 100n,
    });
    expect(budgetShares("daily", [5n, 4n])).toEqual({ weights: [50n, 25n], leftover: 25n, sum: 100n });
  });

  it("weekly: in proportion to score", () => {
    expect(budgetShares("weekly", [300n, 100n])).toEqual({ weights: [300n, 100n], leftover: 0n, sum: 400n });
  });

  it.each(["daily", "weekly", "monthly"] as const)("%s: without winners all is leftover", (periodType) => {
    expect(budgetShares(periodType, [])).toEqual({ weights: [], leftover: 1n, sum: 1n });
  });

  it("throws for a score of 0 and for a sixth daily winner", () => {
    expect(() => budgetShares("weekly", [1n, 0n])).toThrow(RangeError);
    expect(() => budgetShares("daily", [6n, 5n, 4n, 3n, 2n, 1n])).toThrow(RangeError);
  });

  it("defect 4: weights and leftover add up to the sum, and no monthly share exceeds one half", () => {
    fc.assert(
      fc.property(scoresOf(30), (scores) => {
        const { weights, leftover, sum } = budgetShares("monthly", scores);
        expect(weights.reduce((all, weight) => all + weight, leftover)).toBe(sum);
        expect(leftover >= 0n && weights.every((weight) => weight > 0n && 2n * weight <= sum)).toBe(true);
        if (scores.length >= 2) expect(leftover).toBe(0n);
      }),
    );
  });

  it("a better rank has at least the share of the next", () => {
    fc.assert(
      fc.property(fc.constantFrom("daily", "weekly", "monthly"), scoresOf(5), (periodType, scores) => {
        const { weights } = budgetShares(periodType, scores);
        expect(weights.every((weight, index) => weight <= (weights[index - 1] ?? weight))).toBe(true);
      }),
    );
  });

  it("monthly: those below the cap keep the proportions of r", () => {
    fc.assert(
      fc.property(scoresOf(12), (scores) => {
        const scoreSum = scores.reduce((sum, score) => sum + score, 0n);
        const claims = scores.map((score, index) => 10n * score + (index < 3 ? scoreSum : 0n));
        const { weights, sum } = budgetShares("monthly", scores);
        const free = weights.flatMap((weight, index) => (2n * weight < sum ? [index] : []));
        const [first] = free;
        if (first === undefined) return;
        for (const index of free) {
          const [weight = 0n, claim = 0n] = [weights[index], claims[index]];
          expect(weight * (claims[first] ?? 0n)).toBe((weights[first] ?? 0n) * claim);
        }
      }),
    );
  });
});
