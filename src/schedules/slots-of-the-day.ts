import type { Schedule } from "./schedule.ts";
import { nextSlot } from "./slots.ts";

/** A schedule and when it runs next. */
type NextSlot = {
  readonly schedule: string;
  readonly pattern: string;
  readonly tz: string;
  readonly next: string;
};

const HALF_A_DAY_MS = 12 * 3_600_000;

/**
 * The schedules that run at most twice a day, in the order of their next slots: for the log at start. The
 * others run soon anyway.
 */
export const nextSlotsOfTheDay = (timetable: readonly Schedule[], now: Date): NextSlot[] =>
  timetable
    .map((schedule) => ({ schedule, next: nextSlot(schedule, now) }))
    .filter(({ schedule, next }) => nextSlot(schedule, next).getTime() - next.getTime() >= HALF_A_DAY_MS)
    .sort((a, b) => a.next.getTime() - b.next.getTime())
    .map(({ schedule: { name, pattern, tz }, next }) => ({
      schedule: name,
      pattern,
      tz,
      next: next.toISOString(),
    }));
