import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MICRO_PER_TOKEN } from "../../../src/scoring/money.ts";
import { type HoldFacts, holdReasons } from "../../../src/scoring/rewards/commission-holds.ts";
import { COMMISSION_HOLD_LIMITS } from "../../../src/scoring/rewards/commission-policy.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SOLD_AT = new Date("2026-03-10T12:00:00Z");

const ago = (ms: number) => new Date(SOLD_AT.getTime() - ms);
const aged = (count: number, ageMs: number) =>
  Array.from({ length: count }, () => ({ createdAt: ago(ageMs) }));

const sale = (change: Partial<HoldFacts> = {}): HoldFacts => ({
  amountMicro: 100n * MICRO_PER_TOKEN,
  soldAt: SOLD_AT,
  receivedAt: SOLD_AT,
  buyer: { referredAt: ago(60 * DAY_MS) },
  chain: aged(5, 90 * DAY_MS),
  buyerHistory: { salesLastHour: 0, sales30Days: 0, amount30DaysMicro: 0n },
  ...change,
});

describe("holdReasons", () => {
  const history = (change: Partial<HoldFacts["buyerHistory"]>) =>
    sale({ buyerHistory: { salesLastHour: 0, sales30Days: 0, amount30DaysMicro: 0n, ...change } });
  const young = (count: number, ageMs: number) =>
    sale({ chain: [...aged(count, ageMs), ...aged(5 - count, 90 * DAY_MS)] });
  const reasons = (facts: HoldFacts) => holdReasons(facts, COMMISSION_HOLD_LIMITS);

  it("velocity: more than 10 other purchases in the hour", () => {
    expect(reasons(history({ salesLastHour: 10 }))).toEqual([]);
    expect(reasons(history({ salesLastHour: 11 }))).toEqual(["velocity"]);
  });

  it("amount-above-average: over 10 times the average, exactly", () => {
    const three = { sales30Days: 3, amount30DaysMicro: 10_000_000n };
    const withAmount = (amountMicro: bigint) => reasons({ ...history(three), amountMicro });
    expect(withAmount(33_333_333n)).toEqual([]);
    expect(withAmount(33_333_334n)).toEqual(["amount-above-average"]);
  });

  it("amount-above-average: 10 times 100 tokens for a first sale", () => {
    expect(reasons(sale({ amountMicro: 1_000_000_000n }))).toEqual([]);
    expect(reasons(sale({ amountMicro: 1_000_000_001n }))).toEqual(["amount-above-average"]);
  });

  it("young-chain: more than 2 profiles younger than 24 h when the sale was made", () => {
    expect(reasons(young(2, DAY_MS - 1))).toEqual([]);
    expect(reasons(young(3, DAY_MS - 1))).toEqual(["young-chain"]);
    expect(reasons(young(3, DAY_MS))).toEqual([]);
    expect(reasons(young(3, -DAY_MS))).toEqual(["young-chain"]);
  });

  it("sale-before-referral: sold before the buyer was referred", () => {
    const referred = (referredAt: Date | null) => sale({ buyer: { referredAt } });
    expect(reasons(referred(SOLD_AT))).toEqual([]);
    expect(reasons(referred(null))).toEqual([]);
    expect(reasons(referred(ago(-1)))).toEqual(["sale-before-referral"]);
  });

  it("late-receipt: received more than 30 days after the sale", () => {
    expect(reasons(sale({ receivedAt: ago(-30 * DAY_MS) }))).toEqual([]);
    expect(reasons(sale({ receivedAt: ago(-30 * DAY_MS - 1) }))).toEqual(["late-receipt"]);
  });

  it("returns all reasons", () => {
    const facts: HoldFacts = {
      ...young(4, HOUR_MS),
      amountMicro: 5_000_000_000n,
      receivedAt: ago(-31 * DAY_MS),
      buyer: { referredAt: ago(-HOUR_MS) },
      buyerHistory: { salesLastHour: 12, sales30Days: 12, amount30DaysMicro: 120_000_000n },
    };
    expect(reasons(facts)).toEqual([
      "velocity",
      "amount-above-average",
      "young-chain",
      "sale-before-referral",
      "late-receipt",
    ]);
  });

  it("each signal depends on its own figures alone, and a reason stays when its figure grows", () => {
    const anySale: fc.Arbitrary<HoldFacts> = fc.record({
      amountMicro: fc.bigInt({ min: 1n, max: 2_000_000_000n }),
      soldAt: fc.constant(SOLD_AT),
      receivedAt: fc.integer({ min: 0, max: 60 }).map((days) => ago(-days * DAY_MS)),
      buyer: fc.option(
        fc.record({ referredAt: fc.option(fc.integer({ min: -5, max: 5 }).map((h) => ago(h * HOUR_MS))) }),
      ),
      chain: fc.array(
        fc.integer({ min: -10, max: 60 }).map((hours) => ({ createdAt: ago(hours * HOUR_MS) })),
        { maxLength: 6 },
      ),
      buyerHistory: fc.record({
        salesLastHour: fc.integer({ min: 0, max: 20 }),
        sales30Days: fc.integer({ min: 0, max: 20 }),
        amount30DaysMicro: fc.bigInt({ min: 0n, max: 10_000_000_000n }),
      }),
    });
    fc.assert(
      fc.property(anySale, anySale, (a, b) => {
        const { salesLastHour } = a.buyerHistory;
        const mixed = { ...b, buyerHistory: { ...b.buyerHistory, salesLastHour } };
        expect(reasons(mixed).includes("velocity")).toBe(reasons(a).includes("velocity"));
        const { amountMicro, buyerHistory } = a;
        const amounts = { ...b, amountMicro, buyerHistory };
        expect(reasons(amounts).includes("amount-above-average")).toBe(
          reasons(a).includes("amount-above-average"),
        );
        expect(reasons({ ...b, chain: a.chain }).includes("young-chain")).toBe(
          reasons(a).includes("young-chain"),
        );
        expect(reasons({ ...b, buyer: a.buyer }).includes("sale-before-referral")).toBe(
          reasons(a).includes("sale-before-referral"),
        );
        const grown: HoldFacts = {
          ...a,
          amountMicro: a.amountMicro * 2n,
          receivedAt: new Date(a.receivedAt.getTime() + DAY_MS),
          chain: [...a.chain, { createdAt: SOLD_AT }],
          buyerHistory: { ...a.buyerHistory, salesLastHour: salesLastHour + 1 },
        };
        expect(reasons(grown)).toEqual(expect.arrayContaining(reasons(a)));
      }),
    );
  });
});
