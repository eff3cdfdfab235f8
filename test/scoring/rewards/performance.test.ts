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

  it("adds experience times the multiplier and referrals, and takes off rejections and overdue ones", () => {
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

  it("is never below 0", () => {
    expect(score({ xpTimesLevel: 10, rejected: 1 })).toBe(0);
    expect(score({ overdue: 3 })).toBe(0);
  });

  it("refuses what is not a count", () => {
    expect(() => score({ rejected: -1 })).toThrow(RangeError);
    expect(() => score({ xpTimesLevel: 0.5 })).toThrow(RangeError);
    expect(() => score({ xpTimesLevel: 2 ** 52, multiplierHundredths: 300 })).toThrow(RangeError);
  });
});
