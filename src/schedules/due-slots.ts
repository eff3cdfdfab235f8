import { CronExpressionParser } from "cron-parser";
import { type SQL, sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { enqueueRun } from "../queues/enqueue.ts";
import { namesOf } from "../queues/job.ts";
import type { Schedule } from "./schedule.ts";

/** At most this many slots are computed at once, in about a tenth of a second. No policy wants older ones. */
const MAX_SLOTS = 1_000;
const SKIP_GRACE_MS = 60_000;
/** A schedule may be this far ahead of the clock: the clocks of two Postgres servers differ. */
const AHEAD_GRACE_MS = 60_000;

export type OpenedSlot = { readonly schedule: string; readonly slot: Date };

/** Receives what is wrong with a schedule. The other schedules are opened all the same. */
export type OnScheduleFault = (schedule: string, fault: ScheduleFault) => void;
export type ScheduleFault =
  | { readonly kind: "threw"; readonly error: unknown }
  /** Slots had been opened up to `through`, later than now: a clock was wrong. */
  | { readonly kind: "ahead"; readonly through: Date };

/**
 * Opens the due slots of the timetable: one row in job_runs and one outbox entry per slot, in the caller's
 * transaction. Idempotent and safe to call concurrently, since the rows of the schedules are locked.
 *
 * A new schedule starts now. A paused schedule opens nothing. A schedule whose last run has not finished, or
 * has failed while entries of it are still waiting, opens nothing: its next slot waits, so it never overlaps
 * itself. A schedule that throws is rolled back alone.
 */
export async function openDueSlots(
  tx: Tx,
  timetable: readonly Schedule[],
  now: Date,
  onFault: OnScheduleFault,
): Promise<OpenedSlot[]> {
  const locked = await lockSchedules(tx, timetable, now);
  const busy = new Set((await rows<{ name: string }>(tx, busySql(timetable))).map(({ name }) => name));
  const opened: OpenedSlot[] = [];
  for (const schedule of timetable) {
    const { through, paused } = locked.get(schedule.name) ?? { through: now, paused: false };
    if (paused || busy.has(schedule.name)) continue;
    try {
      if (through.getTime() > now.getTime() + AHEAD_GRACE_MS) {
        await tx.transaction((savepoint) => setBack(savepoint, schedule, now));
        onFault(schedule.name, { kind: "ahead", through });
      } else {
        const slot = await openDueSlot(tx, schedule, through, now);
        if (slot) opened.push({ schedule: schedule.name, slot });
      }
    } catch (error) {
      onFault(schedule.name, { kind: "threw", error });
    }
  }
  return opened;
}

type LockedSchedule = { readonly through: Date; readonly paused: boolean };

/** In the order of their names, so that two transactions cannot deadlock. */
async function lockSchedules(
  tx: Tx,
  timetable: readonly Schedule[],
  now: Date,
): Promise<ReadonlyMap<string, LockedSchedule>> {
  const names = timetable.map(({ name }) => name);
  const lock = () =>
    rows<{ name: string; through: string; paused: boolean }>(
      tx,
      sql`select name, through, paused_at is not null as paused from schedules
          where name = any(${array(names)}::text[]) order by name for update`,
    );
  let found = await lock();
  if (found.length < new Set(names).size) {
    await tx.execute(
      sql`insert into schedules (name, through) select name, ${now}::timestamptz from unnest(${array(names)}::text[]) as name
          order by name on conflict (name) do nothing`,
    );
    found = await lock();
  }
  return new Map(found.map(({ name, through, paused }) => [name, { through: new Date(through), paused }]));
}

/**
 * Schedules with an unfinished run, or whose latest run has failed while entries of it are waiting: dead
 * letters of older runs are not retried. Asked from the run to its entries, whatever the size of the outbox.
 * Runs of a job that the schedule had in another version do not count: they may never end here.
 */
export function busySql(timetable: readonly Schedule[]): SQL {
  const pairs = timetable.flatMap(({ name, job }) => namesOf(job, "whole").map((ofJob) => [name, ofJob]));
  const column = (index: number) => array(pairs.map((pair) => pair[index]));
  return sql`
    select distinct s.name
    from unnest(${column(0)}::text[], ${column(1)}::text[]) as s(name, job)
    where exists (select 1 from job_runs r where r.schedule = s.name and r.finished_at is null and r.job = s.job)
       or exists (select 1
                  from (select id, job from job_runs where schedule = s.name order by slot desc limit 1) as latest
                  cross join lateral (select 1 from outbox o where o.parent = latest.id and o.dead_at is null limit 1) as waiting
                  where latest.job = s.job)`;
}

async function openDueSlot(tx: Tx, schedule: Schedule, through: Date, now: Date): Promise<Date | null> {
  const due = latestSlots(schedule, through, now);
  const last = due.at(-1);
  if (!last) return null;
  const [slot] = chosenSlots(schedule, due, now);
  return tx.transaction(async (savepoint) => {
    const isNew = slot !== undefined && (await openSlot(savepoint, schedule, slot));
    // Only up to the opened slot: the further slots of a backfill are opened when this run has finished.
    await savepoint.execute(
      sql`update schedules set through = ${slot ?? last} where name = ${schedule.name}`,
    );
    return isNew ? slot : null;
  });
}

/**
 * Sets a schedule back that a wrong clock has moved into the future, to the latest slot that has a run. Slots
 * that were opened too early are not opened again.
 */
async function setBack(tx: Tx, { name }: Schedule, now: Date): Promise<void> {
  await tx.execute(
    sql`update schedules set through = coalesce(
          (select slot from job_runs where schedule = ${name} and slot <= ${now}::timestamptz order by slot desc limit 1),
          ${now}::timestamptz)
        where name = ${name}`,
  );
}

/** @returns false if the slot was opened before. */
async function openSlot(tx: Tx, schedule: Schedule, slot: Date): Promise<boolean> {
  const [run] = await rows<{ id: string }>(
    tx,
    sql`insert into job_runs (job, trigger, schedule, slot, input)
        values (${schedule.job.name}, 'schedule', ${schedule.name}, ${slot}, ${JSON.stringify(schedule.input)}::jsonb)
        on conflict (schedule, slot) where schedule is not null do nothing returning id`,
  );
  if (run) await enqueueRun(tx, schedule.job, schedule.input, { id: run.id, slot });
  return run !== undefined;
}

type EndedRun = { schedule: string | null; status: string; counts: Record<string, number> };

const hadNothingToDo = ({ status, counts }: EndedRun): boolean =>
  status === "skipped" || (status === "done" && Object.values(counts).every((count) => count === 0));

/** Runs of such a schedule that had nothing to do leave no row: they would be thousands a day. */
const FREQUENT_MS = 15 * 60_000;

function isFrequent(schedule: Schedule, now: Date): boolean {
  const next = nextSlot(schedule, now);
  return nextSlot(schedule, next).getTime() - next.getTime() <= FREQUENT_MS;
}

/**
 * When a run of a schedule finishes: opens the next slot if it was waiting for this run, in the same
 * transaction. A fault of the schedule does not undo the run.
 */
export async function openNextSlot(
  tx: Tx,
  timetable: readonly Schedule[],
  runId: string,
  now: Date,
  onFault: OnScheduleFault,
): Promise<void> {
  const [run] = await rows<EndedRun>(
    tx,
    sql`select schedule, status, counts from job_runs where id = ${runId}`,
  );
  const schedule = timetable.find(({ name }) => name === run?.schedule);
  if (!run || !schedule) return;
  try {
    if (hadNothingToDo(run) && isFrequent(schedule, now))
      await tx.execute(sql`delete from job_runs where id = ${runId}`);
    await tx.transaction((savepoint) => openDueSlots(savepoint, [schedule], now, onFault));
  } catch (error) {
    onFault(schedule.name, { kind: "threw", error });
  }
}

const HOUR_MS = 3_600_000;
const WINDOWS_MS = [HOUR_MS, 24 * HOUR_MS, 8 * 24 * HOUR_MS];

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
