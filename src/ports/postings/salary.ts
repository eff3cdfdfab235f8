import { shorten } from "../../shorten.ts";
import { htmlToText } from "./html-text.ts";
import type { DraftSalary } from "./posting-source.ts";
import { readSalaryText, type SalaryPeriod } from "./salary-text.ts";

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

/** A salary from numbers, else from text. Invalid amounts (1e309, negative, zero) are left out. */
export function cleanSalary(draft: DraftSalary): AdvertisedSalary {
  const raw =
    typeof draft.raw === "string"
      ? shorten(htmlToText(draft.raw.slice(0, 2_000)).replace(UNPRINTABLE, " ").trim(), MAX_RAW) || null
      : null;
  const read = raw === null ? null : readSalaryText(raw);
  const amounts = [
    amountOf(draft.min) ?? amountOf(read?.min),
    amountOf(draft.max) ?? amountOf(read?.max),
  ] as const;
  const [min, max] =
    amounts[0] !== null && amounts[1] !== null ? amounts.toSorted((a, b) => (a ?? 0) - (b ?? 0)) : amounts;
  return {
    min: min ?? null,
    max: max ?? null,
    currency: currencyOf(draft.currency) ?? read?.currency ?? null,
    period: periodOf(draft.period) ?? read?.period ?? null,
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

/** Fields of sources: YEAR, "per-hour-wage", "Annual Salary". */
const PERIODS: readonly (readonly [RegExp, SalaryPeriod])[] = [
  [/hour|(\/|\bper)\s*hr\b|\/\s*h\b/i, "hour"],
  [/\bday|daily|\/\s*d\b/i, "day"],
  [/week/i, "week"],
  [/month|\bmo\b/i, "month"],
  [/year|annual|annum|\byr\b|\bp\.?a\b/i, "year"],
];

function periodOf(value: unknown): SalaryPeriod | null {
  if (typeof value !== "string") return null;
  return PERIODS.find(([pattern]) => pattern.test(value))?.[1] ?? null;
}
