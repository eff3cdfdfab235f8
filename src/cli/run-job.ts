import type { Database } from "../db/client.ts";
import type { Queryable } from "../db/statement.ts";
import { dryRun } from "../queues/dry-run.ts";
import type { Job } from "../queues/job.ts";
import { followRun, runInline, startRun } from "../queues/manual-runs.ts";
import type { Run } from "../queues/runs.ts";
import { executionOf } from "../roles/execution.ts";
import type { Runtime } from "../roles/runtime.ts";
import { notifyProjectMatches } from "../workers/notifications/matching/notify-project-matches.ts";
import { generateRecommendations } from "../workers/recommendations/generate-recommendations.ts";
import { candidatesReport } from "./candidates-report.ts";
import { runProgress, runSummary } from "./follow.ts";
import { payloadFrom } from "./job-flags.ts";
import { previewText } from "./preview-text.ts";
import { printJson, printLine } from "./print.ts";
import { recommendationsReport } from "./recommendations-report.ts";
import { REFERENCE_FIELDS, requireReference } from "./references.ts";
import { CliError, type Terminal } from "./terminal.ts";
import { redisAnswers, withRuntime } from "./with-runtime.ts";

export type RunOptions = { dryRun?: true; inline?: true; detach?: true; json?: true } & Record<
  string,
  unknown
>;

/** How long a run may stay queued before the CLI checks for a worker. */
const WORKER_CHECK_AFTER_MS = 5_000;

/**
 * Runs a job as the options say: in a worker, in this process, detached, or as a dry run.
 * @throws CliError
 */
export async function runJob(terminal: Terminal, job: Job, options: RunOptions): Promise<void> {
  const modes = [
    options.dryRun && "--dry-run",
    options.inline && "--inline",
    options.detach && "--detach",
  ].filter(Boolean);
  if (modes.length > 1) throw new CliError(`${modes.join(" and ")} cannot be combined.`);
  const redis = !options.dryRun && !options.inline;
  await withRuntime(terminal, { redis }, async (runtime) => {
    const payload = payloadFrom(job, await withOwnIds(runtime.db.drizzle, options));
    if (options.dryRun) return preview(terminal, runtime, job, payload, options);
    if (options.detach) {
      const id = await runtime.relay.transact((tx) => startRun(tx, job, payload));
      return options.json
        ? printJson(terminal, { id })
        : printLine(terminal, `run ${id} of ${job.name} is queued`);
    }
    const run = await runAndFollow(terminal, runtime, job, payload, options);
    if (options.json) printJson(terminal, run);
    else {
      terminal.write((await reportOf(runtime.db, run)) ?? "");
      printLine(terminal, runSummary(run));
    }
    terminal.exitCode = exitCodeOf(run);
    if (run.finishedAt === null) terminal.writeError(unfinishedNote(run, options));
  });
}

/** Replaces references to rows of the host by our ids. @throws CliError */
async function withOwnIds(on: Queryable, options: RunOptions): Promise<RunOptions> {
  const resolved: RunOptions = { ...options };
  for (const [field, table] of Object.entries(REFERENCE_FIELDS)) {
    const given = options[field];
    if (typeof given === "string") resolved[field] = await requireReference(on, table, given);
  }
  return resolved;
}

/** Prints what a job would do. The exit code is 1 if it would fail. */
export async function preview<P>(
  terminal: Terminal,
  runtime: Runtime,
  job: Job<P>,
  payload: unknown,
  options: { readonly json?: true | undefined },
): Promise<void> {
  const result = await dryRun(runtime, job as Job, payload);
  if (options.json) printJson(terminal, result);
  else terminal.write(previewText(result));
  if (result.fault !== null) terminal.exitCode = 1;
}

async function runAndFollow(
  terminal: Terminal,
  runtime: Runtime,
  job: Job,
  payload: unknown,
  options: RunOptions,
): Promise<Run> {
  const progress = runProgress(terminal, options.json === true);
  const signal = terminal.interrupted();
  try {
    if (options.inline) return await runInline(executionOf(runtime), job, payload, progress.update, signal);
    let latest: Run | undefined;
    const id = await runtime.relay.transact((tx) => startRun(tx, job, payload));
    const check = setTimeout(
      () => void warnIfNoWorker(terminal, runtime, job, latest),
      WORKER_CHECK_AFTER_MS,
    );
    try {
      return await followRun(
        runtime.db,
        id,
        (run) => {
          latest = run;
          progress.update(run);
        },
        signal,
      );
    } finally {
      clearTimeout(check);
    }
  } finally {
    progress.close();
  }
}

/** Warns when a run is still queued and nothing could take it. The run stays queued for a later worker. */
export async function warnIfNoWorker(
  terminal: Terminal,
  runtime: Runtime,
  job: Pick<Job, "name" | "queue">,
  latest: Run | undefined,
): Promise<void> {
  if (latest && latest.status !== "queued") return;
  const inline = `To run it in this process: commonwork run ${job.name} --inline\n`;
  if (!(await redisAnswers(runtime))) {
    return terminal.writeError(
      `Redis does not answer, so no worker can take the run; it waits in Postgres. ${inline}`,
    );
  }
  const workers = await runtime.producers
    .queue(job.queue)
    .getWorkersCount()
    .catch(() => null);
  if (workers === 0) {
    terminal.writeError(`No worker serves the queue ${job.queue}; the run waits for one. ${inline}`);
  }
}

/** Reports that some jobs print besides their counts. */
const REPORTS: Readonly<Record<string, (db: Database, run: Run) => Promise<string | null>>> = {
  [notifyProjectMatches.name]: candidatesReport,
  [generateRecommendations.name]: recommendationsReport,
};

const reportOf = async (db: Database, run: Run): Promise<string | null> =>
  (await REPORTS[run.job]?.(db, run)) ?? null;

const INTERRUPTED = 130;

function exitCodeOf(run: Run): number {
  if (run.finishedAt === null) return INTERRUPTED;
  return run.status === "failed" || run.status === "cancelled" ? 1 : 0;
}

const unfinishedNote = (run: Run, { inline }: RunOptions): string =>
  inline
    ? `Interrupted. A worker that serves the queue will finish run ${run.id}.\n`
    : `Run ${run.id} continues in the background: commonwork runs ${run.id}\n`;
