import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { RunStatus } from "../queues/runs.ts";
import { busySql } from "./due-slots.ts";
import type { Schedule } from "./schedule.ts";
import { nextSlot } from "./slots.ts";

export type ListedSchedule = {
  readonly name: string;
  readonly pattern: string;
  readonly tz: string;
  readonly job: string;
  readonly input: Schedule["input"];
  readonly misfire: Schedule["misfire"];
  readonly lastSlot: Date | null;
  /** "no work" if the run of the last slot left no row, since it had nothing to do. */
  readonly lastStatus: RunStatus | "no work" | null;
  readonly lastRun: string | null;
  readonly nextSlot: Date;
  readonly pausedAt: Date | null;
  /** Its last run, or an entry of it, is not settled, so no slot is opened yet. */
  readonly isWaiting: boolean;
};

type Row = {
  name: string;
  through: string | null;
  pausedAt: string | null;
  slot: string | null;
  status: RunStatus | null;
  run: string | null;
  isWaiting: boolean;
};

/** The schedules of the timetable with their last and next slots. */
export async function listSchedules(
  on: Queryable,
  timetable: readonly Schedule[],
  now: Date,
): Promise<ListedSchedule[]> {
  const found = await rows<Row>(
    on,
    sql`select given.name, s.through, s.paused_at as "pausedAt", latest.slot, latest.status, latest.id as run,
               given.name in (${busySql(timetable)}) as "isWaiting"
        from unnest(${array(timetable.map(({ name }) => name))}::text[]) as given(name)
        left join schedules s on s.name = given.name
        left join lateral (select slot, status, id from job_runs where schedule = given.name order by slot desc limit 1) latest on true`,
  );
  const byName = new Map(found.map((row) => [row.name, row]));
  return timetable.map((schedule) => {
    const { name, pattern, tz, job, input, misfire } = schedule;
    const row = byName.get(name);
    return {
      name,
      pattern,
      tz,
      job: job.name,
      input,
      misfire,
      ...lastOf(row),
      nextSlot: nextSlot(schedule, now),
      pausedAt: row?.pausedAt ? new Date(row.pausedAt) : null,
      isWaiting: row?.isWaiting ?? false,
    };
  });
}

/** A slot without a row was opened after the latest run, and its run had nothing to do. */
function lastOf(row: Row | undefined): Pick<ListedSchedule, "lastSlot" | "lastStatus" | "lastRun"> {
  const slot = row?.slot ? new Date(row.slot) : null;
  const through = row?.through ? new Date(row.through) : null;
  if (through && slot && through > slot) return { lastSlot: through, lastStatus: "no work", lastRun: null };
  return { lastSlot: slot, lastStatus: row?.status ?? null, lastRun: row?.run ?? null };
}
