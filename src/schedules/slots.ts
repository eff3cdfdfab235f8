import { type CronExpression, CronExpressionParser } from "cron-parser";
import type { Schedule } from "./schedule.ts";

/** At most this many slots are computed at once, in about a tenth of a second. No policy wants older ones. */
const MAX_SLOTS = 1_000;
const SKIP_GRACE_MS = 60_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const WINDOWS_MS = [5 * MINUTE_MS, HOUR_MS, 24 * HOUR_MS, 8 * 24 * HOUR_MS];

/**
 * The slots in (after, until] that the misfire policy may run, oldest first, and perhaps some before them.
 * Computing all slots of a week takes a second for a schedule that fires every minute, so shorter stretches
 * before `until` are tried first.
 */
export function latestSlots(
  schedule: Pick<Schedule, "pattern" | "tz" | "misfire">,
  after: Date,
  until: Date,
): Date[] {
  const wanted = typeof schedule.misfire === "string" ? 1 : schedule.misfire.backfill;
  for (const window of WINDOWS_MS) {
    const from = until.getTime() - window;
    if (from <= after.getTime()) break;
    const slots = slotsBetween(schedule, new Date(from), until);
    if (slots.length >= wanted) return slots;
  }
  return slotsBetween(schedule, after, until);
}

/** The slots in (after, until], oldest first; of more than a thousand about the latest thousand. */
export function slotsBetween(schedule: Pick<Schedule, "pattern" | "tz">, after: Date, until: Date): Date[] {
  let from = after;
  let slots = firstSlots(schedule, from, until);
  while (slots.length === MAX_SLOTS) {
    const newest = slots.at(-1) ?? until;
    // Look at a stretch of the same length that ends at `until`; if it has no slots, continue from the newest
    // one.
    const near = new Date(Math.max(newest.getTime(), until.getTime() - (newest.getTime() - from.getTime())));
    const later = near > newest ? firstSlots(schedule, near, until) : [];
    if (later.length > 0) {
      from = near;
      slots = later;
    } else {
      const next = firstSlots(schedule, newest, until);
      if (next.length === 0) break;
      from = newest;
      slots = [...slots, ...next].slice(-MAX_SLOTS);
    }
  }
  return slots;
}

function firstSlots(schedule: Pick<Schedule, "pattern" | "tz">, after: Date, until: Date): Date[] {
  const cron = expressionAt(schedule, after);
  const slots: Date[] = [];
  while (slots.length < MAX_SLOTS) {
    const next = cron.next().toDate();
    if (next > until) break;
    slots.push(next);
  }
  return slots;
}

/** The slots that the misfire policy runs, oldest first. */
export function chosenSlots(schedule: Pick<Schedule, "misfire">, due: readonly Date[], now: Date): Date[] {
  const { misfire } = schedule;
  if (misfire === "once") return due.slice(-1);
  if (misfire === "skip")
    return due.slice(-1).filter((slot) => now.getTime() - slot.getTime() < SKIP_GRACE_MS);
  return due.slice(-misfire.backfill);
}

/** When the schedule fires next. */
export const nextSlot = (schedule: Pick<Schedule, "pattern" | "tz">, after: Date): Date =>
  expressionAt(schedule, after).next().toDate();

/** By pattern and zone: parsing one takes longer than finding its next slot. */
const expressions = new Map<string, CronExpression>();

/** The expression of a schedule, set to an instant: `next` returns the slot after it. */
function expressionAt({ pattern, tz }: Pick<Schedule, "pattern" | "tz">, at: Date): CronExpression {
  const key = `${tz} ${pattern}`;
  const expression = expressions.get(key) ?? CronExpressionParser.parse(pattern, { tz });
  expressions.set(key, expression);
  expression.reset(at);
  return expression;
}
