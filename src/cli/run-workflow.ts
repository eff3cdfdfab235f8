import type { Job } from "../queues/job.ts";
import { continueInline, followRun, startRun } from "../queues/manual-runs.ts";
import { findUnfinished, listSteps, loadRun, type Run } from "../queues/runs.ts";
import { executionOf } from "../roles/execution.ts";
import type { Runtime } from "../roles/runtime.ts";
import { catalogue, runWorkflow } from "../workers/index.ts";
import { stepsOf, type WorkflowName, type WorkflowOptions } from "../workers/workflows.ts";
import { printJson, printLine } from "./print.ts";
import { requireUserId } from "./references.ts";
import { preview, warnIfNoWorker } from "./run-job.ts";
import { formatDuration, printSteps } from "./runs.ts";
import { CliError, type Terminal } from "./terminal.ts";
import { withRuntime } from "./with-runtime.ts";
import { followSteps } from "./workflow-progress.ts";

export type WorkflowFlags = {
  userId?: string;
  full?: true;
  dryRun?: true;
  inline?: true;
  detach?: true;
  json?: true;
};

const WORKER_CHECK_AFTER_MS = 5_000;
const INTERRUPTED = 130;

/**
 * Runs the jobs of a workflow one after the other. One that was interrupted is continued: a run with the same
 * options that has not ended.
 * @throws CliError
 */
export async function runWorkflowCommand(
  terminal: Terminal,
  workflow: WorkflowName,
  flags: WorkflowFlags,
): Promise<void> {
  const modes = [flags.dryRun && "--dry-run", flags.inline && "--inline", flags.detach && "--detach"].filter(
    Boolean,
  );
  if (modes.length > 1) throw new CliError(`${modes.join(" and ")} cannot be combined.`);
  await withRuntime(terminal, { redis: !flags.dryRun && !flags.inline }, async (runtime) => {
    const options: WorkflowOptions = {
      ...(flags.userId === undefined
        ? {}
        : { userId: await requireUserId(runtime.db.drizzle, flags.userId) }),
      ...(flags.full ? { full: true } : {}),
    };
    if (flags.dryRun) return previewSteps(terminal, runtime, workflow, options, flags);
    const { id, isContinued } = await startOrContinue(runtime, { workflow, ...options });
    if (flags.detach) {
      return flags.json
        ? printJson(terminal, { id })
        : printLine(terminal, `run ${id} of ${workflow} ${isContinued ? "continues" : "is queued"}`);
    }
    if (isContinued && !flags.json) printLine(terminal, `continuing run ${id} of ${workflow}`);
    await follow(terminal, runtime, workflow, { id, options, flags });
  });
}

const stepNames = (workflow: WorkflowName, options: WorkflowOptions): string[] =>
  stepsOf(workflow, options, (name) => catalogue.find(name)?.job).map(({ job }) => job.name);

async function previewSteps(
  terminal: Terminal,
  runtime: Runtime,
  workflow: WorkflowName,
  options: WorkflowOptions,
  { json }: WorkflowFlags,
): Promise<void> {
  for (const { job, input } of stepsOf(workflow, options, (name) => catalogue.find(name)?.job))
    await preview(terminal, runtime, job, input, { json });
}

async function startOrContinue(
  { relay, db }: Runtime,
  input: { readonly workflow: WorkflowName } & WorkflowOptions,
): Promise<{ readonly id: string; readonly isContinued: boolean }> {
  const unfinished = await findUnfinished(db.drizzle, runWorkflow, input);
  if (unfinished !== null) return { id: unfinished, isContinued: true };
  return { id: await relay.transact((tx) => startRun(tx, runWorkflow as Job, input)), isContinued: false };
}

type Started = { readonly id: string; readonly options: WorkflowOptions; readonly flags: WorkflowFlags };

async function follow(
  terminal: Terminal,
  runtime: Runtime,
  workflow: WorkflowName,
  { id, options, flags }: Started,
): Promise<void> {
  const signal = terminal.interrupted();
  const names = stepNames(workflow, options);
  const display = followSteps(terminal, runtime.db, { id, workflow, names, silent: flags.json === true });
  const check = flags.inline
    ? undefined
    : setTimeout(() => void warnUnlessStarted(terminal, runtime, workflow, id), WORKER_CHECK_AFTER_MS);
  const ignore = () => undefined;
  let run: Run;
  try {
    run = flags.inline
      ? await continueInline(executionOf(runtime), id, ignore, signal)
      : await followRun(runtime.db, id, ignore, signal);
  } finally {
    clearTimeout(check);
    await display.close();
  }
  report(terminal, workflow, run, await listSteps(runtime.db.drizzle, id), flags);
}

async function warnUnlessStarted(
  terminal: Terminal,
  runtime: Runtime,
  workflow: WorkflowName,
  id: string,
): Promise<void> {
  const run = await loadRun(runtime.db.drizzle, id);
  await warnIfNoWorker(terminal, runtime, { name: workflow, queue: runWorkflow.queue }, run);
}

const hasFailed = ({ status }: Run): boolean => status === "failed" || status === "cancelled";

/** A table of the steps, and what became of the whole. */
function report(
  terminal: Terminal,
  workflow: WorkflowName,
  run: Run,
  steps: readonly Run[],
  { json }: WorkflowFlags,
): void {
  const isOver = run.finishedAt !== null;
  if (json) printJson(terminal, { ...run, steps });
  else {
    printSteps(terminal, steps);
    const duration = formatDuration(run);
    printLine(
      terminal,
      `run ${run.id} of ${workflow} is ${run.status}${duration ? ` after ${duration}` : ""}`,
    );
  }
  if (!isOver) {
    terminal.exitCode = INTERRUPTED;
    terminal.writeError(
      `Interrupted. Workers continue run ${run.id}; the same command follows it again, from the step at which it is.\n`,
    );
  } else if ([run, ...steps].some(hasFailed)) terminal.exitCode = 1;
}
