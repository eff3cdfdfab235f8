import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAmountMicro } from "../../../src/scoring/money.ts";
import { type CommissionFacts, decideCommission } from "../../../src/scoring/rewards/commission.ts";
import { COMMISSION_POLICY } from "../../../src/scoring/rewards/commission-policy.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SOLD_AT = new Date("2026-03-10T12:00:00Z");

const ago = (ms: number) => new Date(SOLD_AT.getTime() - ms);
const micro = (text: string) => {
  const parsed = parseAmountMicro(text);
  if (parsed.kind === "fault") throw new Error(parsed.fault);
  return parsed.amountMicro;
};
const chainOf = (...userIds: string[]) =>
  userIds.map((userId, index) => ({
    profileId: `p${index + 1}-${userId}`,
    userId,
    createdAt: ago(90 * DAY_MS),
  }));

const sale = (change: Partial<CommissionFacts> = {}): CommissionFacts => ({
  saleId: "sale-1",
  amountMicro: micro("100.50"),
  soldAt: SOLD_AT,
  receivedAt: SOLD_AT,
  buyer: { userId: "buyer", profileId: "p0", referredAt: ago(60 * DAY_MS) },
  chain: chainOf("a", "b", "c", "d", "e"),
  buyerHistory: { salesLastHour: 0, sales30Days: 0, amount30DaysMicro: 0n },
  ...change,
});

const paid = (facts: CommissionFacts, policy = COMMISSION_POLICY) => {
  const decision = decideCommission(facts, policy);
  if (decision.kind !== "award" && decision.kind !== "hold") throw new Error(`decided ${decision.kind}`);
  return decision;
};
const amounts = (facts: CommissionFacts, policy = COMMISSION_POLICY) =>
  paid(facts, policy).lines.map((line) => line.amountMicro);
const levels = (facts: CommissionFacts) => paid(facts).lines.map((line) => line.level);

describe("decideCommission: the worked examples", () => {
  it("100.50 gives 10.05, 8.04, 6.03, 4.02, 2.01", () => {
    expect(paid(sale())).toEqual({
      kind: "award",
      saleId: "sale-1",
      lines: [
        { level: 1, profileId: "p1-a", userId: "a", rateBps: 1000, amountMicro: 10_050_000n },
        { level: 2, profileId: "p2-b", userId: "b", rateBps: 800, amountMicro: 8_040_000n },
        { level: 3, profileId: "p3-c", userId: "c", rateBps: 600, amountMicro: 6_030_000n },
        { level: 4, profileId: "p4-d", userId: "d", rateBps: 400, amountMicro: 4_020_000n },
        { level: 5, profileId: "p5-e", userId: "e", rateBps: 200, amountMicro: 2_010_000n },
      ],
      totalMicro: 30_150_000n,
      reasons: [],
      chain: [
        { level: 1, profileId: "p1-a", userId: "a", rateBps: 1000 },
        { level: 2, profileId: "p2-b", userId: "b", rateBps: 800 },
        { level: 3, profileId: "p3-c", userId: "c", rateBps: 600 },
        { level: 4, profileId: "p4-d", userId: "d", rateBps: 400 },
        { level: 5, profileId: "p5-e", userId: "e", rateBps: 200 },
      ],
      omitted: [],
      ruleVersion: 1,
    });
  });

  it("0.40 gives 0.04, 0.03, 0.02, 0.02 and omits level 5", () => {
    const decision = paid(sale({ amountMicro: micro("0.40") }));
    expect(decision.lines.map((line) => line.amountMicro)).toEqual([40_000n, 30_000n, 20_000n, 20_000n]);
    expect(decision.omitted).toEqual([
      { level: 5, profileId: "p5-e", userId: "e", rateBps: 200, reason: "below-minimum" },
    ]);
  });

  it("0.04 pays nothing", () => {
    expect(decideCommission(sale({ amountMicro: micro("0.04") }))).toEqual({
      kind: "none",
      saleId: "sale-1",
      reason: "below-minimum",
    });
  });
});

describe("decideCommission: who is paid", () => {
  it("keeps a sale whose buyer has no profile as unresolved", () => {
    expect(decideCommission(sale({ buyer: null }))).toEqual({ kind: "unresolved", saleId: "sale-1" });
  });

  it("pays nobody when nobody referred the buyer", () => {
    expect(decideCommission(sale({ chain: [] }))).toMatchObject({ kind: "none", reason: "no-referrer" });
  });

  it("leaves missing levels with the treasury", () => {
    expect(amounts(sale({ chain: chainOf("a", "b") }))).toEqual([10_050_000n, 8_040_000n]);
  });

  it("defect 10: the buyer never earns from their own sale and levels do not shift", () => {
    const decision = paid(sale({ chain: chainOf("a", "buyer", "c") }));
    expect(decision.lines.map(({ level, userId }) => [level, userId])).toEqual([
      [1, "a"],
      [3, "c"],
    ]);
    expect(decision.omitted).toMatchObject([{ level: 2, reason: "buyer" }]);
    expect(decideCommission(sale({ chain: chainOf("buyer") }))).toMatchObject({
      kind: "none",
      reason: "nobody-due",
    });
  });

  it("omits a user the second time, under any profile, without shifting levels", () => {
    const facts = sale({ chain: chainOf("a", "b", "a", "d", "b") });
    expect(levels(facts)).toEqual([1, 2, 4]);
    expect(amounts(facts)).toEqual([10_050_000n, 8_040_000n, 4_020_000n]);
    expect(paid(facts).omitted).toMatchObject([
      { level: 3, reason: "repeated-person" },
      { level: 5, reason: "repeated-person" },
    ]);
  });

  it("defect 3: the minimum is compared before rounding", () => {
    // 6 % of 0.16 is 0.0096: it would round up to 0.01, but is below the minimum.
    expect(levels(sale({ amountMicro: micro("0.16") }))).toEqual([1, 2]);
    expect(levels(sale({ amountMicro: micro("0.166666") }))).toEqual([1, 2]);
    expect(levels(sale({ amountMicro: micro("0.166667") }))).toEqual([1, 2, 3]);
    expect(levels(sale({ amountMicro: micro("0.1") }))).toEqual([1]);
    expect(decideCommission(sale({ amountMicro: micro("0.099999") })).kind).toBe("none");
  });

  it("continues after a level below the minimum", () => {
    const policy = { ...COMMISSION_POLICY, ratesBps: [1, 1000] };
    const decision = paid(sale({ amountMicro: micro("1") }), policy);
    expect(decision.lines).toMatchObject([{ level: 2, amountMicro: 100_000n }]);
  });

  it("stops at the configured depth", () => {
    expect(levels(sale({ chain: chainOf("a", "b", "c", "d", "e", "f") }))).toEqual([1, 2, 3, 4, 5]);
    expect(amounts(sale(), { ...COMMISSION_POLICY, ratesBps: [500] })).toEqual([5_030_000n]);
  });

  it("holds a suspicious sale, and does not drop it", () => {
    const buyerHistory = { salesLastHour: 11, sales30Days: 0, amount30DaysMicro: 0n };
    const decision = paid(sale({ buyerHistory }));
    expect(decision).toMatchObject({ kind: "hold", reasons: ["velocity"], totalMicro: 30_150_000n });
  });

  it("throws for an invalid amount or policy", () => {
    expect(() => decideCommission(sale({ amountMicro: 0n }))).toThrow(RangeError);
    expect(() => decideCommission(sale(), { ...COMMISSION_POLICY, minimumMicro: 1n })).toThrow(RangeError);
  });
});

describe("decideCommission: properties", () => {
  const facts = fc
    .record({
      amountMicro: fc.oneof(fc.bigInt({ min: 1n, max: 3_000_000n }), fc.bigInt({ min: 1n, max: 10n ** 15n })),
      chain: fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f", "buyer"), { maxLength: 5 }),
    })
    .map(({ amountMicro, chain }) => sale({ amountMicro, chain: chainOf(...chain) }));
  const rates = fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 5 });

  it("defect 2: the lines add up to the total, which is the exact sum rounded half up to 0.01", () => {
    fc.assert(
      fc.property(facts, rates, (saleFacts, ratesBps) => {
        const decision = decideCommission(saleFacts, { ...COMMISSION_POLICY, ratesBps });
        if (decision.kind !== "award" && decision.kind !== "hold") return;
        const { lines, totalMicro } = decision;
        expect(lines.reduce((sum, line) => sum + line.amountMicro, 0n)).toBe(totalMicro);
        const rateSum = BigInt(lines.reduce((sum, line) => sum + line.rateBps, 0));
        const off = totalMicro * 10_000n - saleFacts.amountMicro * rateSum;
        expect(off > -50_000_000n && off <= 50_000_000n).toBe(true);
        expect(totalMicro <= saleFacts.amountMicro).toBe(true);
      }),
    );
  });

  it("pays whole cents of 0.01 or more, within 0.01 of the exact amount", () => {
    fc.assert(
      fc.property(facts, rates, (saleFacts, ratesBps) => {
        const decision = decideCommission(saleFacts, { ...COMMISSION_POLICY, ratesBps });
        if (decision.kind !== "award" && decision.kind !== "hold") return;
        for (const { amountMicro, rateBps } of decision.lines) {
          expect(amountMicro % 10_000n).toBe(0n);
          expect(amountMicro >= 10_000n).toBe(true);
          const off = amountMicro * 10_000n - saleFacts.amountMicro * BigInt(rateBps);
          expect(off > -150_000_000n && off < 150_000_000n).toBe(true);
        }
      }),
    );
  });

  it("accounts for every level once, pays each person once and the buyer never", () => {
    fc.assert(
      fc.property(facts, (saleFacts) => {
        const decision = decideCommission(saleFacts);
        if (decision.kind !== "award" && decision.kind !== "hold") return;
        const people = decision.lines.map((line) => line.userId);
        expect(new Set(people).size).toBe(people.length);
        expect(people).not.toContain("buyer");
        const walked = [...decision.lines, ...decision.omitted].map((line) => line.level);
        expect(walked.toSorted()).toEqual(decision.chain.map((line) => line.level));
      }),
    );
  });
});
