import { describe, expect, it } from "vitest";
import { depthsOf, planCommunity } from "../../../src/dev/demo/community-plan.ts";

const NOW = new Date("2026-03-08T02:00:00Z");
const SIZE = 2_000;

describe("planCommunity", () => {
  it("draws the same people from the same seed, others from another", () => {
    expect(planCommunity(50, 1, NOW)).toEqual(planCommunity(50, 1, NOW));
    expect(planCommunity(50, 1, NOW)).not.toEqual(planCommunity(50, 2, NOW));
  });

  it("draws plausible referral trees", () => {
    const plan = planCommunity(SIZE, 1, NOW);
    const depths = depthsOf(plan);
    const referred = plan.filter(({ referrer }) => referrer !== null).length;
    expect(referred / SIZE).toBeGreaterThan(0.85);
    expect(referred / SIZE).toBeLessThan(0.95);
    // Enough chains of five to pay every level, and none too deep.
    expect(depths.filter((depth) => depth >= 5).length).toBeGreaterThan(100);
    expect(Math.max(...depths)).toBeLessThan(20);
    const referrals = new Map<number, number>();
    for (const { referrer } of plan)
      if (referrer !== null) referrals.set(referrer, (referrals.get(referrer) ?? 0) + 1);
    // Few refer many, most refer nobody.
    expect(Math.max(...referrals.values())).toBeGreaterThan(20);
    expect(referrals.size).toBeLessThan(SIZE / 2);
  });

  it("has each volunteer referred by an earlier one of the same organization", () => {
    const plan = planCommunity(SIZE, 3, NOW);
    for (const [index, volunteer] of plan.entries()) {
      if (volunteer.referrer === null) continue;
      expect(volunteer.referrer).toBeLessThan(index);
      expect(plan[volunteer.referrer]?.organization).toBe(volunteer.organization);
    }
  });

  it("gives each volunteer a unique code and an old enough profile: young ones would hold commissions", () => {
    const plan = planCommunity(SIZE, 4, NOW);
    expect(new Set(plan.map(({ referralCode }) => referralCode)).size).toBe(SIZE);
    for (const { referralCode, joinedAt } of plan) {
      expect(referralCode).toMatch(/^[A-Z0-9]{8}$/);
      expect(NOW.getTime() - joinedAt.getTime()).toBeGreaterThan(60 * 24 * 3_600_000);
    }
  });
});
