import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatAmount,
  MAX_AMOUNT_MICRO,
  MICRO_PER_TOKEN,
  parseAmountMicro,
  QUANTUM_MICRO,
  roundHalfUp,
  toQuantum,
} from "../../src/scoring/money.ts";

const amount = (amountMicro: bigint) => ({ kind: "amount", amountMicro });
const anyMicro = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });

describe("parseAmountMicro", () => {
  it.each([
    ["100.50", 100_500_000n],
    ["100.0", 100_000_000n],
    ["1", 1_000_000n],
    ["0.000001", 1n],
    ["1e2", 100_000_000n],
    ["1E+2", 100_000_000n],
    ["1.5e-5", 15n],
    ["123456.789e3", 123_456_789_000_000n],
    ["10000000e-7", 1_000_000n],
    ["1e-6", 1n],
    ["1.0000000", 1_000_000n],
    ["999999999.999999", 999_999_999_999_999n],
    ["1000000000000", MAX_AMOUNT_MICRO],
    ["1e012", MAX_AMOUNT_MICRO],
  ])("reads %s exactly", (text, amountMicro) => {
    expect(parseAmountMicro(text)).toEqual(amount(amountMicro));
  });

  it.each([
    ["", "not a decimal number"],
    [" 1", "not a decimal number"],
    ["1\n", "not a decimal number"],
    ["+1", "not a decimal number"],
    ["01", "not a decimal number"],
    ["1.", "not a decimal number"],
    [".5", "not a decimal number"],
    ["1,5", "not a decimal number"],
    ["0x10", "not a decimal number"],
    ["NaN", "not a decimal number"],
    ["Infinity", "not a decimal number"],
    ["1_000", "not a decimal number"],
    ["٣", "not a decimal number"],
    ["0", "above 0"],
    ["-0", "above 0"],
    ["0.0000000", "above 0"],
    ["0e999999999999", "above 0"],
    ["-1", "above 0"],
    ["0.0000001", "6 decimals"],
    ["1e-7", "6 decimals"],
    ["1e-400", "6 decimals"],
    ["1e-999999999999999999999", "6 decimals"],
    ["1e400", "15 digits"],
    ["1e999999999999999999999", "15 digits"],
    ["1e15", "15 digits"],
    ["1000000000.000001", "15 digits"],
    ["1000000000000.1", "above 1000000000000.00"],
    ["999999999999999", "above 1000000000000.00"],
    ["9".repeat(101), "longer"],
  ])("rejects %j: %s", (text, part) => {
    const parsed = parseAmountMicro(text);
    expect(parsed).toMatchObject({ kind: "fault", fault: expect.stringContaining(part) });
  });

  it("defect 2: an amount that a float cannot hold is read exactly", () => {
    expect(Number("0.1") + Number("0.2")).not.toBe(0.3);
    expect(parseAmountMicro("0.3")).toEqual(amount(300_000n));
    expect(parseAmountMicro("999999999.999999")).toEqual(amount(999_999_999_999_999n));
  });

  it("reads every amount in every notation as the same value", () => {
    const digits = fc.bigInt({ min: 1n, max: 999_999_999_999_999n });
    fc.assert(
      fc.property(digits, fc.integer({ min: -30, max: 30 }), (amountMicro, shift) => {
        const mantissa = shift >= 0 ? `${amountMicro}${"0".repeat(shift)}` : `${amountMicro}`;
        const exponent = shift >= 0 ? -6 - shift : -6;
        expect(parseAmountMicro(`${mantissa}e${exponent}`)).toEqual(amount(amountMicro));
      }),
    );
  });

  it("never throws, whatever the text", () => {
    const numberLike = fc.string({ unit: fc.constantFrom(..."0123456789.eE+-"), maxLength: 30 });
    fc.assert(
      fc.property(fc.oneof(fc.string(), numberLike), (text) => {
        const parsed = parseAmountMicro(text);
        if (parsed.kind === "fault") return;
        expect(parsed.amountMicro > 0n && parsed.amountMicro <= MAX_AMOUNT_MICRO).toBe(true);
        expect(Number(parsed.amountMicro) / 1e6).toBeCloseTo(JSON.parse(text), 6);
      }),
    );
  });
});

describe("formatAmount", () => {
  it.each([
    [0n, "0.00"],
    [1n, "0.000001"],
    [10_000n, "0.01"],
    [100_500_000n, "100.50"],
    [100_000_000n, "100.00"],
    [1_234_500n, "1.2345"],
    [-10_000n, "-0.01"],
    [-1_000_000n, "-1.00"],
  ])("writes %s as %s", (amountMicro, text) => {
    expect(formatAmount(amountMicro)).toBe(text);
  });

  it("is read back as the same amount", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 999_999_999_999_999n }), (amountMicro) => {
        const text = formatAmount(amountMicro);
        expect(text).toMatch(/^\d+\.\d{2}(\d{0,3}[1-9])?$/);
        expect(parseAmountMicro(text)).toEqual(amount(amountMicro));
        expect(formatAmount(-amountMicro)).toBe(`-${text}`);
      }),
    );
  });
});

describe("roundHalfUp", () => {
  it.each([
    [5n, 2n, 3n],
    [-5n, 2n, -3n],
    [4n, 3n, 1n],
    [-4n, 3n, -1n],
    [5n, 3n, 2n],
    [-1n, 3n, 0n],
    [0n, 7n, 0n],
    [7n, 1n, 7n],
  ])("%s / %s is %s", (numerator, denominator, result) => {
    expect(roundHalfUp(numerator, denominator)).toBe(result);
  });

  it("is at most half away, and negating negates it", () => {
    fc.assert(
      fc.property(anyMicro, fc.bigInt({ min: 1n, max: 10n ** 9n }), (numerator, denominator) => {
        const rounded = roundHalfUp(numerator, denominator);
        const twiceOff = 2n * (rounded * denominator - numerator);
        expect(twiceOff <= denominator && -twiceOff <= denominator).toBe(true);
        expect(roundHalfUp(-numerator, denominator)).toBe(-rounded);
      }),
    );
  });

  it("throws for a denominator not above 0", () => {
    expect(() => roundHalfUp(1n, 0n)).toThrow(RangeError);
    expect(() => roundHalfUp(1n, -2n)).toThrow(RangeError);
  });
});

describe("toQuantum", () => {
  it("rounds to 0.01, halves away from zero", () => {
    expect(toQuantum(14_999n)).toBe(10_000n);
    expect(toQuantum(15_000n)).toBe(20_000n);
    expect(toQuantum(-15_000n)).toBe(-20_000n);
    expect(toQuantum(MICRO_PER_TOKEN)).toBe(MICRO_PER_TOKEN);
  });

  it("leaves whole quanta alone", () => {
    fc.assert(
      fc.property(anyMicro, (quanta) => {
        expect(toQuantum(quanta * QUANTUM_MICRO)).toBe(quanta * QUANTUM_MICRO);
      }),
    );
  });
});
