import type { Command } from "commander";
import { jsonFlag } from "./flags.ts";
import { defineJobPauses } from "./job-pauses.ts";
import { printJson, printLine, printTable } from "./print.ts";
import type { Terminal } from "./terminal.ts";

/**
 * `commonwork jobs [list|pause|resume|pauses]`. The list of jobs and workflows is read from the declarations,
 * without any server.
 */
export function defineJobs(command: Command, terminal: Terminal): void {
  const list = command
    .command("list", { isDefault: true })
    .description("list the jobs with their queues and schedules");
  jsonFlag(list).action(async ({ json }: { json?: true }) => {
    const [{ catalogue }, { stepsOf, WORKFLOW_NAMES, WORKFLOWS }, { timetable }] = await Promise.all([
      import("../workers/index.ts"),
      import("../workers/maintenance/workflows.ts"),
      import("../schedules/timetable.ts"),
    ]);
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
    const workflows = WORKFLOW_NAMES.map((name) => ({
      name,
      description: WORKFLOWS[name].description,
      steps: stepsOf(name, {}).map(({ job }) => job.name),
    }));
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
    printLine(terminal);
    printTable(
      terminal,
      [{ title: "Workflow" }, { title: "What `commonwork run` does with it" }, { title: "Jobs" }],
      workflows.map(({ name, description, steps }) => [name, description, steps.join(", ")]),
      "There are no workflows.",
    );
  });
  defineJobPauses(command, terminal);
}
