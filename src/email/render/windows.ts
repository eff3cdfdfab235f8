import { DateTime } from "luxon";
import { isQuiet, type QuietHours } from "../../scoring/local-time.ts";
import type { DigestCadence } from "../../scoring/notifications/notify-decision.ts";

/** A period in which one digest may be sent. Deliveries decided after its start wait for the next one. */
export type DigestWindow = { readonly start: Date; readonly end: Date };

const FIRST_HOUR = 6;
const LAST_HOUR = 18;
const MORNING = 8;
/** No digest is sent later in the day, not even after an outage: it waits until morning. */
const EVENING = LAST_HOUR + 1;

/** The digest jobs run this often. */
const TICK_MINUTES = 15;
/** How long the window after wide quiet hours is open, even if they begin again. */
const AFTER_QUIET_MINUTES = 60;

/**
 * The window that contains an instant, in local time; null between windows and in quiet hours. Hourly: each
 * hour from 6:00 to 18:00, 13 a day, also on days of 23 or 25 hours. Daily: 8:00 to 19:00. Weekly: opens on
 * Monday at 8:00 and stays open from 8:00 to 19:00 on the other days, to catch up after an outage.
 *
 * For users whose quiet hours cover all windows of a day, one opens when their quiet hours end.
 *
 * @throws RangeError for an unknown zone.
 */
export function digestWindow(
  cadence: DigestCadence,
  timeZone: string,
  at: Date,
  quiet: QuietHours | null = null,
): DigestWindow | null {
  const local = DateTime.fromJSDate(at, { zone: timeZone });
  if (!local.isValid) throw new RangeError(`unknown time zone: ${timeZone}`);
  if (quiet !== null && coversWindows(quiet, cadence)) return windowAfterQuiet(cadence, local, quiet);
  if (quiet !== null && isQuiet(at, quiet, timeZone)) return null;
  return usualWindow(cadence, local);
}

/** Whether quiet hours cover each run of a day in which a digest would be sent. */
function coversWindows({ from, to }: QuietHours, cadence: DigestCadence): boolean {
  const firstHour = cadence === "hourly" ? FIRST_HOUR : MORNING;
  for (let minute = firstHour * 60; minute < EVENING * 60; minute += TICK_MINUTES) {
    const covered = from <= to ? from <= minute && minute < to : minute >= from || minute < to;
    if (!covered) return false;
  }
  return true;
}

/** The window that opens at the end of today's quiet hours, or of yesterday's if it is still open. */
function windowAfterQuiet(cadence: DigestCadence, local: DateTime, { to }: QuietHours): DigestWindow | null {
  const endOn = (day: DateTime): DateTime =>
    day.startOf("day").set({ hour: Math.floor(to / 60), minute: to % 60 });
  for (const start of [endOn(local), endOn(local.minus({ days: 1 }))]) {
    const end = start.plus({ minutes: AFTER_QUIET_MINUTES });
    if (local < start || local >= end) continue;
    const first = cadence === "weekly" ? endOn(start.startOf("week")) : start;
    return { start: first.toJSDate(), end: end.toJSDate() };
  }
  return null;
}

function usualWindow(cadence: DigestCadence, local: DateTime): DigestWindow | null {
  const { hour } = local;
  if (cadence === "hourly") {
    if (hour < FIRST_HOUR || hour > LAST_HOUR) return null;
    const start = local.startOf("hour");
    return { start: start.toJSDate(), end: start.plus({ hours: 1 }).toJSDate() };
  }
  if (hour < MORNING || hour >= EVENING) return null;
  const day = cadence === "daily" ? local : local.startOf("week");
  return {
    start: day.set({ hour: MORNING, minute: 0, second: 0, millisecond: 0 }).toJSDate(),
    end: local.set({ hour: EVENING, minute: 0, second: 0, millisecond: 0 }).toJSDate(),
  };
}
