import { DateTime, IANAZone } from "luxon";
import type { BudgetPeriodType } from "../scoring/rewards/budget-shares.ts";

/** A stretch of local days, `[startAt, endAt)`: from local midnight to local midnight, however many hours the days have. */
export type Period = {
  readonly type: BudgetPeriodType;
  /** Its first day, `YYYY-MM-DD`: its name within its organization. */
  readonly start: string;
  readonly startAt: Date;
  readonly endAt: Date;
};

const LENGTH = { daily: { days: 1 }, weekly: { days: 7 }, monthly: { months: 1 } } as const;

/** True for a zone that this machine knows by its IANA name. */
export const isTimeZone = (zone: string): boolean => IANAZone.isValidZone(zone);

/** A day ends and begins at local midnight; where the clocks skip midnight, at the first instant of the day. */
function firstDay(type: BudgetPeriodType, day: DateTime): DateTime {
  if (type === "monthly") return day.startOf("month");
  // Luxon counts Monday 1 to Sunday 7, and a week here begins on Sunday.
  return (type === "weekly" ? day.minus({ days: day.weekday % 7 }) : day).startOf("day");
}

function periodFrom(type: BudgetPeriodType, first: DateTime): Period {
  const end = first.plus(LENGTH[type]).startOf("day");
  return {
    type,
    start: first.toISODate() ?? "",
    startAt: first.toJSDate(),
    endAt: end.toJSDate(),
  };
}

function known(day: DateTime): DateTime {
  if (!day.isValid)
    throw new RangeError(`no such day or zone: ${day.invalidExplanation ?? day.invalidReason}`);
  return day;
}

/** The period that an instant lies in. @throws RangeError for an unknown zone. */
export function periodAt(type: BudgetPeriodType, zone: string, at: Date): Period {
  return periodFrom(type, firstDay(type, known(DateTime.fromJSDate(at, { zone }))));
}

/** The period that a local day, `YYYY-MM-DD`, lies in. @throws RangeError when there is no such day, or zone. */
export function periodOfDay(type: BudgetPeriodType, zone: string, day: string): Period {
  return periodFrom(type, firstDay(type, known(DateTime.fromISO(day, { zone }))));
}

/** The period that begins where this one ends. */
export const periodAfter = (period: Period, zone: string): Period =>
  periodAt(period.type, zone, period.endAt);

/** The latest period that has closed: its end is not after `now`. */
export const lastClosedPeriod = (type: BudgetPeriodType, zone: string, now: Date): Period =>
  periodAt(type, zone, new Date(periodAt(type, zone, now).startAt.getTime() - 1));

/** The first whole period on or after an instant. */
export function firstWholePeriod(type: BudgetPeriodType, zone: string, from: Date): Period {
  const period = periodAt(type, zone, from);
  return period.startAt.getTime() === from.getTime() ? period : periodAfter(period, zone);
}
