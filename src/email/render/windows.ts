import {
  isQuiet,
  localDay,
  localMinute,
  type QuietHours,
  startOfLocalDay,
  timeOfLocalDay,
} from "../../scoring/local-time.ts";
import { USUAL_DIGEST } from "../../scoring/notifications/digest-times.ts";
import type { DigestCadence } from "../../scoring/notifications/notify-decision.ts";

/** When a user wants daily and weekly digests, by local time. */
export type DigestTimes = {
  /** From 0 to 23. */
  readonly hour: number;
  /** The day of weekly digests, from 1 (Monday) to 7. */
  readonly day: number;
  /** When the user changed them, if that was lately. */
  readonly changedAt: Date | null;
};

export const DEFAULT_TIMES: DigestTimes = { ...USUAL_DIGEST, changedAt: null };

/** A period in which one digest may be sent. Deliveries decided after its start wait for the next one. */
export type DigestWindow = {
  readonly start: Date;
  readonly end: Date;
  /**
   * The local day or week of the start. A user gets at most one digest whose window starts in it, however
   * often the times are changed.
   */
  readonly period: { readonly from: Date; readonly to: Date };
};

/** Hourly digests are sent from this hour on, up to the evening. */
const FIRST_HOUR = 6;
const MORNING = 8;
/** Later in the day no digest makes up for an outage: it waits until morning. */
const EVENING = 19;
/** A daily or weekly window is open this long at least, past the evening and midnight too. */
const OPEN_HOURS = 3;

/** The digest jobs run this often. */
const TICK_MINUTES = 15;
/** How long the window after wide quiet hours is open, even if they begin again. */
const AFTER_QUIET_MINUTES = 60;

const MINUTE_MS = 60_000;

/** Minutes of the local day; beyond 1,440 they are of the next day. */
type Minutes = { readonly from: number; readonly to: number };

const DAYTIME: Minutes = { from: MORNING * 60, to: EVENING * 60 };

/**
 * The window that contains an instant, in local time; null between windows and in quiet hours. Hourly: each
 * hour from 6:00 to 18:00, 13 a day, also on days of 23 or 25 hours. Daily: opens at the hour of the user and
 * closes at 19:00, or three hours later. Weekly: the same on the day of the user, and from 8:00 to 19:00 on
 * the days after it, to make up for an outage. If the clock skips the hour, the window opens with the end of
 * the skip.
 *
 * If the user moves the times to before the present and has had no digest today, or this week, the window
 * stays open until the end of the day: no day and no week is skipped.
 *
 * For users whose quiet hours cover all of this, a window opens when their quiet hours end.
 *
 * @throws RangeError for an unknown zone.
 */
export function digestWindow(
  cadence: DigestCadence,
  timeZone: string,
  at: Date,
  quiet: QuietHours | null = null,
  times: DigestTimes = DEFAULT_TIMES,
): DigestWindow | null {
  const local = { at, timeZone, day: localDay(at, timeZone), minute: localMinute(at, timeZone) };
  if (quiet !== null && coversWindows(quiet, cadence, times))
    return windowAfterQuiet(cadence, local, quiet, times);
  if (quiet !== null && isQuiet(at, quiet, timeZone)) return null;
  return cadence === "hourly" ? hourlyWindow(local) : usualWindow(cadence, local, times);
}

/** An instant by the clock of a zone. Days are counted from 1970-01-01. */
type LocalTime = {
  readonly at: Date;
  readonly timeZone: string;
  readonly day: number;
  readonly minute: number;
};

/** When the window of a day is open. */
const openMinutes = ({ hour }: DigestTimes): Minutes => ({
  from: hour * 60,
  to: Math.max(EVENING, hour + OPEN_HOURS) * 60,
});

/** Whether quiet hours cover each run in which a digest would be sent. */
function coversWindows(quiet: QuietHours, cadence: DigestCadence, times: DigestTimes): boolean {
  if (cadence === "hourly") return covers(quiet, { from: FIRST_HOUR * 60, to: EVENING * 60 });
  return covers(quiet, openMinutes(times)) && (cadence === "daily" || covers(quiet, DAYTIME));
}

function covers({ from, to }: QuietHours, minutes: Minutes): boolean {
  for (let at = minutes.from; at < minutes.to; at += TICK_MINUTES) {
    const minute = at % 1_440;
    const covered = from <= to ? from <= minute && minute < to : minute >= from || minute < to;
    if (!covered) return false;
  }
  return true;
}

/** The first instant of a local day at which its clock shows these minutes. */
const timeOn = (day: number, minutes: number, timeZone: string): Date =>
  timeOfLocalDay(day + Math.floor(minutes / 1_440), minutes % 1_440, timeZone);

/** The Monday of a day's week. 1 January 1970 was a Thursday. */
const mondayOf = (day: number): number => day - ((((day + 3) % 7) + 7) % 7);

/**
 * The first instant of a local day at which its clock shows these minutes; where it skips the rest of the
 * day, the last run of the digest jobs in it.
 */
function openingTime(day: number, minutes: number, timeZone: string): Date {
  const at = timeOn(day, minutes, timeZone);
  const next = startOfLocalDay(day + 1, timeZone);
  return at < next ? at : new Date(next.getTime() - TICK_MINUTES * MINUTE_MS);
}

/** When a window opens, and the local day to which that belongs. */
type Opening = { readonly at: Date; readonly day: number };

/** The latest opening up to an instant: on its day or the day before, or on the day of the week. */
function latestOpening(
  cadence: "daily" | "weekly",
  local: LocalTime,
  minutes: number,
  times: DigestTimes,
): Opening {
  const last = cadence === "daily" ? local.day : mondayOf(local.day) + times.day - 1;
  const openingOn = (day: number): Opening => ({ at: openingTime(day, minutes, local.timeZone), day });
  const opening = openingOn(last);
  return opening.at <= local.at ? opening : openingOn(last - (cadence === "daily" ? 1 : 7));
}

/** The window that opens at the end of today's quiet hours, or of yesterday's if it is still open. */
function windowAfterQuiet(
  cadence: DigestCadence,
  local: LocalTime,
  { to }: QuietHours,
  times: DigestTimes,
): DigestWindow | null {
  const { at: start } = latestOpening("daily", local, to, times);
  const end = new Date(start.getTime() + AFTER_QUIET_MINUTES * MINUTE_MS);
  if (local.at >= end) return null;
  if (cadence === "hourly") return { start, end, period: { from: start, to: end } };
  return windowOf(cadence, latestOpening(cadence, local, to, times), end, local.timeZone);
}

function hourlyWindow({ at, minute }: LocalTime): DigestWindow | null {
  if (minute < FIRST_HOUR * 60 || minute >= EVENING * 60) return null;
  const startMs = (Math.floor(at.getTime() / MINUTE_MS) - (minute % 60)) * MINUTE_MS;
  const [start, end] = [new Date(startMs), new Date(startMs + 60 * MINUTE_MS)];
  return { start, end, period: { from: start, to: end } };
}

function usualWindow(cadence: "daily" | "weekly", local: LocalTime, times: DigestTimes): DigestWindow | null {
  const { day, timeZone } = local;
  const open = openMinutes(times);
  const opening = latestOpening(cadence, local, open.from, times);
  const ends = [timeOn(opening.day, open.to, timeZone)];
  const isOtherDay = cadence === "weekly" && opening.day !== day;
  if (isOtherDay && local.minute >= MORNING * 60) ends.push(timeOn(day, DAYTIME.to, timeZone));
  const isInPeriod = cadence === "daily" ? opening.day === day : mondayOf(opening.day) === mondayOf(day);
  if (isInPeriod && isChangedToday(local, times)) ends.push(startOfLocalDay(day + 1, timeZone));
  const end = new Date(Math.max(...ends.map((each) => each.getTime())));
  return local.at < end ? windowOf(cadence, opening, end, timeZone) : null;
}

const isChangedToday = ({ day, timeZone }: LocalTime, { changedAt }: DigestTimes): boolean =>
  changedAt !== null && localDay(changedAt, timeZone) === day;

/** A window whose period is the local day or week in which it opens. */
function windowOf(cadence: "daily" | "weekly", opening: Opening, end: Date, timeZone: string): DigestWindow {
  const first = cadence === "daily" ? opening.day : mondayOf(opening.day);
  const period = {
    from: startOfLocalDay(first, timeZone),
    to: startOfLocalDay(first + (cadence === "daily" ? 1 : 7), timeZone),
  };
  return { start: opening.at, end, period };
}
