import type { Command } from "commander";
import { timetable } from "../schedules/timetable.ts";
import { catalogue } from "../workers/index.ts";
import { jsonFlag } from "./flags.ts";
import { printJson, printTable } from "./print.ts";
import type { Terminal } from "./terminal.ts";

/** `commonwork jobs`: read from the declarations, without any server. */
export function defineJobs(command: Command, terminal: Terminal): void {
  jsonFlag(command).action(({ json }: { json?: true }) => {
    const jobs = catalogue.jobs.map((job) => ({
      name: job.name,
      queue: job.queue,
      form: job.form,
      attempts: job.attempts,
      schedules: timetable
        .filter((schedule) => schedule.job.name === job.name)
        .map(({ name, pattern, tz }) => ({ name, pattern, tz })),
      description: job.description,
    }));
    if (json) return printJson(terminal, jobs);
    printTable(
      terminal,
      [{ title: "Job" }, { title: "Queue" }, { title: "Schedule" }, { title: "What it does" }],
      jobs.map((job) => [
        job.name,
        job.queue,
        job.schedules.map(({ pattern, tz }) => `${pattern} ${tz}`).join("; ") || null,
        job.description,
      ]),
      "There are no jobs.",
    );
  });
}
