import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type PerformanceFacts,
  performanceScoreHundredths,
} from "../../../src/scoring/rewards/performance.ts";

describe("performanceScoreHundredths", () => {
  const score = (change: Partial<PerformanceFacts>) =>
    performanceScoreHundredths({
      xpTimesLevel: 0,
      multiplierHundredths: 100,
      activeDirectReferrals: 0,
      rejected: 0,
      overdue: 0,
      ...change,
    });

  it("adds experience times the multiplier and referrals, and subtracts rejected and overdue assignments", () => {
    // (200 x 0.1) x 1.25 + 5 x 2 - 2 x 3 - 1 = 28.00
    expect(
      score({
        xpTimesLevel: 200,
        multiplierHundredths: 125,
        activeDirectReferrals: 2,
        rejected: 3,
        overdue: 1,
      }),
    ).toBe(2800);
  });

  it("is rounded half up to 2 decimals", () => {
    // 0.5 x 1.01 = 0.505 and 0.4 x 1.01 = 0.404
    expect(score({ xpTimesLevel: 5, multiplierHundredths: 101 })).toBe(51);
    expect(score({ xpTimesLevel: 4, multiplierHundredths: 101 })).toBe(40);
  });

  const anyFacts: fc.Arbitrary<PerformanceFacts> = fc.record({
    xpTimesLevel: fc.integer({ min: 0, max: 100_000 }),
    multiplierHundredths: fc.integer({ min: 100, max: 300 }),
    activeDirectReferrals: fc.integer({ min: 0, max: 20 }),
    rejected: fc.integer({ min: 0, max: 200 }),
    overdue: fc.integer({ min: 0, max: 200 }),
  });

  it("agrees with the formula in floating point to the hundredth, and is never below 0", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const { xpTimesLevel, multiplierHundredths, activeDirectReferrals, rejected, overdue } = facts;
        const exact =
          xpTimesLevel * 0.1 * (multiplierHundredths / 100) +
          5 * activeDirectReferrals -
          2 * rejected -
          overdue;
        expect(Math.abs(score(facts) - 100 * Math.max(0, exact))).toBeLessThanOrEqual(0.5 + 1e-6);
      }),
    );
  });

  it("does not fall with experience, multiplier or referrals, nor rise with rejected or overdue assignments", () => {
    const field = fc.constantFrom(
      ...(["xpTimesLevel", "multiplierHundredths", "activeDirectReferrals", "rejected", "overdue"] as const),
    );
    fc.assert(
      fc.property(anyFacts, field, fc.integer({ min: 1, max: 50 }), (facts, name, by) => {
        const change = score({ ...facts, [name]: facts[name] + by }) - score(facts);
        if (name === "rejected" || name === "overdue") expect(change).toBeLessThanOrEqual(0);
        else expect(change).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("is never below 0", () => {
    expect(score({ xpTimesLevel: 10, rejected: 1 })).toBe(0);
    expect(score({ overdue: 3 })).toBe(0);
  });

  it("throws for what is not a count", () => {
    expect(() => score({ rejected: -1 })).toThrow(RangeError);
    expect(() => score({ xpTimesLevel: 0.5 })).toThrow(RangeError);
    expect(() => score({ xpTimesLevel: 2 ** 52, multiplierHundredths: 300 })).toThrow(RangeError);
  });
});
