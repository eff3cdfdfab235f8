import { shorten } from "../../shorten.ts";
import { htmlToText } from "./html-text.ts";
import type { DraftSalary } from "./posting-source.ts";

export type SalaryPeriod = "hour" | "day" | "week" | "month" | "year";

export type AdvertisedSalary = {
  readonly min: number | null;
  readonly max: number | null;
  /** ISO 4217. */
  readonly currency: string | null;
  readonly period: SalaryPeriod | null;
  readonly raw: string | null;
};

const MAX_SALARY = 1e9;
const MAX_RAW = 200;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\s]+/gu;

/** A salary from numbers, else from text. What is no amount (1e309, negative, zero) is left out. */
export function cleanSalary(draft: DraftSalary): AdvertisedSalary {
  const raw =
    typeof draft.raw === "string"
      ? shorten(htmlToText(draft.raw.slice(0, 2_000)).replace(UNPRINTABLE, " ").trim(), MAX_RAW) || null
      : null;
  const read = raw === null ? NOTHING : readSalaryText(raw);
  const amounts = [amountOf(draft.min) ?? read.min, amountOf(draft.max) ?? read.max] as const;
  const [min, max] =
    amounts[0] !== null && amounts[1] !== null ? amounts.toSorted((a, b) => (a ?? 0) - (b ?? 0)) : amounts;
  return {
    min: min ?? null,
    max: max ?? null,
    currency: currencyOf(draft.currency) ?? read.currency,
    period: periodOf(draft.period) ?? read.period,
    raw,
  };
}

function amountOf(value: unknown): number | null {
  const amount = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof amount === "number" && amount > 0 && amount <= MAX_SALARY ? amount : null;
}

const currencyOf = (value: unknown): string | null =>
  typeof value === "string" && /^[A-Z]{3}$/.test(value.trim().toUpperCase())
    ? value.trim().toUpperCase()
    : null;

const PERIODS: readonly (readonly [RegExp, SalaryPeriod])[] = [
  [/hour|\bhr\b|\/\s*h\b/i, "hour"],
  [/\bday|daily|\/\s*d\b/i, "day"],
  [/week/i, "week"],
  [/month|\bmo\b/i, "month"],
  [/year|annual|annum|\byr\b|\bp\.?a\b/i, "year"],
];

function periodOf(value: unknown): SalaryPeriod | null {
  if (typeof value !== "string") return null;
  return PERIODS.find(([pattern]) => pattern.test(value))?.[1] ?? null;
}

const NOTHING = { min: null, max: null, currency: null, period: null } as const;

const SYMBOLS: readonly (readonly [RegExp, string])[] = [
  [/\b(USD|EUR|GBP|CHF|CAD|AUD|NZD|SGD|INR|PLN|SEK|NOK|DKK|CZK|BRL|MXN|ZAR|JPY)\b/, ""],
  [/\bC\$|\bCA\$/, "CAD"],
  [/\bA\$|\bAU\$/, "AUD"],
  [/\$/, "USD"],
  [/€/, "EUR"],
  [/£/, "GBP"],
  [/₹/, "INR"],
];

/** Thousands are separated by commas, dots or blanks; "80k" are 80,000. */
const AMOUNT = /(\d{1,3}(?:[,.\s]\d{3})+|\d+(?:\.\d{1,2})?)\s*(k\b)?/gi;

/** "$80k - $120k / year": the first two amounts, the currency and the period of a text. */
function readSalaryText(text: string): Omit<AdvertisedSalary, "raw"> {
  const amounts = [...text.matchAll(AMOUNT)].slice(0, 2).map(([, digits = "", thousand]) => {
    const isGrouped = /[,.\s]\d{3}(?:\D|$)/.test(digits);
    return Number(isGrouped ? digits.replace(/[,.\s]/g, "") : digits) * (thousand ? 1_000 : 1);
  });
  // "80-120k": the suffix belongs to both.
  const [first, second] = amounts;
  const isShort = first !== undefined && second !== undefined && first < 1_000 && second >= 10_000;
  const symbol = SYMBOLS.map(([pattern, code]) => code || pattern.exec(text)?.[1] || "").find(
    (code, index) => code !== "" && SYMBOLS[index]?.[0].test(text),
  );
  return {
    min: amountOf(isShort ? first * 1_000 : first),
    max: amountOf(second),
    currency: symbol ?? null,
    period: periodOf(text),
  };
}
