import { type Command, Option } from "commander";
import { formatCounts } from "../format-counts.ts";
import { formatInstant } from "../format-instant.ts";
import {
  listRuns,
  listSteps,
  loadRun,
  RUN_STATUSES,
  type Run,
  type RunFilter,
  type RunStatus,
} from "../queues/runs.ts";
import { jsonFlag } from "./flags.ts";
import { instantOption } from "./instant-option.ts";
import { integerOption } from "./number-option.ts";
import { printJson, printLine, printTable } from "./print.ts";
import { formatFacts } from "./table.ts";
import { CliError, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

type Options = {
  job?: string;
  status?: RunStatus;
  since?: Date;
  all?: true;
  limit: number;
  json?: true;
};

const filterOf = ({ job, status, since, all }: Options): RunFilter => ({
  job,
  status,
  since,
  withWork: all !== true,
});

/** `commonwork runs [id]`: the latest runs, or one in full. */
export function defineRuns(command: Command, terminal: Terminal): void {
  command.argument("[id]", "show only this run, with its input");
  command.option("--job <name>", "only runs of this job");
  command.addOption(new Option("--status <status>", "only runs with this status").choices(RUN_STATUSES));
  command.option(
    "--since <time>",
    "only runs opened since: 30m, 2h, 7d, or an instant such as 2026-03-08T04:45:00Z",
    instantOption,
  );
  command.option("--all", "include scheduled runs that had nothing to do");
  command.option("--limit <number>", "how many", integerOption("--limit", 1, 1_000), 20);
  jsonFlag(command).action(async (id: string | undefined, options: Options) => {
    if (id !== undefined) return showRun(terminal, id, options);
    const runs = await withDatabase(terminal, (db) => listRuns(db.drizzle, filterOf(options), options.limit));
    if (options.json) return printJson(terminal, runs);
    printTable(
      terminal,
      [
        { title: "Run", align: "right" },
        ...["Job", "Trigger", "Slot", "Status", "Started", "Duration", "Progress", "Result"].map((title) => ({
          title,
        })),
      ],
      runs.map((run) => [
        run.id,
        run.job,
        run.schedule ?? run.trigger,
        formatInstant(run.slot),
        run.status,
        formatInstant(run.startedAt),
        formatDuration(run),
        formatProgress(run),
        runResult(run),
      ]),
      "There are no runs yet.",
    );
  });
}

async function showRun(terminal: Terminal, id: string, { json }: Options): Promise<void> {
  if (!/^\d{1,18}$/.test(id)) throw new CliError(`The id of a run is a number, not "${id}".`);
  const { run, steps } = await withDatabase(terminal, async (db) => ({
    run: await loadRun(db.drizzle, id),
    steps: await listSteps(db.drizzle, id),
  }));
  if (!run) throw new CliError(`There is no run ${id}.`);
  if (json) return printJson(terminal, steps.length > 0 ? { ...run, steps } : run);
  terminal.write(
    formatFacts({
      run: run.id,
      job: run.job,
      trigger: run.schedule ? `${run.trigger} ${run.schedule}` : run.trigger,
      slot: formatInstant(run.slot),
      input: JSON.stringify(run.input),
      status: run.status,
      enqueued: formatInstant(run.createdAt),
      started: formatInstant(run.startedAt),
      finished: formatInstant(run.finishedAt),
      progress: formatProgress(run),
    }),
  );
  printLine(terminal, runResult(run) ?? "");
  if (steps.length > 0) printSteps(terminal, steps);
}

/** A table of the steps of a workflow, with what they counted. */
export function printSteps(terminal: Terminal, steps: readonly Run[]): void {
  printTable(
    terminal,
    [
      { title: "Step" },
      { title: "Run", align: "right" },
      ...["Status", "Duration", "Result"].map((title) => ({ title })),
    ],
    steps.map((step) => [step.job, step.id, step.status, formatDuration(step), runResult(step)]),
    "No step has started.",
  );
}

/** The counts of a run, why it was skipped, or its error. */
export function runResult(run: Pick<Run, "counts" | "error">): string | null {
  return run.error ?? (formatCounts(run.counts) || null);
}

/** The time from the first attempt of a run to its end. */
export function formatDuration(run: Pick<Run, "startedAt" | "finishedAt">): string | null {
  if (!run.startedAt || !run.finishedAt) return null;
  return `${((run.finishedAt.getTime() - run.startedAt.getTime()) / 1_000).toFixed(1)} s`;
}

const formatProgress = (run: Pick<Run, "total" | "pending">): string | null =>
  run.total === null || run.pending === null ? null : `${run.total - run.pending}/${run.total}`;
