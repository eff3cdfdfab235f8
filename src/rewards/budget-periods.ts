import { DateTime } from "luxon";
import type { BudgetPeriodType } from "../scoring/rewards/budget-shares.ts";

/** A period `[startAt, endAt)` of whole local days, which may have 23, 24 or 25 hours. */
export type BudgetPeriod = {
  readonly type: BudgetPeriodType;
  /** The first local day, `YYYY-MM-DD`. Identifies the period within its organization and type. */
  readonly start: string;
  readonly startAt: Date;
  readonly endAt: Date;
};

const LENGTH = { daily: { days: 1 }, weekly: { days: 7 }, monthly: { months: 1 } } as const;

/**
 * The first local day of the period that a day is in. A day starts at local midnight, or where the clock
 * skips it, with the skip.
 */
function firstDay(type: BudgetPeriodType, day: DateTime): DateTime {
  if (type === "monthly") return day.startOf("month");
  return (type === "weekly" ? budgetWeekStart(day) : day).startOf("day");
}

/**
 * Budget weeks start on Sunday, unlike the weeks of e-mail digests, which start on Monday. Luxon numbers
 * Sunday 7.
 */
const budgetWeekStart = (day: DateTime): DateTime => day.minus({ days: day.weekday % 7 });

function periodFrom(type: BudgetPeriodType, first: DateTime): BudgetPeriod {
  const end = first.plus(LENGTH[type]).startOf("day");
  return {
    type,
    start: first.toISODate() ?? "",
    startAt: first.toJSDate(),
    endAt: end.toJSDate(),
  };
}

function validated(day: DateTime): DateTime {
  if (!day.isValid)
    throw new RangeError(`invalid day or time zone: ${day.invalidExplanation ?? day.invalidReason}`);
  return day;
}

/** The period that contains an instant. @throws RangeError for an unknown zone. */
export function periodAt(type: BudgetPeriodType, zone: string, at: Date): BudgetPeriod {
  return periodFrom(type, firstDay(type, validated(DateTime.fromJSDate(at, { zone }))));
}

/**
 * The period that contains a local day, `YYYY-MM-DD`. @throws RangeError for an invalid day or an unknown
 * zone.
 */
export function periodOfDay(type: BudgetPeriodType, zone: string, day: string): BudgetPeriod {
  return periodFrom(type, firstDay(type, validated(DateTime.fromISO(day, { zone }))));
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
