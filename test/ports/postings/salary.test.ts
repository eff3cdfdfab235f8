import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanSalary } from "../../../src/ports/postings/salary.ts";

const read = (raw: string) => {
  const { min, max, currency, period } = cleanSalary({ raw });
  return [min, max, currency, period];
};

describe("a salary that a source words", () => {
  it.each([
    ["$80k - $120k / year", 80_000, 120_000, "USD", "year"],
    ["80-120k EUR", 80_000, 120_000, "EUR", null],
    ["50.000,00 € bis 60.000,00 €", 50_000, 60_000, "EUR", null],
    ["$100,000.00 - $120,000.00 annually", 100_000, 120_000, "USD", "year"],
    ["CHF 95'000 – 110'000 p.a.", 95_000, 110_000, "CHF", "year"],
    ["30 000 – 40 000 €", 30_000, 40_000, "EUR", null],
    ["£12.50 an hour", 12.5, null, "GBP", "hour"],
    ["USD 30 - USD 40 per hour", 30, 40, "USD", "hour"],
    ["₹10,00,000 - ₹15,00,000", 1_000_000, 1_500_000, "INR", null],
    ["12 - 15 lakh INR", 1_200_000, 1_500_000, "INR", null],
    ["Up to $100k", null, 100_000, "USD", null],
    ["$120K – $150K • 0.5% – 1.0% • Offers Equity", 120_000, 150_000, "USD", null],
    ["60000 - 70000", 60_000, 70_000, null, null],
  ])("reads %s", (raw, ...expected) => expect(read(raw)).toEqual(expected));

  it.each([
    ["a pension", "Competitive salary + 401k", [null, null, null, null]],
    ["a pension in parentheses", "Competitive, 401(k) match", [null, null, null, null]],
    ["a week of four days", "$100k, 4 day week", [100_000, null, "USD", null]],
    ["days of leave", "25 days of leave", [null, null, null, null]],
    ["a bonus", "$100k base, $20k bonus", [100_000, null, "USD", null]],
    ["hours", "40 hours, €4,000 per month", [4_000, null, "EUR", "month"]],
  ])("takes no amount from %s", (_what, raw, expected) => expect(read(raw)).toEqual(expected));

  it("is never more than what can be stored, whatever the text", () => {
    const part = fc.constantFrom(
      "$",
      "€",
      "k",
      "-",
      " ",
      "to",
      "1",
      "80",
      "000",
      ",",
      ".",
      "%",
      "401k",
      "per",
      "hour",
    );
    fc.assert(
      fc.property(
        fc.array(part).map((parts) => parts.join("")),
        (raw) => {
          const { min, max } = cleanSalary({ raw });
          for (const amount of [min, max]) expect(amount ?? 1).toSatisfy((n: number) => n > 0 && n <= 1e9);
          if (min !== null && max !== null) expect(min).toBeLessThanOrEqual(max);
        },
      ),
    );
  });

  it("has the period of its field: the title of a range that names HR is no hourly wage", () => {
    const period = (stated: string) => cleanSalary({ min: 1, period: stated }).period;
    expect(["HOUR", "per-hour-wage", "USD/hr", "Annual Salary", "per-month-salary"].map(period)).toEqual([
      "hour",
      "hour",
      "hour",
      "year",
      "month",
    ]);
    expect(period("HR Business Partner")).toBeNull();
  });
});
