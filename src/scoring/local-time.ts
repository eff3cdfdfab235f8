const MINUTE_MS = 60_000;
const MINUTES_PER_DAY = 1_440;

/** Formatters are dear to make and hold no state: one a zone. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    hour: "numeric",
    minute: "numeric",
  });
  formatters.set(timeZone, made);
  return made;
}

/** True for the name of a zone that this machine knows. */
export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}

/** The minute of the local day, 0 to 1439. @throws RangeError for an unknown zone. */
export function localMinute(at: Date, timeZone: string): number {
  let hour = 0;
  let minute = 0;
  for (const part of formatterOf(timeZone).formatToParts(at)) {
    if (part.type === "hour") hour = Number(part.value);
    if (part.type === "minute") minute = Number(part.value);
  }
  return hour * 60 + minute;
}

/** A part of the local day, in minutes: from 22:00 to 7:00 goes over midnight. */
export type QuietHours = { readonly from: number; readonly to: number };

/** Whether an instant lies in the quiet hours: their first minute does, the one they end at does not. */
export function isQuiet(at: Date, quiet: QuietHours, timeZone: string): boolean {
  const minute = localMinute(at, timeZone);
  if (quiet.from <= quiet.to) return quiet.from <= minute && minute < quiet.to;
  return minute >= quiet.from || minute < quiet.to;
}

/**
 * When the quiet hours that `at` lies in are over, by the clock on the wall: a day may have 23 or 25 hours. Null when it lies in none.
 * If the clock skips the hour at which they would end, they end with the skip.
 */
export function endOfQuiet(at: Date, quiet: QuietHours, timeZone: string): Date | null {
  if (!isQuiet(at, quiet, timeZone)) return null;
  const began = Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS;
  const wait = minutesBetween(localMinute(at, timeZone), quiet.to);
  const unshifted = began + wait * MINUTE_MS;
  // What the wall shows there differs by what the clock was moved meanwhile.
  const moved = minutesBetween(quiet.to, localMinute(new Date(unshifted), timeZone));
  const shift = moved > MINUTES_PER_DAY / 2 ? moved - MINUTES_PER_DAY : moved;
  const end = unshifted - shift * MINUTE_MS;
  if (!isQuiet(new Date(end), quiet, timeZone)) return new Date(end);
  return firstLoudMinute(end, Math.max(unshifted, end + MINUTE_MS), quiet, timeZone);
}

const minutesBetween = (from: number, to: number): number => (to - from + MINUTES_PER_DAY) % MINUTES_PER_DAY;

/** Bisects to the minute: quiet at `quietMs`, not quiet at `loudMs`. */
function firstLoudMinute(quietMs: number, loudMs: number, quiet: QuietHours, timeZone: string): Date {
  let low = quietMs;
  let high = loudMs;
  while (high - low > MINUTE_MS) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS;
    if (isQuiet(new Date(middle), quiet, timeZone)) low = middle;
    else high = middle;
  }
  return new Date(high);
}
