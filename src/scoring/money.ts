/** Millionths in one token. Every amount is a `bigint` in millionths, never a float. */
export const MICRO_PER_TOKEN = 1_000_000n;

/** The smallest amount that is paid: 0.01 token. */
export const QUANTUM_MICRO = 10_000n;

/** Limits of a parsed amount. Anything beyond is rejected, not rounded. */
export const MAX_AMOUNT_DECIMALS = 6;
export const MAX_SIGNIFICANT_DIGITS = 15;

/**
 * 10^12 tokens, or 10^18 millionths. A Postgres `bigint` holds 9.2 times that, so every amount fits. An
 * amount whose addition would overflow a balance fails alone (decision 0260).
 */
export const MAX_AMOUNT_MICRO = 1_000_000_000_000n * MICRO_PER_TOKEN;

/** Longer texts are rejected without being parsed. */
const MAX_TEXT_LENGTH = 100;

/** A number of RFC 8259: no plus sign, no leading zeros, digits on both sides of the point. */
const JSON_NUMBER = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/;

export type ParsedAmount = { kind: "amount"; amountMicro: bigint } | { kind: "fault"; fault: string };

const fault = (text: string): ParsedAmount => ({ kind: "fault", fault: text });

/**
 * amountMicro = the written number x 10^6, exactly.
 *
 * Decimals and digits are counted on the value, so `1.0000000` equals 1, and `10` equals `1e1`. Zeros before
 * the point count as digits. A fault is returned for a text that is not a JSON number, an amount not above 0,
 * more than 6 decimals, more than 15 digits, and more than 10^12 tokens. Never throws. The exponent is
 * checked before anything is expanded, so `1e400` costs nothing.
 *
 * @param text a JSON number as it was received: `100.50`, `1e2`.
 */
export function parseAmountMicro(text: string): ParsedAmount {
  if (text.length > MAX_TEXT_LENGTH) return fault(`amount is longer than ${MAX_TEXT_LENGTH} characters`);
  const match = JSON_NUMBER.exec(text);
  if (match === null) return fault("amount is not a decimal number");
  const [, sign = "", whole = "", fraction = "", exponentText = "0"] = match;
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (sign === "-" || significant === "") return fault("amount must be above 0");

  // The value is significant x 10^exponent. A huge exponent may lose precision here, but stays huge.
  const exponent = Number(exponentText) - fraction.length + (digits.length - significant.length);
  if (exponent < -MAX_AMOUNT_DECIMALS) return fault(`amount has more than ${MAX_AMOUNT_DECIMALS} decimals`);
  if (significant.length + Math.max(exponent, 0) > MAX_SIGNIFICANT_DIGITS) {
    return fault(`amount has more than ${MAX_SIGNIFICANT_DIGITS} digits`);
  }
  const amountMicro = BigInt(significant) * 10n ** BigInt(exponent + MAX_AMOUNT_DECIMALS);
  if (amountMicro > MAX_AMOUNT_MICRO) return fault(`amount is above ${formatAmount(MAX_AMOUNT_MICRO)}`);
  return { kind: "amount", amountMicro };
}

/**
 * text = amountMicro / 10^6, exactly, with at least 2 decimals and without trailing zeros beyond those:
 * -10_000n is "-0.01".
 *
 * `parseAmountMicro` reads every positive amount back.
 */
export function formatAmount(amountMicro: bigint): string {
  const size = amountMicro < 0n ? -amountMicro : amountMicro;
  const decimals = (size % MICRO_PER_TOKEN)
    .toString()
    .padStart(MAX_AMOUNT_DECIMALS, "0")
    .replace(/0{1,4}$/, "");
  return `${amountMicro < 0n ? "-" : ""}${size / MICRO_PER_TOKEN}.${decimals}`;
}

/**
 * result = numerator / denominator, rounded to the nearest whole number, halves away from zero: 5/2 is 3,
 * -5/2 is -3.
 *
 * As `round(numeric)` in Postgres, so rounding a negated amount negates the result.
 *
 * @throws RangeError for a denominator not above 0.
 */
export function roundHalfUp(numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n) throw new RangeError("the denominator is not above 0");
  if (numerator < 0n) return -roundHalfUp(-numerator, denominator);
  return (2n * numerator + denominator) / (2n * denominator);
}

/**
 * result = amountMicro rounded to the nearest multiple of 0.01 token, halves away from zero. In millionths.
 */
export function toQuantum(amountMicro: bigint): bigint {
  return roundHalfUp(amountMicro, QUANTUM_MICRO) * QUANTUM_MICRO;
}
