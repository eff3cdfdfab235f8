import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BuyerSale, buyerHistories } from "../../../src/scoring/rewards/buyer-histories.ts";
import { type CommissionFacts, decideCommission } from "../../../src/scoring/rewards/commission.ts";
import type { BuyerHistory } from "../../../src/scoring/rewards/commission-holds.ts";
import {
  COMMISSION_POLICY,
  COMMISSION_RULE_VERSION,
} from "../../../src/scoring/rewards/commission-policy.ts";
import {
  recheckCommission,
  type SettledCommission,
} from "../../../src/scoring/rewards/commission-recheck.ts";

const TOKEN = 1_000_000n;
const NONE: BuyerHistory = { salesLastHour: 0, sales30Days: 0, amount30DaysMicro: 0n };
const FAST: BuyerHistory = { salesLastHour: 11, sales30Days: 11, amount30DaysMicro: 1_100n * TOKEN };
const SMALL: BuyerHistory = { salesLastHour: 0, sales30Days: 1, amount30DaysMicro: TOKEN };

const facts = (buyerHistory: BuyerHistory): CommissionFacts => ({
  saleId: "7",
  amountMicro: 100n * TOKEN,
  soldAt: new Date("2026-06-30T12:00:00Z"),
  receivedAt: new Date("2026-06-30T12:00:01Z"),
  buyer: { userId: "1", profileId: "11", referredAt: new Date("2020-01-01T00:00:00Z") },
  chain: [{ profileId: "12", userId: "2", createdAt: new Date("2020-01-01T00:00:00Z") }],
  buyerHistory,
});

const settled = (
  status: "applied" | "held",
  reasons: readonly string[] = [],
  ruleVersion = COMMISSION_RULE_VERSION,
): SettledCommission => ({ status, reasons, ruleVersion });

describe("recheckCommission", () => {
  it.each([
    ["keeps a paid sale that nothing holds", settled("applied"), NONE, { kind: "same" }],
    ["holds a paid sale", settled("applied"), FAST, { kind: "hold", reasons: ["velocity"] }],
    ["pays a held sale that nothing holds", settled("held", ["velocity"]), NONE, { kind: "award" }],
    ["keeps a held sale", settled("held", ["velocity"]), FAST, { kind: "same" }],
    [
      "keeps a sale held for another reason",
      settled("held", ["velocity"]),
      SMALL,
      { kind: "reasons", reasons: ["amount-above-average"] },
    ],
    [
      "reports new reasons of a released sale",
      settled("applied", ["velocity"]),
      SMALL,
      { kind: "released", reasons: ["amount-above-average"] },
    ],
    ["leaves a released sale alone", settled("applied", ["velocity"]), FAST, { kind: "same" }],
    [
      "leaves a released sale paid that nothing holds",
      settled("applied", ["velocity"]),
      NONE,
      { kind: "same" },
    ],
    ["leaves a decision of other rules alone", settled("applied", [], 0), FAST, { kind: "same" }],
  ] as const)("%s", (_name, decided, history, recheck) => {
    expect(recheckCommission(decided, facts(history), COMMISSION_POLICY)).toEqual(recheck);
  });

  it("leaves a sale alone that pays nobody", () => {
    const alone = { ...facts(FAST), chain: [] };
    expect(recheckCommission(settled("applied"), alone, COMMISSION_POLICY)).toEqual({ kind: "same" });
  });

  it("never concerns the lines: they do not depend on windows", () => {
    const linesWith = (history: BuyerHistory) => {
      const decision = decideCommission(facts(history), COMMISSION_POLICY);
      return "lines" in decision ? decision.lines : [];
    };
    expect(linesWith(FAST)).toHaveLength(1);
    for (const history of [FAST, SMALL]) expect(linesWith(history)).toEqual(linesWith(NONE));
  });
});

const HOUR_MS = 3_600_000;

const sales: fc.Arbitrary<BuyerSale[]> = fc
  .array(
    fc.record({
      soldAtMs: fc.oneof(
        fc.integer({ min: 0, max: 3 * HOUR_MS }),
        fc.integer({ min: 0, max: 80 * 24 }).map((hours) => hours * HOUR_MS),
      ),
      amountMicro: fc.bigInt(1n, 1_000n * TOKEN),
    }),
    { maxLength: 60 },
  )
  .map((drawn) => drawn.toSorted((a, b) => a.soldAtMs - b.soldAtMs));

/** The windows of each sale, counted one by one. */
const counted = (all: readonly BuyerSale[]): BuyerHistory[] =>
  all.map(({ soldAtMs }, index) => {
    const within = (ms: number) => all.slice(0, index).filter((sale) => sale.soldAtMs > soldAtMs - ms);
    const month = within(30 * 24 * HOUR_MS);
    return {
      salesLastHour: within(HOUR_MS).length,
      sales30Days: month.length,
      amount30DaysMicro: month.reduce((sum, { amountMicro }) => sum + amountMicro, 0n),
    };
  });

it("buyerHistories equals counting the windows of each sale", () => {
  fc.assert(
    fc.property(sales, (all) => {
      expect(buyerHistories(all)).toEqual(counted(all));
    }),
  );
});
