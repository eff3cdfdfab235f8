import { describe, expect, it } from "vitest";
import { reasonText, saleVerdict } from "../../src/rewards/sale-verdict.ts";
import type { StoredLine } from "../../src/rewards/stored-sales.ts";

const LINE: StoredLine = {
  profileId: "1",
  userId: "1",
  level: 1,
  rateBps: 1_000,
  amountMicro: 10_000_000n,
  reversedMicro: 0n,
  status: "earned",
};

const verdict = (fields: Partial<Parameters<typeof saleVerdict>[0]>): string =>
  saleVerdict({
    status: "applied",
    reasons: [],
    lines: [],
    refunded: "0.00",
    waiting: null,
    history: null,
    ...fields,
  }).join(" ");

describe("the verdict on a sale", () => {
  it("says what was paid, and what a refund took back", () => {
    expect(verdict({ lines: [LINE] })).toBe("Paid: 1 commission.");
    expect(verdict({ lines: [LINE, { ...LINE, level: 2 }], refunded: "5.00" })).toBe(
      "Paid: 2 commissions. 5.00 of the sale was refunded, and the commissions of that part taken back.",
    );
  });

  it.each([
    ["no-referrer", "Nothing was paid. Nobody referred the buyer."],
    ["below-minimum", "Nothing was paid. Every commission would be below the minimum."],
    ["nobody-due", /^Nothing was paid\. Self-referral: /],
    ["of-a-later-version", "Nothing was paid. of-a-later-version"],
  ])("says why nothing was paid: %s", (reason, text) => {
    expect(verdict({ reasons: [reason] })).toMatch(text);
  });

  it("says by which signals a sale is held, and keeps saying so of a reversed one", () => {
    const reasons = ["velocity", "young-chain"];
    expect(verdict({ status: "held", reasons })).toMatch(
      /^Held: .* more than 10 other purchases .* 24 hours old\.$/,
    );
    expect(verdict({ status: "reversed", reasons })).toMatch(/^Reversed: .* more than 10 other purchases /);
  });

  it("gives the figures that it was held by", () => {
    const history = { salesLastHour: 12, sales30Days: 4, amount30Days: "840.00" };
    const held = { status: "held", reasons: ["amount-above-average"] } as const;
    expect(verdict({ ...held, reasons: ["velocity"], history })).toMatch(/hour before\. They made 12\.$/);
    expect(verdict({ ...held, reasons: [...held.reasons], history })).toMatch(
      /30 days before\. The average was 210\.00, of 4 sales\.$/,
    );
    const none = { salesLastHour: 0, sales30Days: 0, amount30Days: "0.00" };
    expect(verdict({ ...held, reasons: [...held.reasons], history: none })).toMatch(
      /The buyer had no sale in them; 100\.00 is taken as the average\.$/,
    );
  });

  it("says what a sale waits for", () => {
    const waiting = { attempts: 2, error: "40001", runAt: new Date(0), isDead: false };
    expect(verdict({ status: "accepted", waiting })).toBe(
      "Not decided yet: its job distribute-commission is waiting. Attempt 2 failed: 40001.",
    );
    expect(verdict({ status: "accepted", waiting: { ...waiting, error: null } })).not.toContain("Attempt");
    expect(verdict({ status: "accepted", waiting: { ...waiting, isDead: true } })).toContain(
      "is a dead letter",
    );
    expect(verdict({ status: "accepted" })).toContain("no job is waiting for it");
    expect(verdict({ status: "unresolved", reasons: ["no-profile"] })).toContain("no volunteer profile yet");
  });
});

it("a reason that this version does not know is shown as it is, also one named like a method", () => {
  expect(reasonText("constructor")).toBe("constructor");
});
