import type { Command } from "commander";
import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { array, rows } from "../db/statement.ts";
import { formatInstant } from "../format-instant.ts";
import { nextSlot } from "../schedules/due-slots.ts";
import { timetable } from "../schedules/timetable.ts";
import { jsonFlag } from "./flags.ts";
import { printJson, printTable } from "./print.ts";
import type { Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

/** `commonwork schedules`: the last run and the next slot of every schedule. */
export function defineSchedules(command: Command, terminal: Terminal): void {
  jsonFlag(command).action(async ({ json }: { json?: true }) => {
    const schedules = await withDatabase(terminal, readSchedules);
    if (json) return printJson(terminal, schedules);
    printTable(
      terminal,
      ["Schedule", "Pattern", "Time zone", "Job", "Last slot", "Status", "Next slot"].map((title) => ({
        title,
      })),
      schedules.map((s) => [
        s.name,
        s.pattern,
        s.tz,
        s.job,
        formatInstant(s.lastSlot),
        s.lastStatus,
        formatInstant(s.nextSlot),
      ]),
      "There are no schedules.",
    );
  });
}

async function readSchedules(db: Database) {
  const latest = await rows<{ schedule: string; slot: string; status: string; run: string }>(
    db.drizzle,
    sql`select distinct on (schedule) schedule, slot, status, id as run from job_runs
        where schedule = any(${array(timetable.map(({ name }) => name))}::text[]) order by schedule, slot desc`,
  );
  const now = new Date();
  return timetable.map((schedule) => {
    const last = latest.find((run) => run.schedule === schedule.name);
    return {
      name: schedule.name,
      pattern: schedule.pattern,
      tz: schedule.tz,
      job: schedule.job.name,
      input: schedule.input,
      misfire: schedule.misfire,
      lastSlot: last ? new Date(last.slot) : null,
      lastStatus: last?.status ?? null,
      lastRun: last?.run ?? null,
      nextSlot: nextSlot(schedule, now),
    };
  });
}
