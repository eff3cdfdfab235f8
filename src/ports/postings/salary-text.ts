import type { jobs } from "../../db/schema/postings.ts";

export type SalaryPeriod = NonNullable<(typeof jobs.$inferSelect)["salaryPeriod"]>;

/** A salary as a text states it. */
export type StatedSalary = {
  readonly min: number | null;
  readonly max: number | null;
  /** ISO 4217. */
  readonly currency: string | null;
  readonly period: SalaryPeriod | null;
};

/** A number in a text, the factor of its suffix, and its position. */
type Amount = { readonly value: number; readonly factor: number; readonly from: number; readonly to: number };

const CODE = "USD|EUR|GBP|CHF|CAD|AUD|NZD|SGD|INR|PLN|SEK|NOK|DKK|CZK|BRL|MXN|ZAR|JPY";
const SYMBOL = "C\\$|CA\\$|A\\$|AU\\$|US\\$|[$€£₹]";
const BEFORE = new RegExp(`(?:\\b(?:${CODE})|${SYMBOL})\\s*$`);
const AFTER = new RegExp(`^\\s*(?:(?:${CODE})\\b|${SYMBOL})`);

const CURRENCIES: readonly (readonly [RegExp, string])[] = [
  [/\bC\$|\bCA\$/, "CAD"],
  [/\bA\$|\bAU\$/, "AUD"],
  [/\$/, "USD"],
  [/€/, "EUR"],
  [/£/, "GBP"],
  [/₹/, "INR"],
];

/**
 * The first range or amount of a text that is a salary, its currency and its period: "$80k - $120k / year".
 * Where a currency stands beside a number, numbers without one are something else: "$100k, 4 day week, 401k".
 */
export function readSalaryText(text: string): StatedSalary {
  const rest = { currency: currencyIn(text), period: periodIn(text) };
  const amounts = amountsIn(text);
  const named = amounts.find((amount) => hasCurrency(text, amount));
  const first = named === undefined ? amounts[0] : startOfRange(text, amounts, named);
  if (first === undefined) return { min: null, max: null, ...rest };
  const next = amounts[amounts.indexOf(first) + 1];
  if (next !== undefined && isRange(text, first, next))
    return { min: lowerEnd(first, next), max: next.value, ...rest };
  return MOST.test(text.slice(0, first.from))
    ? { min: null, max: first.value, ...rest }
    : { min: first.value, max: null, ...rest };
}

/** The words before a single amount that is the maximum: "up to $100k". */
const MOST = /\b(?:up to|max\.?|maximum|bis(?: zu)?)\s*\S{0,3}\s*$/i;

/** "80 - 120k" and "12 - 15 lakh": the suffix belongs to both, and the thousands of "80 - 120,000" do. */
function lowerEnd(first: Amount, second: Amount): number {
  if (first.factor > 1 || first.value >= 1_000) return first.value;
  if (second.factor > 1) return first.value * second.factor;
  return second.value >= 10_000 ? first.value * 1_000 : first.value;
}

/**
 * Thousands are separated by commas, dots, blanks or apostrophes, or as in India ("10,00,000"); decimals have
 * one or two digits. "80k" are 80,000, "12 lakh" 1,200,000.
 */
const AMOUNT =
  /(?<![\d.,])(\d{1,3}(?:[,.\s'’]\d{2,3})*[,.\s'’]\d{3}(?!\d)|\d+)(?:[.,](\d{1,2})(?!\d))?\s*(k\b|lakhs?\b|lpa\b|m\b)?/gi;
const FACTORS: Readonly<Record<string, number>> = { k: 1_000, l: 100_000, m: 1_000_000 };

/** American pensions: 401(k). */
const PENSION = /^401\s*\(?k\b/i;
/** "10 % bonus", "4 day week", "25 days of leave". */
const MEASURE = /^\d[\d.,]*[-\s]*(?:%|(?:hours?|hrs?|days?|weeks?|months?|years?)\b)/i;

function amountsIn(text: string): Amount[] {
  const found: Amount[] = [];
  for (const match of text.matchAll(AMOUNT)) {
    const [written, digits = "", decimals = "", suffix = ""] = match;
    const factor = FACTORS[suffix.charAt(0).toLowerCase()] ?? 1;
    const value = (Number(digits.replace(/\D/g, "")) + Number(`0.${decimals || 0}`)) * factor;
    const amount = { value, factor, from: match.index, to: match.index + written.trimEnd().length };
    const following = text.slice(match.index);
    if (PENSION.test(following) || (MEASURE.test(following) && !hasCurrency(text, amount))) continue;
    found.push(amount);
  }
  return found;
}

const hasCurrency = (text: string, { from, to }: Amount): boolean =>
  BEFORE.test(text.slice(0, from)) || AFTER.test(text.slice(to));

/** The first amount with a currency, or the one before it in a range: "80 - 120k EUR". */
function startOfRange(text: string, amounts: readonly Amount[], named: Amount): Amount {
  const before = amounts[amounts.indexOf(named) - 1];
  return before !== undefined && isRange(text, before, named) ? before : named;
}

const BETWEEN = new RegExp(
  `\\b(?:${CODE})\\b|${SYMBOL}|(?:/|\\bper\\b|\\ban?\\b)?\\s*\\b(?:hour|day|week|month|year|annum)\\b`,
  "gi",
);

/** Whether only a dash, "to" or the like, currencies and periods are between two amounts. */
const isRange = (text: string, a: Amount, b: Amount): boolean =>
  /^\s*(?:[-–—~]|to|up to|till|until|bis|and)\s*$/i.test(text.slice(a.to, b.from).replace(BETWEEN, " "));

function currencyIn(text: string): string | null {
  const code = new RegExp(`\\b(?:${CODE})\\b`).exec(text);
  return code?.[0] ?? CURRENCIES.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}

const STATED_PERIODS: readonly (readonly [RegExp, SalaryPeriod])[] = [
  [/(?:\/|\b(?:per|an|a|pro)\b)\s*(?:hour|hr|h)\b|\bhourly\b/i, "hour"],
  [/(?:\/|\b(?:per|a|pro)\b)\s*(?:day|d)\b|\bdaily\b/i, "day"],
  [/(?:\/|\b(?:per|a|pro)\b)\s*(?:week|wk)\b|\bweekly\b/i, "week"],
  [/(?:\/|\b(?:per|a|pro)\b)\s*(?:month|mo)\b|\bmonthly\b/i, "month"],
  [/(?:\/|\b(?:per|a|pro)\b)\s*(?:year|yr|annum)\b|\b(?:yearly|annual(?:ly)?|p\.?a\.?|lpa)(?!\w)/i, "year"],
];

const periodIn = (text: string): SalaryPeriod | null =>
  STATED_PERIODS.find(([pattern]) => pattern.test(text))?.[1] ?? null;
