import { DateTime } from "luxon";
import { isQuiet, type QuietHours } from "../../scoring/local-time.ts";
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
 * stays open until the end of the day: no day and no week is left out.
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
  const local = DateTime.fromJSDate(at, { zone: timeZone });
  if (!local.isValid) throw new RangeError(`unknown time zone: ${timeZone}`);
  if (quiet !== null && coversWindows(quiet, cadence, times))
    return windowAfterQuiet(cadence, local, quiet, times);
  if (quiet !== null && isQuiet(at, quiet, timeZone)) return null;
  return cadence === "hourly" ? hourlyWindow(local) : usualWindow(cadence, local, times);
}

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

/** A time of the day of `local`. If the clock skips it, the end of the skip. */
const timeOn = (local: DateTime, minutes: number): DateTime =>
  local
    .startOf("day")
    .plus({ days: Math.floor(minutes / 1_440) })
    .set({ hour: Math.floor((minutes % 1_440) / 60), minute: minutes % 60 });

/** The latest opening up to an instant: on its day or the day before, or on the day of the week. */
function latestOpening(
  cadence: "daily" | "weekly",
  local: DateTime,
  minutes: number,
  { day }: DigestTimes,
): DateTime {
  const last = cadence === "daily" ? local : local.startOf("week").plus({ days: day - 1 });
  const opening = timeOn(last, minutes);
  return opening <= local ? opening : timeOn(last.minus({ days: cadence === "daily" ? 1 : 7 }), minutes);
}

/** The window that opens at the end of today's quiet hours, or of yesterday's if it is still open. */
function windowAfterQuiet(
  cadence: DigestCadence,
  local: DateTime,
  { to }: QuietHours,
  times: DigestTimes,
): DigestWindow | null {
  const opened = latestOpening("daily", local, to, times);
  const end = opened.plus({ minutes: AFTER_QUIET_MINUTES });
  if (local >= end) return null;
  if (cadence === "hourly") return windowOf(opened, end, { from: opened, to: end });
  return windowOf(latestOpening(cadence, local, to, times), end, cadence);
}

function hourlyWindow(local: DateTime): DigestWindow | null {
  if (local.hour < FIRST_HOUR || local.hour >= EVENING) return null;
  const start = local.startOf("hour");
  const end = start.plus({ hours: 1 });
  return windowOf(start, end, { from: start, to: end });
}

function usualWindow(cadence: "daily" | "weekly", local: DateTime, times: DigestTimes): DigestWindow | null {
  const open = openMinutes(times);
  const start = latestOpening(cadence, local, open.from, times);
  const ends = [timeOn(start, open.to)];
  const isOtherDay = cadence === "weekly" && !local.hasSame(start, "day");
  if (isOtherDay && local.hour >= MORNING) ends.push(timeOn(local, DAYTIME.to));
  const period = cadence === "daily" ? "day" : "week";
  if (isChangedToday(local, times) && local.hasSame(start, period)) ends.push(local.endOf("day"));
  const end = DateTime.max(...ends) ?? start;
  return local < end ? windowOf(start, end, cadence) : null;
}

const isChangedToday = (local: DateTime, { changedAt }: DigestTimes): boolean =>
  changedAt !== null && DateTime.fromJSDate(changedAt, { zone: local.zone }).hasSame(local, "day");

function windowOf(
  start: DateTime,
  end: DateTime,
  period: "daily" | "weekly" | { readonly from: DateTime; readonly to: DateTime },
): DigestWindow {
  const { from, to } = typeof period === "string" ? periodOf(start, period) : period;
  return {
    start: start.toJSDate(),
    end: end.toJSDate(),
    period: { from: from.toJSDate(), to: to.toJSDate() },
  };
}

function periodOf(start: DateTime, cadence: "daily" | "weekly"): { from: DateTime; to: DateTime } {
  const from = start.startOf(cadence === "daily" ? "day" : "week");
  return { from, to: from.plus({ days: cadence === "daily" ? 1 : 7 }) };
}
