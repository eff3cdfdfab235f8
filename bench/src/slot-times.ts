import { sql } from "drizzle-orm";
import { rows } from "../../src/db/statement.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { done } from "../../src/queues/outcome.ts";
import { finishRun } from "../../src/queues/runs.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { openDueSlots, openNextSlot } from "../../src/schedules/due-slots.ts";
import { timetable } from "../../src/schedules/timetable.ts";
import { sweepDueBudgets } from "../../src/workers/budgets/sweep-due-budgets.ts";
import type { Scratch } from "./database.ts";

const TIMES = 20;
const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;
const FIRST_WEEK = Date.parse("2026-05-01T12:00:00Z");

/** What operations on slots took, in ms, in the order of the measurements. */
export type SlotTimes = {
  /** Opening the due slots of every schedule at once. */
  readonly opening: readonly number[];
  /** Ending a scheduled run whose next slot is due, which opens that slot. */
  readonly ending: readonly number[];
};

export type SlotClock = {
  /** Opens the first runs of all schedules, and ends them. */
  start(): Promise<void>;
  measure(): Promise<SlotTimes>;
};

/** Measures with a clock that moves by a week each time: every schedule fires at least once a week. */
export function openSlotClock({ db }: Pick<Runtime, "db">, scratch: Scratch): SlotClock {
  let nowMs = FIRST_WEEK;
  const open = () => inTransaction(db, (tx) => openDueSlots(tx, timetable, new Date(nowMs), failed));
  const nextWeek = async () => {
    await endRuns(scratch);
    nowMs += WEEK_MS;
  };
  return {
    async start() {
      // A new schedule starts now, without a slot.
      await open();
      await nextWeek();
      await open();
      await endRuns(scratch);
    },
    async measure() {
      const opening: number[] = [];
      const ending: number[] = [];
      for (let time = 0; time < TIMES; time++) {
        await nextWeek();
        opening.push(await timed(open));
        const run = await scheduledRun(scratch);
        const next = new Date(nowMs + HOUR_MS);
        ending.push(await timed(() => endRun(db, run, next)));
      }
      await endRuns(scratch);
      return { opening, ending };
    },
  };
}

const failed = (schedule: string, fault: unknown): never => {
  throw new Error(`${schedule} was not opened`, { cause: fault });
};

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

type ScheduledRun = { readonly id: string; readonly entry: string };

async function scheduledRun({ db }: Scratch): Promise<ScheduledRun> {
  const [found] = await rows<ScheduledRun>(
    db.drizzle,
    sql`select r.id, o.id as entry from job_runs r join outbox o on o.parent = r.id
        where r.schedule = ${sweepDueBudgets.name} and r.finished_at is null`,
  );
  if (!found) throw new Error(`${sweepDueBudgets.name} has no run`);
  return found;
}

/** As a worker ends it. */
const endRun = (db: Runtime["db"], { id, entry }: ScheduledRun, next: Date): Promise<void> =>
  inTransaction(db, async (tx) => {
    await tx.execute(sql`delete from outbox where id = ${entry}::bigint`);
    await finishRun(tx, id, done({ due: 1 }));
    await openNextSlot(tx, timetable, id, next, failed);
  });

/** Ends every scheduled run. */
async function endRuns(scratch: Scratch): Promise<void> {
  await scratch.sql(
    "delete from outbox where parent in (select id from job_runs where finished_at is null and schedule is not null)",
  );
  await scratch.sql("update job_runs set status = 'done', finished_at = now() where finished_at is null");
}
