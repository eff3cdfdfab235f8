import { type SQL, sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { namesOf } from "../queues/catalogue.ts";
import { enqueueRuns } from "../queues/enqueue.ts";
import type { Schedule } from "./schedule.ts";
import { chosenSlots, latestSlots, nextSlot } from "./slots.ts";

/** A schedule may be this far ahead of the clock: the clocks of two Postgres servers differ. */
const AHEAD_GRACE_MS = 60_000;

export type OpenedSlot = { readonly schedule: string; readonly slot: Date };

/** Receives the fault of a schedule. The other schedules are opened anyway. */
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
  const due: DueSlot[] = [];
  for (const schedule of timetable) {
    const { through, paused } = locked.get(schedule.name) ?? { through: now, paused: false };
    if (paused || busy.has(schedule.name)) continue;
    try {
      if (through.getTime() > now.getTime() + AHEAD_GRACE_MS) {
        await tx.transaction((savepoint) => setBack(savepoint, schedule, now));
        onFault(schedule.name, { kind: "ahead", through });
      } else {
        const slot = dueSlot(schedule, through, now);
        if (slot) due.push(slot);
      }
    } catch (error) {
      onFault(schedule.name, { kind: "threw", error });
    }
  }
  return openTogetherOrAlone(tx, due, onFault);
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
 * letters of older runs are not retried. Runs of a job that the schedule had in another version do not count:
 * they may never end here.
 *
 * The query goes from the run to its entries, so its cost does not depend on the size of the outbox. With
 * `parent = latest.id limit 1`, the planner reads the whole outbox for each schedule where the entries of one
 * run are a tenth of it; with a lower and an upper bound it reads the index. Without the upper bound it reads
 * the index up to the next entry of any run, past a million dead rows while a snapshot is held.
 */
export function busySql(timetable: readonly Schedule[]): SQL {
  const pairs = timetable.flatMap(({ name, job }) => namesOf(job, "whole").map((ofJob) => [name, ofJob]));
  const column = (index: number) => array(pairs.map((pair) => pair[index]));
  return sql`
    select distinct s.name
    from unnest(${column(0)}::text[], ${column(1)}::text[]) as s(name, job)
    where exists (select 1 from job_runs r where r.schedule = s.name and r.finished_at is null and r.job = s.job)
       or exists (select 1
                  from (select id, job, status from job_runs where schedule = s.name order by slot desc limit 1) as latest
                  cross join lateral (select 1 from outbox o
                                      where o.parent >= latest.id and o.parent <= latest.id and o.dead_at is null
                                      order by o.parent limit 1) as waiting
                  where latest.job = s.job and latest.status in ('failed', 'cancelled'))`;
}

type DueSlot = {
  readonly schedule: Schedule;
  /** Null if the misfire policy runs none of the slots that were missed. */
  readonly slot: Date | null;
  /** The `through` of the schedule once the slot is open. */
  readonly through: Date;
};

/** @throws what is wrong with the schedule. */
function dueSlot(schedule: Schedule, through: Date, now: Date): DueSlot | null {
  const missed = latestSlots(schedule, through, now);
  const last = missed.at(-1);
  if (!last) return null;
  const slot = chosenSlots(schedule, missed, now)[0] ?? null;
  if (slot) schedule.job.payload.parse(schedule.input);
  // Only up to the opened slot: the further slots of a backfill are opened when this run has finished.
  return { schedule, slot, through: slot ?? last };
}

/**
 * Opens all of them with three statements, so that the time does not grow with the timetable. If that fails,
 * opens each under a savepoint of its own.
 */
async function openTogetherOrAlone(
  tx: Tx,
  due: readonly DueSlot[],
  onFault: OnScheduleFault,
): Promise<OpenedSlot[]> {
  const [first] = due;
  if (!first) return [];
  try {
    return await tx.transaction((savepoint) => openAll(savepoint, due));
  } catch (error) {
    if (due.length === 1) {
      onFault(first.schedule.name, { kind: "threw", error });
      return [];
    }
  }
  const opened: OpenedSlot[] = [];
  for (const one of due) opened.push(...(await openTogetherOrAlone(tx, [one], onFault)));
  return opened;
}

/** @returns the slots that were not opened before. */
async function openAll(tx: Tx, due: readonly DueSlot[]): Promise<OpenedSlot[]> {
  const runIds = await insertRuns(tx, due);
  const opened = due.flatMap(({ schedule, slot }) => {
    const id = runIds.get(schedule.name);
    return slot && id ? [{ schedule, slot, id }] : [];
  });
  await enqueueRuns(
    tx,
    opened.map(({ schedule: { job, input }, id, slot }) => ({ job, payload: input, id, slot })),
  );
  await tx.execute(
    sql`update schedules set through = due.through
        from unnest(${array(due.map(({ schedule }) => schedule.name))}::text[],
                    ${array(due.map(({ through }) => through))}::timestamptz[]) as due(name, through)
        where schedules.name = due.name`,
  );
  return opened.map(({ schedule, slot }) => ({ schedule: schedule.name, slot }));
}

/** @returns the ids of the new runs by schedule. */
async function insertRuns(tx: Tx, due: readonly DueSlot[]): Promise<ReadonlyMap<string, string>> {
  const chosen = due.filter(({ slot }) => slot !== null);
  if (chosen.length === 0) return new Map();
  const inserted = await rows<{ id: string; schedule: string }>(
    tx,
    sql`insert into job_runs (job, trigger, schedule, slot, input)
        select job, 'schedule', schedule, slot, input::jsonb
        from unnest(${array(chosen.map(({ schedule }) => schedule.job.name))}::text[],
                    ${array(chosen.map(({ schedule }) => schedule.name))}::text[],
                    ${array(chosen.map(({ slot }) => slot))}::timestamptz[],
                    ${array(chosen.map(({ schedule }) => JSON.stringify(schedule.input)))}::text[]) as due(job, schedule, slot, input)
        on conflict (schedule, slot) where schedule is not null do nothing returning id, schedule`,
  );
  return new Map(inserted.map(({ id, schedule }) => [schedule, id]));
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
    const isForgotten = hadNothingToDo(run) && isFrequent(schedule, now);
    // One savepoint for both: an error outside it would abort the transaction that ends the run.
    await tx.transaction(async (savepoint) => {
      if (isForgotten) await savepoint.execute(sql`delete from job_runs where id = ${runId}`);
      await openDueSlots(savepoint, [schedule], now, onFault);
    });
  } catch (error) {
    onFault(schedule.name, { kind: "threw", error });
  }
}
