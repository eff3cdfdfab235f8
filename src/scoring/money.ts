/** Millionths in one token: every amount is a `bigint` in millionths, never a float. */
export const MICRO_PER_TOKEN = 1_000_000n;

/** The smallest amount that is paid: 0.01 token. */
export const QUANTUM_MICRO = 10_000n;

/** What a sender may write: more than this is a fault, never rounded. */
export const MAX_AMOUNT_DECIMALS = 6;
export const MAX_SIGNIFICANT_DIGITS = 15;

/** 10^12 tokens, or 10^18 millionths: a Postgres `bigint` holds 9.2 times that, so amounts and balances both fit. */
export const MAX_AMOUNT_MICRO = 1_000_000_000_000n * MICRO_PER_TOKEN;

/** Longer texts are refused unread: no honest sender needs them, and they would only cost time. */
const MAX_TEXT_LENGTH = 100;

/** The number of RFC 8259: no plus sign, no leading zeros, no bare point. */
const JSON_NUMBER = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/;

export type ParsedAmount = { kind: "amount"; amountMicro: bigint } | { kind: "fault"; fault: string };

const fault = (text: string): ParsedAmount => ({ kind: "fault", fault: text });

/**
 * amountMicro = the written number x 10^6, exactly.
 *
 * `text` is the text of a JSON number as it came over the wire (`100.50`, `1e2`). Decimals and digits are counted
 * on the value, so `1.0000000` is 1; `10` and `1e1` are the same. Zeros before the point count as digits.
 * Faults: not a JSON number, not above 0, more than 6 decimals, more than 15 digits, more than 10^12 tokens.
 * An exponent is compared before anything is expanded, so `1e400` costs nothing. Never throws.
 */
export function parseAmountMicro(text: string): ParsedAmount {
  if (text.length > MAX_TEXT_LENGTH) return fault(`amount is longer than ${MAX_TEXT_LENGTH} characters`);
  const match = JSON_NUMBER.exec(text);
  if (match === null) return fault("amount is not a decimal number");
  const [, sign = "", whole = "", fraction = "", exponentText = "0"] = match;
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (sign === "-" || significant === "") return fault("amount must be above 0");

  // The value is significant x 10^exponent. A huge exponent may become inexact here, but stays huge.
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
 * text = amountMicro / 10^6 in full, with at least 2 decimals and no zeros at the end beyond those.
 *
 * Any sign: -10_000n is "-0.01". The text is exact, and `parseAmountMicro` reads every positive one back.
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
 * result = numerator / denominator, to the nearest whole number, halves away from zero.
 *
 * 5/2 is 3 and -5/2 is -3: what Postgres' `round(numeric)` and Java's HALF_UP do, so rounding a negated
 * amount negates the result. Throws RangeError unless the denominator is above 0.
 */
export function roundHalfUp(numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n) throw new RangeError("the denominator must be above 0");
  if (numerator < 0n) return -roundHalfUp(-numerator, denominator);
  return (2n * numerator + denominator) / (2n * denominator);
}

/**
 * result = amountMicro to the nearest multiple of 0.01 token, halves away from zero, in millionths.
 */
export function toQuantum(amountMicro: bigint): bigint {
  return roundHalfUp(amountMicro, QUANTUM_MICRO) * QUANTUM_MICRO;
}
