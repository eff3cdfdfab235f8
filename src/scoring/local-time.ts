import { memoize } from "./memoize.ts";

const MINUTE_MS = 60_000;
const MINUTES_PER_DAY = 1_440;

/** Formatters are expensive to create and have no state, so there is one of each kind per zone. */
function formattersOf(options: Intl.DateTimeFormatOptions): (timeZone: string) => Intl.DateTimeFormat {
  const made = new Map<string, Intl.DateTimeFormat>();
  return (timeZone) => {
    const formatter = made.get(timeZone) ?? new Intl.DateTimeFormat("en-US", { ...options, timeZone });
    made.set(timeZone, formatter);
    return formatter;
  };
}

const formatterOf = formattersOf({ hourCycle: "h23", hour: "numeric", minute: "numeric" });
const dayFormatterOf = formattersOf({ year: "numeric", month: "numeric", day: "numeric" });

const DAY_MS = 24 * 3_600_000;

/** day = days from 1970-01-01 to the local date of an instant. @throws RangeError for an unknown zone. */
export function localDay(at: Date, timeZone: string): number {
  const parts = { year: Number.NaN, month: 1, day: 1 };
  for (const { type, value } of dayFormatterOf(timeZone).formatToParts(at))
    if (type === "year" || type === "month" || type === "day") parts[type] = Number(value);
  return Date.UTC(parts.year, parts.month - 1, parts.day) / DAY_MS;
}

/**
 * start = the first instant whose local date is `day` or later, exact to the minute. That is local midnight;
 * the first of two, where the clock goes back over it; or where the clock skips it, the end of the skip.
 *
 * @param day days from 1970-01-01.
 * @throws RangeError for an unknown zone.
 */
export const startOfLocalDay = (day: number, timeZone: string): Date => new Date(startOf(day, timeZone));

/**
 * day = the latest local day that has begun at an instant, as days from 1970-01-01. It is `localDay`, except
 * while the clock has been put back over midnight: the day before does not begin again.
 *
 * It is computed from the beginnings of days, which are remembered: for many instants of the same days that
 * takes a tenth of the time.
 *
 * @throws RangeError for an unknown zone.
 */
export function latestDayBegun(at: Date, timeZone: string): number {
  const ms = at.getTime();
  let day = Math.floor(ms / DAY_MS) + 1;
  while (startOf(day, timeZone) > ms) day -= 1;
  return day;
}

/** Milliseconds since the epoch. */
function startOf(day: number, timeZone: string): number {
  const known = startsIn(timeZone);
  const found = known.get(day);
  if (found !== undefined) return found;
  const start = findStart(day, timeZone);
  if (known.size >= KNOWN_DAYS) known.clear();
  known.set(day, start);
  return start;
}

/** The same days of the same zones are needed again and again. Milliseconds by day, for each zone. */
const startsIn = memoize(() => new Map<number, number>(), 1_000);
/** Almost three years: organizations began on many days. */
const KNOWN_DAYS = 1_000;

function findStart(day: number, timeZone: string): number {
  const hasBegun = (ms: number) => localDay(new Date(ms), timeZone) >= day;
  const midnight = day * DAY_MS;
  const isDayBefore = localDay(new Date(midnight), timeZone) < day;
  const likely =
    midnight - localMinute(new Date(midnight), timeZone) * MINUTE_MS + (isDayBefore ? DAY_MS : 0);
  if (hasBegun(likely) && !hasBegun(likely - MINUTE_MS)) return likely;
  let before = midnight - MAX_OFFSET_MS;
  let begun = midnight + MAX_OFFSET_MS;
  while (begun - before > MINUTE_MS) {
    const middle = before + Math.floor((begun - before) / 2 / MINUTE_MS) * MINUTE_MS;
    if (hasBegun(middle)) begun = middle;
    else before = middle;
  }
  return begun;
}

/**
 * time = the first instant of a local day at which its clock shows `minute` or later: the first of two, where
 * the clock goes back over it; or where the clock skips it, the end of the skip.
 *
 * @param day days from 1970-01-01.
 * @param minute 60 x hour + minute, from 0 to 1439.
 * @throws RangeError for an unknown zone.
 */
export function timeOfLocalDay(day: number, minute: number, timeZone: string): Date {
  const start = startOfLocalDay(day, timeZone).getTime();
  const unshifted = start + minute * MINUTE_MS;
  // The local time at that instant is off by the change of the clock since the day began.
  const offset = minutesBetween(localMinute(new Date(unshifted), timeZone), minute);
  const shift = offset > MINUTES_PER_DAY / 2 ? offset - MINUTES_PER_DAY : offset;
  const likely = unshifted + shift * MINUTE_MS;
  if (likely >= start && localMinute(new Date(likely), timeZone) === minute) return new Date(likely);
  // The clock skips that minute.
  let ms = Math.max(start, likely);
  while (localMinute(new Date(ms), timeZone) < minute && localDay(new Date(ms), timeZone) === day)
    ms += MINUTE_MS;
  return new Date(ms);
}

/** No zone differs from UTC by more. */
const MAX_OFFSET_MS = 16 * 3_600_000;

/**
 * Abbreviations of three letters, in any case, which are ambiguous: IST is India, Ireland or Israel. The
 * exceptions are names of the tz database and nothing else.
 */
const ABBREVIATION = /^(?!utc$|gmt$|uct$|prc$|roc$|rok$)[a-z]{3}$/i;

/**
 * Whether a text is the name of a time zone that this machine knows. Abbreviations and offsets are not: other
 * systems read them differently.
 */
export function isTimeZone(name: string): boolean {
  return /^[a-z]/i.test(name) && !ABBREVIATION.test(name) && isKnownZone(name);
}

/** Remembered for unknown names too: a formatter that is refused costs as much as one that is made. */
const isKnownZone = memoize((name: string): boolean => {
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}, 1_000);

/** minute = 60 x local hour + local minute, from 0 to 1439. @throws RangeError for an unknown zone. */
export function localMinute(at: Date, timeZone: string): number {
  let hour = 0;
  let minute = 0;
  for (const part of formatterOf(timeZone).formatToParts(at)) {
    if (part.type === "hour") hour = Number(part.value);
    if (part.type === "minute") minute = Number(part.value);
  }
  return hour * 60 + minute;
}

/** A part of the local day in minutes, `to` excluded. It may span midnight: from 22:00 to 7:00. */
export type QuietHours = { readonly from: number; readonly to: number };

/** Whether an instant is in the quiet hours. */
export function isQuiet(at: Date, quiet: QuietHours, timeZone: string): boolean {
  const minute = localMinute(at, timeZone);
  if (quiet.from <= quiet.to) return quiet.from <= minute && minute < quiet.to;
  return minute >= quiet.from || minute < quiet.to;
}

/**
 * end = the first minute from `at` on that is not quiet by local time, on days of 23 and 25 hours too; null
 * when `at` is not quiet.
 *
 * If the clock skips the minute at which quiet hours end, they end with the skip.
 */
export function endOfQuiet(at: Date, quiet: QuietHours, timeZone: string): Date | null {
  if (!isQuiet(at, quiet, timeZone)) return null;
  const minuteStart = Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS;
  const remaining = minutesBetween(localMinute(at, timeZone), quiet.to);
  const unshifted = minuteStart + remaining * MINUTE_MS;
  // The local time at that instant is off by the change of the clock in between.
  const offset = minutesBetween(quiet.to, localMinute(new Date(unshifted), timeZone));
  const shift = offset > MINUTES_PER_DAY / 2 ? offset - MINUTES_PER_DAY : offset;
  const end = unshifted - shift * MINUTE_MS;
  if (!isQuiet(new Date(end), quiet, timeZone)) return new Date(end);
  // The clock skips that minute. If it skips all that are not quiet, quiet hours end on the next day.
  const searchedTo = Math.max(unshifted, end + MINUTE_MS);
  for (let ms = Math.max(end, minuteStart); ms <= searchedTo; ms += MINUTE_MS)
    if (!isQuiet(new Date(ms), quiet, timeZone)) return new Date(ms);
  return endOfQuiet(new Date(searchedTo), quiet, timeZone);
}

const minutesBetween = (from: number, to: number): number => (to - from + MINUTES_PER_DAY) % MINUTES_PER_DAY;
