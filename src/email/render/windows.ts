import { DateTime, IANAZone } from "luxon";
import type { DigestKind } from "./digest.ts";

/** A stretch in which one digest of a kind may go out. Things that were decided after its start wait for the next one. */
export type DigestWindow = { readonly start: Date; readonly end: Date };

/** The zone of a user; for one who named none, or one that nobody knows, the given one. */
export const zoneOf = (timeZone: string | null, otherwise: string): string =>
  timeZone !== null && IANAZone.isValidZone(timeZone) ? timeZone : otherwise;

const FIRST_HOUR = 6;
const LAST_HOUR = 18;
const MORNING = 8;
/** No digest goes out later than that, however long the outage was: it waits for the morning. */
const EVENING = LAST_HOUR + 1;

/**
 * The window that an instant lies in, by the clock on the wall of the user's zone; null between windows. Hourly: one for each hour from
 * 6:00 to 18:00, 13 a day, also on days of 23 or 25 hours. Daily: from 8:00. Weekly: from Monday 8:00, and caught up with on the days
 * after it. All end in the evening, at 19:00.
 *
 * @throws RangeError for an unknown zone.
 */
export function digestWindow(kind: DigestKind, timeZone: string, at: Date): DigestWindow | null {
  const local = DateTime.fromJSDate(at, { zone: timeZone });
  if (!local.isValid) throw new RangeError(`no such zone: ${timeZone}`);
  const { hour } = local;
  if (kind === "hourly") {
    if (hour < FIRST_HOUR || hour > LAST_HOUR) return null;
    const start = local.startOf("hour");
    return { start: start.toJSDate(), end: start.plus({ hours: 1 }).toJSDate() };
  }
  if (hour < MORNING || hour >= EVENING) return null;
  const day = kind === "daily" ? local : local.startOf("week");
  return {
    start: day.set({ hour: MORNING, minute: 0, second: 0, millisecond: 0 }).toJSDate(),
    end: local.set({ hour: EVENING, minute: 0, second: 0, millisecond: 0 }).toJSDate(),
  };
}
