import { latestDayBegun, startOfLocalDay } from "../scoring/local-time.ts";
import type { BudgetPeriodType } from "../scoring/rewards/budget-shares.ts";

/** A period `[startAt, endAt)` of whole local days, which may have 23, 24 or 25 hours. */
export type BudgetPeriod = {
  readonly type: BudgetPeriodType;
  /** The first local day, `YYYY-MM-DD`. Identifies the period within its organization and type. */
  readonly start: string;
  readonly startAt: Date;
  readonly endAt: Date;
};

const DAY_MS = 86_400_000;

const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** Budget weeks start on Sunday, unlike the weeks of e-mail digests, which start on Monday. */
const budgetWeekStart = (day: number): number => day - new Date(day * DAY_MS).getUTCDay();

/** The first local day of the period that a day is in, as days from 1970-01-01. */
function firstDay(type: BudgetPeriodType, day: number): number {
  if (type === "daily") return day;
  if (type === "weekly") return budgetWeekStart(day);
  return day - (new Date(day * DAY_MS).getUTCDate() - 1);
}

function firstDayOfNext(type: BudgetPeriodType, first: number): number {
  if (type !== "monthly") return first + (type === "weekly" ? 7 : 1);
  const date = new Date(first * DAY_MS);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) / DAY_MS;
}

/** Bounds of periods are expensive to compute, and most organizations share their zone. */
const known = new Map<string, BudgetPeriod>();
const MAX_KNOWN = 10_000;

function periodOfDayNumber(type: BudgetPeriodType, zone: string, day: number): BudgetPeriod {
  const first = firstDay(type, day);
  const key = `${type} ${first} ${zone}`;
  const found = known.get(key);
  if (found) return found;
  const computed = {
    type,
    start: dateOf(first),
    startAt: startOfLocalDay(first, zone),
    endAt: startOfLocalDay(firstDayOfNext(type, first), zone),
  };
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(key, computed);
  return computed;
}

/** The period that contains an instant. @throws RangeError for an unknown zone. */
export const periodAt = (type: BudgetPeriodType, zone: string, at: Date): BudgetPeriod =>
  periodOfDayNumber(type, zone, latestDayBegun(at, zone));

/**
 * The period that contains a local day, `YYYY-MM-DD`. @throws RangeError for an invalid day or an unknown
 * zone.
 */
export function periodOfDay(type: BudgetPeriodType, zone: string, day: string): BudgetPeriod {
  const number = Date.parse(`${day}T00:00:00Z`) / DAY_MS;
  if (!Number.isInteger(number) || dateOf(number) !== day) throw new RangeError(`invalid day: ${day}`);
  return periodOfDayNumber(type, zone, number);
}

/** The next period. */
export const periodAfter = (period: BudgetPeriod, zone: string): BudgetPeriod =>
  periodAt(period.type, zone, period.endAt);

/** The latest period whose end is not after `now`. */
export const lastClosedPeriod = (type: BudgetPeriodType, zone: string, now: Date): BudgetPeriod =>
  periodAt(type, zone, new Date(periodAt(type, zone, now).startAt.getTime() - 1));

/** The first period that starts at an instant or later. */
export function firstWholePeriod(type: BudgetPeriodType, zone: string, from: Date): BudgetPeriod {
  const period = periodAt(type, zone, from);
  return period.startAt.getTime() === from.getTime() ? period : periodAfter(period, zone);
}
