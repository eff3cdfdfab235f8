import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DECAY_MILLIONTHS,
  decideMultiplier,
  MULTIPLIER_POLICY,
  type MultiplierFacts,
} from "../../../src/scoring/rewards/multiplier.ts";

const facts = (change: Partial<MultiplierFacts> = {}): MultiplierFacts => ({
  level: 1,
  approvedIn30Days: 0,
  activeDirectReferrals: 0,
  daysSinceLastActivity: 0,
  previousHundredths: 100,
  ...change,
});
const decided = (change: Partial<MultiplierFacts> = {}) =>
  decideMultiplier(facts(change)).multiplierHundredths;

const anyFacts: fc.Arbitrary<MultiplierFacts> = fc.record({
  level: fc.integer({ min: 1, max: 40 }),
  approvedIn30Days: fc.integer({ min: 0, max: 400 }),
  activeDirectReferrals: fc.integer({ min: 0, max: 30 }),
  daysSinceLastActivity: fc.option(fc.integer({ min: 0, max: 500 })),
  previousHundredths: fc.integer({ min: 100, max: 300 }),
});

describe("DECAY_MILLIONTHS", () => {
  it("is 1 up to 7 days and has one entry for each day of a year", () => {
    expect(DECAY_MILLIONTHS).toHaveLength(366);
    expect(DECAY_MILLIONTHS.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => 1_000_000));
  });

  it.each([
    [8, 943_064],
    [10, 929_344],
    [14, 902_500],
    [21, 857_375],
    [28, 814_506],
    [31, 796_796],
    [100, 480_580],
    [364, 69_443],
    [365, 68_936],
  ])("holds 0.95^(%i / 7) to 6 decimals", (days, millionths) => {
    expect(DECAY_MILLIONTHS[days]).toBe(millionths);
  });

  it("is within half a millionth of the power in every entry", () => {
    DECAY_MILLIONTHS.slice(8).forEach((millionths, index) => {
      expect(Math.abs(millionths - 1e6 * 0.95 ** ((index + 8) / 7))).toBeLessThan(0.500001);
    });
  });

  it("falls every day from the eighth on", () => {
    const tail = DECAY_MILLIONTHS.slice(7);
    expect(tail.every((millionths, index) => index === 0 || millionths < (tail[index - 1] ?? 0))).toBe(true);
  });
});

describe("decideMultiplier", () => {
  it.each([
    [0, 0],
    [9, 0],
    [10, 5],
    [19, 5],
    [20, 10],
    [30, 13],
    [50, 19],
    [59, 19],
    [60, 20],
    [100, 24],
  ])("%i approved assignments add 0.%i", (approvedIn30Days, hundredths) => {
    expect(decideMultiplier(facts({ approvedIn30Days })).components.activityHundredths).toBe(hundredths);
    expect(decided({ approvedIn30Days })).toBe(100 + hundredths);
  });

  it("adds 0.10 for each level above 1", () => {
    expect(decided({ level: 1 })).toBe(100);
    expect(decided({ level: 7 })).toBe(160);
  });

  it("adds 0.02 for each active direct referral, 10 at most", () => {
    expect(decided({ activeDirectReferrals: 3 })).toBe(106);
    expect(decided({ activeDirectReferrals: 10 })).toBe(120);
    expect(decided({ activeDirectReferrals: 500 })).toBe(120);
  });

  it("decays after more than 7 days, but not without any activity", () => {
    const busy = { level: 3, approvedIn30Days: 60, activeDirectReferrals: 10 };
    expect(decided({ ...busy, daysSinceLastActivity: 7 })).toBe(160);
    // 1.60 x 0.943064 = 1.5089
    expect(decided({ ...busy, daysSinceLastActivity: 8 })).toBe(151);
    expect(decided({ ...busy, daysSinceLastActivity: null })).toBe(160);
  });

  it("never falls below the base, nor rises above MAX", () => {
    expect(decided({ level: 3, activeDirectReferrals: 10, daysSinceLastActivity: 90 })).toBe(120);
    expect(decided({ level: 20, approvedIn30Days: 60 })).toBe(300);
    expect(decided({ level: 50, daysSinceLastActivity: 400 })).toBe(300);
    expect(decideMultiplier(facts({ level: 5 }), { maxHundredths: 125 }).multiplierHundredths).toBe(125);
  });

  it("keeps its components", () => {
    expect(
      decideMultiplier(
        facts({
          level: 2,
          approvedIn30Days: 35,
          activeDirectReferrals: 4,
          daysSinceLastActivity: 10,
          previousHundredths: 131,
        }),
      ),
    ).toEqual({
      kind: "moved",
      multiplierHundredths: 122,
      previousHundredths: 131,
      components: {
        baseHundredths: 110,
        activityHundredths: 13,
        referralHundredths: 8,
        decayMillionths: 929_344,
      },
    });
  });

  it("has moved only when it changes by 0.01 or more", () => {
    expect(decideMultiplier(facts({ previousHundredths: 100 })).kind).toBe("same");
    expect(decideMultiplier(facts({ previousHundredths: 101 })).kind).toBe("moved");
  });

  it("defect 9: one formula, so deciding again on its own result moves nothing", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        const first = decideMultiplier(given);
        const again = decideMultiplier({ ...given, previousHundredths: first.multiplierHundredths });
        expect(again).toMatchObject({ kind: "same", multiplierHundredths: first.multiplierHundredths });
        expect(first.kind === "moved").toBe(first.multiplierHundredths !== given.previousHundredths);
      }),
    );
  });

  it("agrees with the formula in floating point to the hundredth", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        const base = 1 + 0.1 * (given.level - 1);
        const g = Math.floor(given.approvedIn30Days / 10);
        const late = g <= 5 ? 0.1 + 0.03 * (g - 2) : 0.19 + 0.01 * (g - 5);
        const activity = g <= 2 ? 0.05 * g : late;
        const referral = 0.02 * Math.min(10, given.activeDirectReferrals);
        const days = Math.min(given.daysSinceLastActivity ?? 0, 365);
        const decay = days > 7 ? 0.95 ** (days / 7) : 1;
        const m = Math.min(3, Math.max(base, (base + activity + referral) * decay));
        expect(Math.abs(decideMultiplier(given).multiplierHundredths - 100 * m)).toBeLessThan(0.501);
      }),
    );
  });

  it("grows with level, approvals and referrals, and falls with idle days", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        const multiplier = (change: Partial<MultiplierFacts>) =>
          decideMultiplier({ ...given, ...change }).multiplierHundredths;
        const now = multiplier({});
        expect(multiplier({ level: given.level + 1 })).toBeGreaterThanOrEqual(now);
        expect(multiplier({ approvedIn30Days: given.approvedIn30Days + 10 })).toBeGreaterThanOrEqual(now);
        expect(multiplier({ activeDirectReferrals: given.activeDirectReferrals + 1 })).toBeGreaterThanOrEqual(
          now,
        );
        expect(
          multiplier({ daysSinceLastActivity: (given.daysSinceLastActivity ?? 0) + 1 }),
        ).toBeLessThanOrEqual(now);
        expect(now).toBeLessThanOrEqual(MULTIPLIER_POLICY.maxHundredths);
      }),
    );
  });

  it.each<[string, Partial<MultiplierFacts>]>([
    ["level 0", { level: 0 }],
    ["a broken level", { level: 1.5 }],
    ["a negative count", { approvedIn30Days: -1 }],
    ["negative referrals", { activeDirectReferrals: -1 }],
    ["activity in the future", { daysSinceLastActivity: -1 }],
    ["no previous value", { previousHundredths: Number.NaN }],
  ])("refuses %s", (_, change) => {
    expect(() => decideMultiplier(facts(change))).toThrow(RangeError);
  });

  it("throws for a MAX below 1 or beyond the column", () => {
    expect(() => decideMultiplier(facts(), { maxHundredths: 99 })).toThrow(RangeError);
    expect(() => decideMultiplier(facts(), { maxHundredths: 100_000 })).toThrow(RangeError);
  });
});
