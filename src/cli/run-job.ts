import type { Database } from "../db/client.ts";
import { REFERENCE_FIELDS } from "../db/references.ts";
import type { Queryable } from "../db/statement.ts";
import { dryRun } from "../queues/dry-run.ts";
import type { Job } from "../queues/job.ts";
import { runInline, startRun } from "../queues/manual-runs.ts";
import { previewText } from "../queues/preview-text.ts";
import type { Run } from "../queues/runs.ts";
import { executionOf } from "../roles/execution.ts";
import type { Runtime } from "../roles/runtime.ts";
import { notifyProjectMatches } from "../workers/notifications/matching/notify-project-matches.ts";
import { generateRecommendations } from "../workers/recommendations/generate-recommendations.ts";
import { candidatesReport } from "./candidates-report.ts";
import { runProgress, runSummary } from "./follow.ts";
import { payloadFrom } from "./job-flags.ts";
import { printJson, printLine } from "./print.ts";
import { recommendationsReport } from "./recommendations-report.ts";
import { requireReference } from "./references.ts";
import { followInWorkers, hasFailed, INTERRUPTED, type ModeFlags, withRunRuntime } from "./run-modes.ts";
import type { Terminal } from "./terminal.ts";

export type RunOptions = ModeFlags & Record<string, unknown>;

/**
 * Runs a job as the options say: in a worker, in this process, detached, or as a dry run.
 * @throws CliError
 */
export async function runJob(terminal: Terminal, job: Job, options: RunOptions): Promise<void> {
  await withRunRuntime(terminal, options, async (runtime) => {
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
    const id = await runtime.relay.transact((tx) => startRun(tx, job, payload));
    return await followInWorkers(terminal, runtime, job, id, { onProgress: progress.update, signal });
  } finally {
    progress.close();
  }
}

/** Reports that some jobs print besides their counts. */
const REPORTS: Readonly<Record<string, (db: Database, run: Run) => Promise<string | null>>> = {
  [notifyProjectMatches.name]: candidatesReport,
  [generateRecommendations.name]: recommendationsReport,
};

const reportOf = async (db: Database, run: Run): Promise<string | null> =>
  (await REPORTS[run.job]?.(db, run)) ?? null;

function exitCodeOf(run: Run): number {
  if (run.finishedAt === null) return INTERRUPTED;
  return hasFailed(run) ? 1 : 0;
}

const unfinishedNote = (run: Run, { inline }: RunOptions): string =>
  inline
    ? `Interrupted. A worker that serves the queue will finish run ${run.id}.\n`
    : `Run ${run.id} continues in the background: commonwork runs ${run.id}\n`;
