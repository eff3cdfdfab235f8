import { describe, expect, it } from "vitest";
import { assertCommissionPolicy, COMMISSION_POLICY } from "../../../src/scoring/rewards/commission-policy.ts";

describe("assertCommissionPolicy", () => {
  it("accepts the policy of the domain page", () => {
    expect(() => assertCommissionPolicy(COMMISSION_POLICY)).not.toThrow();
    expect(COMMISSION_POLICY).toMatchObject({ ratesBps: [1000, 800, 600, 400, 200], minimumMicro: 10_000n });
  });

  it.each([
    ["six levels", { ratesBps: [1, 1, 1, 1, 1, 1] }],
    ["a negative rate", { ratesBps: [-1] }],
    ["a broken rate", { ratesBps: [0.5] }],
    ["rates above the whole sale", { ratesBps: [6000, 4001] }],
    ["a minimum below 0.01", { minimumMicro: 9_999n }],
  ])("refuses %s", (_, part) => {
    expect(() => assertCommissionPolicy({ ...COMMISSION_POLICY, ...part })).toThrow(RangeError);
  });
});
