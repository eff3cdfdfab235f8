import type { Command } from "commander";
import { settingsFrom } from "../config/settings.ts";
import type { Database } from "../db/client.ts";
import { dryRun } from "../queues/dry-run.ts";
import type { Job } from "../queues/job.ts";
import { followRun, runInline, startRun } from "../queues/manual-runs.ts";
import type { Run } from "../queues/runs.ts";
import type { Runtime } from "../roles/runtime.ts";
import { catalogue } from "../workers/index.ts";
import { notifyProjectMatches } from "../workers/notifications/matching/notify-project-matches.ts";
import { candidatesReport } from "./candidates-report.ts";
import { jsonFlag } from "./flags.ts";
import { endOfRun, viewOfRun } from "./follow.ts";
import { addPayloadFlags, payloadFrom } from "./job-flags.ts";
import { previewText } from "./preview-text.ts";
import { printJson, printLine } from "./print.ts";
import { Refusal, type Terminal } from "./terminal.ts";
import { executionHere, redisAnswers, withRuntime } from "./with-runtime.ts";

type Options = { dryRun?: true; inline?: true; detach?: true; json?: true } & Record<string, unknown>;

/** After this long without a worker, the person who waits is told. */
const PATIENCE_MS = 5_000;

/** `commonwork run <job>`: a command for each job, its flags made from the schema of the payload. */
export function addRun(program: Command, terminal: Terminal): void {
  const run = program
    .command("run")
    .description("run a job now and follow it; `commonwork run <job> --help` lists its flags");
  for (const job of catalogue.jobs) {
    const command = run
      .command(job.name)
      .aliases([...(job.formerly ?? [])])
      .description(job.description);
    addPayloadFlags(command, job);
    command.option("--dry-run", "run the same code and show what would happen; consumes and changes nothing");
    command.option("--inline", "run it in this program, without workers and without Redis");
    command.option("--detach", "ask for the run and return at once");
    jsonFlag(command).action((options: Options) => runJob(terminal, job, options));
  }
}

async function runJob(terminal: Terminal, job: Job, options: Options): Promise<void> {
  const payload = payloadFrom(job, options);
  const ways = [
    options.dryRun && "--dry-run",
    options.inline && "--inline",
    options.detach && "--detach",
  ].filter(Boolean);
  if (ways.length > 1) throw new Refusal(`${ways.join(" and ")} exclude each other.`);
  await withRuntime(terminal, async (runtime) => {
    if (options.dryRun) return preview(terminal, runtime, job, payload, options);
    if (options.detach) {
      const id = await startRun(runtime.db, job, payload);
      return options.json
        ? printJson(terminal, { id })
        : printLine(terminal, `run ${id} of ${job.name} is queued`);
    }
    const run = await followed(terminal, runtime, job, payload, options);
    if (options.json) printJson(terminal, run);
    else {
      terminal.write((await reportOf(runtime.db, run)) ?? "");
      printLine(terminal, endOfRun(run));
    }
    terminal.exitCode = exitCodeOf(run);
    if (run.finishedAt === null) terminal.complain(leftBehind(run, options));
  });
}

async function preview(
  terminal: Terminal,
  runtime: Runtime,
  job: Job,
  payload: unknown,
  options: Options,
): Promise<void> {
  const seen = await dryRun({ ...runtime, settings: settingsFrom(runtime.config) }, job, payload);
  if (options.json) printJson(terminal, seen);
  else terminal.write(previewText(seen));
  if (seen.fault !== null) terminal.exitCode = 1;
}

async function followed(
  terminal: Terminal,
  runtime: Runtime,
  job: Job,
  payload: unknown,
  options: Options,
): Promise<Run> {
  const view = viewOfRun(terminal, options.json === true);
  const signal = terminal.interruption();
  try {
    if (options.inline) return await runInline(executionHere(runtime), job, payload, view.see, signal);
    let latest: Run | undefined;
    const id = await startRun(runtime.db, job, payload);
    const watch = setTimeout(() => void remarkOnSilence(terminal, runtime, job, latest), PATIENCE_MS);
    try {
      return await followRun(
        runtime.db,
        id,
        (run) => {
          latest = run;
          view.see(run);
        },
        signal,
      );
    } finally {
      clearTimeout(watch);
    }
  } finally {
    view.end();
  }
}

/** The run stays asked for: a worker that comes later takes it. */
async function remarkOnSilence(
  terminal: Terminal,
  runtime: Runtime,
  job: Job,
  latest: Run | undefined,
): Promise<void> {
  if (latest && latest.status !== "queued") return;
  const inline = `To run it here instead: commonwork run ${job.name} --inline\n`;
  if (!(await redisAnswers(runtime))) {
    return terminal.complain(
      `Redis does not answer, so no worker can be told; the run waits in Postgres. ${inline}`,
    );
  }
  const workers = await runtime.producers
    .queue(job.queue)
    .getWorkersCount()
    .catch(() => null);
  if (workers === 0) {
    terminal.complain(`No worker serves the queue ${job.queue}; the run waits until one does. ${inline}`);
  }
}

/** What some jobs tell a person beside their counts. */
const REPORTS: Readonly<Record<string, (db: Database, run: Run) => Promise<string | null>>> = {
  [notifyProjectMatches.name]: candidatesReport,
};

const reportOf = async (db: Database, run: Run): Promise<string | null> =>
  (await REPORTS[run.job]?.(db, run)) ?? null;

const INTERRUPTED = 130;

function exitCodeOf(run: Run): number {
  if (run.finishedAt === null) return INTERRUPTED;
  return run.status === "failed" || run.status === "cancelled" ? 1 : 0;
}

const leftBehind = (run: Run, { inline }: Options): string =>
  inline
    ? `Interrupted. What is left of run ${run.id} goes on as soon as a worker serves its queue.\n`
    : `No longer followed. Run ${run.id} goes on: commonwork runs ${run.id}\n`;
