import { CronExpressionParser } from "cron-parser";
import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { enqueueRun } from "../queues/enqueue.ts";
import type { Schedule } from "./schedule.ts";

/** At most this many slots are computed at once, in about a tenth of a second. No policy wants older ones. */
const MAX_SLOTS = 1_000;
const SKIP_GRACE_MS = 60_000;

export type OpenedSlot = { readonly schedule: string; readonly slot: Date };

/**
 * Opens the due slots of the timetable: one row in job_runs and one outbox entry per slot, in the caller's
 * transaction. Idempotent and safe to call concurrently, since the row of the schedule is locked.
 *
 * A new schedule starts now. A schedule whose last run has not finished, or has failed while entries of it
 * are still waiting, opens nothing: its next slot waits, so it never overlaps itself.
 */
export async function openDueSlots(tx: Tx, timetable: readonly Schedule[], now: Date): Promise<OpenedSlot[]> {
  const opened: OpenedSlot[] = [];
  for (const schedule of timetable) {
    const through = await lockSchedule(tx, schedule, now);
    if (through === null) continue;
    const due = slotsBetween(schedule, through, now);
    const [slot] = chosenSlots(schedule, due, now);
    const last = due.at(-1);
    if (!last) continue;
    if (slot) {
      await openSlot(tx, schedule, slot);
      opened.push({ schedule: schedule.name, slot });
    }
    // Only up to the opened slot: the further slots of a backfill are opened when this run has finished.
    await tx.execute(sql`update schedules set through = ${slot ?? last} where name = ${schedule.name}`);
  }
  return opened;
}

/**
 * @returns the time up to which slots have been opened, or null while a run of the schedule is unfinished.
 */
async function lockSchedule(tx: Tx, schedule: Schedule, now: Date): Promise<Date | null> {
  const [row] = await rows<{ through: string }>(
    tx,
    sql`insert into schedules (name, through) values (${schedule.name}, ${now})
        on conflict (name) do update set name = excluded.name
        returning through`,
  );
  const [run] = await rows<{ busy: boolean }>(
    tx,
    sql`select exists (select 1 from job_runs where schedule = ${schedule.name} and finished_at is null)
            or exists (select 1 from outbox o join job_runs r on r.id = o.parent
                       where r.schedule = ${schedule.name} and o.dead_at is null) as busy`,
  );
  return row && !run?.busy ? new Date(row.through) : null;
}

/**
 * When a run of a schedule finishes: opens the next slot if it was waiting for this run, in the same
 * transaction.
 */
export async function openNextSlot(
  tx: Tx,
  timetable: readonly Schedule[],
  runId: string,
  now: Date,
): Promise<void> {
  const [run] = await rows<{ schedule: string | null }>(
    tx,
    sql`select schedule from job_runs where id = ${runId}`,
  );
  const schedule = timetable.find(({ name }) => name === run?.schedule);
  if (schedule) await openDueSlots(tx, [schedule], now);
}

async function openSlot(tx: Tx, schedule: Schedule, slot: Date): Promise<void> {
  const [run] = await rows<{ id: string }>(
    tx,
    sql`insert into job_runs (job, trigger, schedule, slot, input)
        values (${schedule.job.name}, 'schedule', ${schedule.name}, ${slot}, ${JSON.stringify(schedule.input)}::jsonb)
        on conflict (schedule, slot) where schedule is not null do nothing returning id`,
  );
  if (run) await enqueueRun(tx, schedule.job, schedule.input, { id: run.id, slot });
}

/** The slots in (after, until], oldest first; if there are very many, about the latest thousand. */
export function slotsBetween(schedule: Pick<Schedule, "pattern" | "tz">, after: Date, until: Date): Date[] {
  let from = after;
  let slots = firstSlots(schedule, from, until);
  while (slots.length === MAX_SLOTS) {
    const newest = slots.at(-1) ?? until;
    // Look at a stretch of the same length that ends at `until`; if it has no slots, continue from the newest
    // one.
    const near = new Date(Math.max(newest.getTime(), until.getTime() - (newest.getTime() - from.getTime())));
    const later = firstSlots(schedule, near, until);
    from = later.length > 0 ? near : newest;
    const next = later.length > 0 ? later : firstSlots(schedule, newest, until);
    if (next.length === 0) break;
    slots = next;
  }
  return slots;
}

function firstSlots(schedule: Pick<Schedule, "pattern" | "tz">, after: Date, until: Date): Date[] {
  const cron = CronExpressionParser.parse(schedule.pattern, { currentDate: after, tz: schedule.tz });
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
  CronExpressionParser.parse(schedule.pattern, { currentDate: after, tz: schedule.tz }).next().toDate();
