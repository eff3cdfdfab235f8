import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BudgetCandidate, type BudgetFacts, decideBudget } from "../../../src/scoring/rewards/budget.ts";
import type { BudgetPeriodType } from "../../../src/scoring/rewards/budget-shares.ts";

const TOKEN = 1_000_000n;

/** A candidate whose score in whole points is `points`. */
const scoring = (
  profileId: string,
  points: number,
  change: Partial<BudgetCandidate> = {},
): BudgetCandidate => ({
  profileId,
  approved: 10,
  lastApprovalAt: new Date("2026-03-10T12:00:00Z"),
  xpTimesLevel: points * 10,
  multiplierHundredths: 100,
  activeDirectReferrals: 0,
  rejected: 0,
  overdue: 0,
  ...change,
});
const decide = (periodType: BudgetPeriodType, poolMicro: bigint, candidates: readonly BudgetCandidate[]) =>
  decideBudget({ periodType, poolMicro, candidates });
const paidTo = (decision: ReturnType<typeof decideBudget>) =>
  decision.awards.map(({ profileId, amountMicro }) => [profileId, amountMicro]);

const candidate: fc.Arbitrary<BudgetCandidate> = fc.record({
  profileId: fc.integer({ min: 1, max: 99_999 }).map(String),
  approved: fc.integer({ min: 0, max: 14 }),
  lastApprovalAt: fc.option(fc.constantFrom(new Date(1_000), new Date(2_000))),
  xpTimesLevel: fc.oneof(fc.constantFrom(0, 20, 40), fc.integer({ min: 0, max: 1_000_000 })),
  multiplierHundredths: fc.integer({ min: 100, max: 300 }),
  activeDirectReferrals: fc.integer({ min: 0, max: 3 }),
  rejected: fc.integer({ min: 0, max: 5 }),
  overdue: fc.integer({ min: 0, max: 5 }),
});
const anyFacts: fc.Arbitrary<BudgetFacts> = fc.record({
  periodType: fc.constantFrom("daily", "weekly", "monthly"),
  poolMicro: fc.oneof(
    fc.bigInt({ min: -20_000n, max: 300_000n }),
    fc.bigInt({ min: 0n, max: 10n ** 6n }).map((quanta) => quanta * 10_000n),
    fc.bigInt({ min: 0n, max: 10n ** 16n }),
  ),
  candidates: fc.uniqueArray(candidate, { selector: ({ profileId }) => profileId, maxLength: 40 }),
});

describe("decideBudget: daily", () => {
  it("pays 50, 25, 15, 7, 3 percent to the first five", () => {
    const six = ["1", "2", "3", "4", "5", "6"].map((id, index) => scoring(id, 60 - index));
    const decision = decide("daily", 100n * TOKEN, six);
    expect(paidTo(decision)).toEqual([
      ["1", 50n * TOKEN],
      ["2", 25n * TOKEN],
      ["3", 15n * TOKEN],
      ["4", 7n * TOKEN],
      ["5", 3n * TOKEN],
    ]);
    expect(decision).toMatchObject({ kind: "award", paidMicro: 100n * TOKEN, leftoverMicro: 0n });
    expect(decision.unpaid).toEqual([{ profileId: "6", scoreHundredths: 5500, reason: "not-a-winner" }]);
  });

  it("defect 8: with fewer winners than ranks the rest is leftover, and nothing vanishes", () => {
    const decision = decide("daily", 100n * TOKEN, [scoring("1", 9), scoring("2", 8)]);
    expect(paidTo(decision)).toEqual([
      ["1", 50n * TOKEN],
      ["2", 25n * TOKEN],
    ]);
    expect(decision).toMatchObject({ paidMicro: 75n * TOKEN, leftoverMicro: 25n * TOKEN });
  });
});

describe("decideBudget: weekly and monthly", () => {
  it("weekly: the top 10 take the whole pool in proportion to score", () => {
    const decision = decide("weekly", 1000n * TOKEN, [scoring("1", 3), scoring("2", 2), scoring("3", 1)]);
    expect(paidTo(decision)).toEqual([
      ["1", 500_000_000n],
      ["2", 333_330_000n],
      ["3", 166_670_000n],
    ]);
    expect(decision.leftoverMicro).toBe(0n);
    const eleven = Array.from({ length: 11 }, (_, index) => scoring(String(index + 1), 5));
    expect(decide("weekly", 1000n * TOKEN, eleven).awards).toHaveLength(10);
  });

  it("defect 4: monthly pays the pool and not 130 % of it", () => {
    const rest = Array.from({ length: 9 }, (_, index) => scoring(String(index + 10), 1));
    const decision = decide("monthly", 5000n * TOKEN, [
      scoring("1", 60),
      scoring("2", 30),
      scoring("3", 10),
      ...rest,
    ]);
    expect(decision.eligibleCount).toBe(12);
    expect(paidTo(decision)).toEqual([
      ["1", 2_500_000_000n],
      ["2", 1_666_670_000n],
      ["3", 833_330_000n],
    ]);
    expect(decision).toMatchObject({ paidMicro: 5000n * TOKEN, leftoverMicro: 0n });
  });

  it("monthly: one winner takes half, the other half is leftover", () => {
    const decision = decide("monthly", 5000n * TOKEN, [scoring("1", 60)]);
    expect(decision).toMatchObject({ paidMicro: 2500n * TOKEN, leftoverMicro: 2500n * TOKEN });
  });

  it("monthly: the number of winners follows from those eligible, and winners need a score", () => {
    const scoreless = Array.from({ length: 8 }, (_, index) => scoring(String(index + 10), 0));
    const decision = decide("monthly", 10n * TOKEN, [scoring("1", 5), ...scoreless]);
    expect(decision).toMatchObject({ eligibleCount: 9, leftoverMicro: 5n * TOKEN });
    expect(decision.winners).toHaveLength(1);
    expect(decision.unpaid).toHaveLength(8);
  });
});

describe("decideBudget: who wins", () => {
  it.each([
    ["daily", 0, 1],
    ["weekly", 2, 3],
    ["monthly", 9, 10],
  ] as const)("%s: %i approved are too few, %i are enough", (periodType, tooFew, enough) => {
    const decision = decide(periodType, TOKEN, [
      scoring("1", 9, { approved: tooFew }),
      scoring("2", 1, { approved: enough }),
    ]);
    expect(decision.winners.map(({ profileId }) => profileId)).toEqual(["2"]);
    expect(decision.unpaid).toEqual([{ profileId: "1", scoreHundredths: 900, reason: "too-few-approved" }]);
  });

  it("defect 11: ties go to the earlier last approval, then the lower id, in any order of the input", () => {
    const early = { lastApprovalAt: new Date("2026-03-10T11:59:59Z") };
    const tied = [scoring("10", 5), scoring("9", 5), scoring("30", 5, early), scoring("7", 6)];
    const ranks = ["7", "30", "9", "10"];
    fc.assert(
      fc.property(fc.shuffledSubarray(tied, { minLength: tied.length }), (shuffled) => {
        const { winners } = decide("daily", TOKEN, shuffled);
        expect(winners.map(({ profileId }) => profileId)).toEqual(ranks);
      }),
    );
  });

  it("throws for a duplicate profile", () => {
    expect(() => decide("daily", TOKEN, [scoring("1", 1), scoring("1", 2)])).toThrow(RangeError);
  });
});

describe("decideBudget: small and empty pools", () => {
  it("an exact share below 0.01 is leftover, compared before rounding", () => {
    const five = ["1", "2", "3", "4", "5"].map((id, index) => scoring(id, 60 - index));
    // 7 % of 0.14 is 0.0098: it would round to 0.01.
    const decision = decide("daily", 140_000n, five);
    expect(paidTo(decision)).toEqual([
      ["1", 70_000n],
      ["2", 40_000n],
      ["3", 20_000n],
    ]);
    expect(decision.leftoverMicro).toBe(10_000n);
    expect(decision.unpaid.map(({ reason }) => reason)).toEqual([
      "share-below-minimum",
      "share-below-minimum",
    ]);
  });

  it("the part of the pool below 0.01 is leftover", () => {
    const decision = decide("weekly", 1_009_999n, [scoring("1", 1)]);
    expect(decision).toMatchObject({ paidMicro: 1_000_000n, leftoverMicro: 9_999n });
  });

  it.each([0n, -5n * TOKEN])("records a pool of %s and pays nobody", (poolMicro) => {
    expect(decide("weekly", poolMicro, [scoring("1", 5)])).toEqual({
      kind: "none",
      poolMicro,
      paidMicro: 0n,
      leftoverMicro: poolMicro,
      eligibleCount: 1,
      winners: [],
      awards: [],
      unpaid: [{ profileId: "1", scoreHundredths: 500, reason: "empty-pool" }],
      weightSum: 1n,
    });
  });

  it("without candidates the whole pool is leftover", () => {
    expect(decide("monthly", TOKEN, [])).toMatchObject({ kind: "none", leftoverMicro: TOKEN });
  });
});

describe("decideBudget: properties", () => {
  it("paid + leftover = pool, to the unit, with awards of 0.01 or more in whole cents", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const { awards, paidMicro, leftoverMicro, kind } = decideBudget(facts);
        expect(paidMicro + leftoverMicro).toBe(facts.poolMicro);
        expect(awards.reduce((sum, { amountMicro }) => sum + amountMicro, 0n)).toBe(paidMicro);
        expect(
          awards.every(({ amountMicro }) => amountMicro >= 10_000n && amountMicro % 10_000n === 0n),
        ).toBe(true);
        if (facts.poolMicro >= 0n) expect(leftoverMicro >= 0n).toBe(true);
        expect(kind === "award").toBe(awards.length > 0);
      }),
    );
  });

  it("every candidate has an award or a reason, and a better rank never gets less", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const { awards, unpaid } = decideBudget(facts);
        const ids = [...awards, ...unpaid].map(({ profileId }) => profileId);
        expect(ids.toSorted()).toEqual(facts.candidates.map(({ profileId }) => profileId).toSorted());
        const amounts = awards.map(({ amountMicro }) => amountMicro);
        expect(amounts.every((amount, index) => amount <= (amounts[index - 1] ?? amount))).toBe(true);
      }),
    );
  });

  it("does not depend on the order of the candidates", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const mixed = decideBudget({ ...facts, candidates: facts.candidates.toReversed() });
        const { awards, winners } = decideBudget(facts);
        expect(mixed.awards).toEqual(awards);
        expect(mixed.winners).toEqual(winners);
      }),
    );
  });

  it("each award is within 0.01 of its exact share of the pool", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const { awards, weightSum } = decideBudget(facts);
        for (const { amountMicro, weight } of awards) {
          const off = amountMicro * weightSum - facts.poolMicro * weight;
          expect(off < 10_000n * weightSum && -off < 20_000n * weightSum).toBe(true);
        }
      }),
    );
  });
});
