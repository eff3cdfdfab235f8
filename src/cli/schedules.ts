import type { Command } from "commander";
import { inTransaction } from "../db/transaction.ts";
import { formatInstant } from "../format-instant.ts";
import { listSchedules } from "../schedules/list-schedules.ts";
import { pauseSchedule, resumeSchedule } from "../schedules/pause.ts";
import { jsonFlag } from "./flags.ts";
import { printJson, printLine, printTable } from "./print.ts";
import { CliError, operator, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

/** `commonwork schedules [list|pause|resume]`. */
export function defineSchedules(command: Command, terminal: Terminal): void {
  const list = command
    .command("list", { isDefault: true })
    .description("list the schedules: pattern, time zone, last run, next slot");
  jsonFlag(list).action(({ json }: { json?: true }) => printSchedules(terminal, json === true));

  addSwitch(command, terminal, {
    name: "pause",
    description: "pause a schedule: it opens no slots until it is resumed; a run in progress continues",
    change: pauseSchedule,
    done: "is paused",
    before: "is paused already",
  });
  addSwitch(command, terminal, {
    name: "resume",
    description: "resume a schedule; its misfire policy decides about the slots it missed",
    change: resumeSchedule,
    done: "is resumed",
    before: "is not paused",
  });
}

async function printSchedules(terminal: Terminal, json: boolean): Promise<void> {
  const { timetable } = await import("../schedules/timetable.ts");
  const schedules = await withDatabase(terminal, (db) => listSchedules(db.drizzle, timetable, new Date()));
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
      s.pausedAt ? `paused since ${formatInstant(s.pausedAt)}` : formatInstant(s.nextSlot),
    ]),
    "There are no schedules.",
  );
}

type Switch = {
  readonly name: string;
  readonly description: string;
  readonly change: typeof pauseSchedule;
  readonly done: string;
  /** Why nothing changed. */
  readonly before: string;
};

function addSwitch(
  command: Command,
  terminal: Terminal,
  { name, description, change, done, before }: Switch,
): void {
  command
    .command(name)
    .argument("<schedule>", "the name of the schedule")
    .description(description)
    .option("--reason <text>", "why, for the audit log")
    .action(async (schedule: string, { reason }: { reason?: string }) => {
      const { timetable } = await import("../schedules/timetable.ts");
      if (!timetable.some((known) => known.name === schedule))
        throw new CliError(`There is no schedule "${schedule}". \`commonwork schedules\` lists them.`);
      const changed = await withDatabase(terminal, (db) =>
        inTransaction(db, (tx) => change(tx, schedule, { actor: operator(), reason })),
      );
      printLine(terminal, `${schedule} ${changed ? done : before}.`);
    });
}
