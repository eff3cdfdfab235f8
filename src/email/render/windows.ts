import { DateTime, IANAZone } from "luxon";
import type { DigestCadence } from "../../scoring/notifications/notify-decision.ts";

/** A period in which one digest may be sent. Deliveries decided after its start wait for the next one. */
export type DigestWindow = { readonly start: Date; readonly end: Date };

/** A user's zone, or the default if it is missing or unknown. */
export const zoneOf = (timeZone: string | null, defaultZone: string): string =>
  timeZone !== null && IANAZone.isValidZone(timeZone) ? timeZone : defaultZone;

const FIRST_HOUR = 6;
const LAST_HOUR = 18;
const MORNING = 8;
/** No digest is sent later in the day, not even after an outage: it waits until morning. */
const EVENING = LAST_HOUR + 1;

/**
 * The window that contains an instant, in local time; null between windows. Hourly: each hour from 6:00 to
 * 18:00, 13 a day, also on days of 23 or 25 hours. Daily: 8:00 to 19:00. Weekly: opens on Monday at 8:00 and
 * stays open from 8:00 to 19:00 on the other days, to catch up after an outage.
 *
 * @throws RangeError for an unknown zone.
 */
export function digestWindow(cadence: DigestCadence, timeZone: string, at: Date): DigestWindow | null {
  const local = DateTime.fromJSDate(at, { zone: timeZone });
  if (!local.isValid) throw new RangeError(`unknown time zone: ${timeZone}`);
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
