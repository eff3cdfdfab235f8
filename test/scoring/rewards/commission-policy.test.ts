import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  assertCommissionPolicy,
  BPS_PER_WHOLE,
  COMMISSION_MAX_LEVELS,
  COMMISSION_POLICY,
} from "../../../src/scoring/rewards/commission-policy.ts";

describe("assertCommissionPolicy", () => {
  it("accepts the default policy", () => {
    expect(() => assertCommissionPolicy(COMMISSION_POLICY)).not.toThrow();
    expect(COMMISSION_POLICY).toMatchObject({ ratesBps: [1000, 800, 600, 400, 200], minimumMicro: 10_000n });
  });

  it.each([
    ["six levels", { ratesBps: [1, 1, 1, 1, 1, 1] }],
    ["a negative rate", { ratesBps: [-1] }],
    ["a broken rate", { ratesBps: [0.5] }],
    ["rates above the whole sale", { ratesBps: [6000, 4001] }],
    ["a minimum below 0.01", { minimumMicro: 9_999n }],
  ])("throws for %s", (_, part) => {
    expect(() => assertCommissionPolicy({ ...COMMISSION_POLICY, ...part })).toThrow(RangeError);
  });

  it("accepts exactly the policies within the limits", () => {
    const rates = fc.array(fc.integer({ min: -1, max: 4_000 }), { maxLength: 7 });
    const minimum = fc.bigInt({ min: 9_990n, max: 10_010n });
    fc.assert(
      fc.property(rates, minimum, (ratesBps, minimumMicro) => {
        const isValid =
          ratesBps.length <= COMMISSION_MAX_LEVELS &&
          ratesBps.every((rate) => rate >= 0) &&
          ratesBps.reduce((sum, rate) => sum + rate, 0) <= BPS_PER_WHOLE &&
          minimumMicro >= 10_000n;
        const check = () => assertCommissionPolicy({ ...COMMISSION_POLICY, ratesBps, minimumMicro });
        if (isValid) check();
        else expect(check).toThrow(RangeError);
      }),
    );
  });
});
