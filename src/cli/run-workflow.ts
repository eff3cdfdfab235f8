import type { Job } from "../queues/job.ts";
import { continueInline, startRun } from "../queues/manual-runs.ts";
import { findUnfinished, listSteps, type Run } from "../queues/runs.ts";
import { executionOf } from "../roles/execution.ts";
import type { Runtime } from "../roles/runtime.ts";
import { runWorkflow } from "../workers/maintenance/run-workflow.ts";
import { stepsOf, type WorkflowName, type WorkflowOptions } from "../workers/maintenance/workflows.ts";
import { printJson, printLine } from "./print.ts";
import { requireUserId } from "./references.ts";
import { preview } from "./run-job.ts";
import { followInWorkers, hasFailed, INTERRUPTED, type ModeFlags, withRunRuntime } from "./run-modes.ts";
import { formatDuration, printSteps } from "./runs.ts";
import type { Terminal } from "./terminal.ts";
import { followSteps } from "./workflow-progress.ts";

export type WorkflowFlags = ModeFlags & { userId?: string; full?: true };

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
  await withRunRuntime(terminal, flags, async (runtime) => {
    const options: WorkflowOptions = {
      ...(flags.userId === undefined
        ? {}
        : { userId: await requireUserId(runtime.db.drizzle, flags.userId) }),
      ...(flags.full ? { full: true } : {}),
    };
    const steps = stepsOf(workflow, options);
    if (flags.dryRun) {
      for (const { job, input } of steps) await preview(terminal, runtime, job, input, flags);
      return;
    }
    const { id, isContinued } = await startOrContinue(runtime, { workflow, ...options });
    if (flags.detach) {
      return flags.json
        ? printJson(terminal, { id })
        : printLine(terminal, `run ${id} of ${workflow} ${isContinued ? "continues" : "is queued"}`);
    }
    if (isContinued && !flags.json) printLine(terminal, `continuing run ${id} of ${workflow}`);
    const names = steps.map(({ job }) => job.name);
    await follow(terminal, runtime, workflow, { id, names, flags });
  });
}

async function startOrContinue(
  { relay, db }: Runtime,
  input: { readonly workflow: WorkflowName } & WorkflowOptions,
): Promise<{ readonly id: string; readonly isContinued: boolean }> {
  const unfinished = await findUnfinished(db.drizzle, runWorkflow, input);
  if (unfinished !== null) return { id: unfinished, isContinued: true };
  return { id: await relay.transact((tx) => startRun(tx, runWorkflow as Job, input)), isContinued: false };
}

type Started = { readonly id: string; readonly names: readonly string[]; readonly flags: WorkflowFlags };

async function follow(
  terminal: Terminal,
  runtime: Runtime,
  workflow: WorkflowName,
  { id, names, flags }: Started,
): Promise<void> {
  const signal = terminal.interrupted();
  const display = followSteps(terminal, runtime.db, { id, workflow, names, silent: flags.json === true });
  const ignore = () => undefined;
  const job = { name: workflow, queue: runWorkflow.queue };
  let run: Run;
  try {
    run = flags.inline
      ? await continueInline(executionOf(runtime), id, ignore, signal)
      : await followInWorkers(terminal, runtime, job, id, { onProgress: ignore, signal });
  } finally {
    await display.close();
  }
  report(terminal, workflow, run, await listSteps(runtime.db.drizzle, id), flags);
}

/** A table of the steps, and the result of the workflow. */
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
    const ended = `run ${run.id} of ${workflow} is ${run.status}${duration ? ` after ${duration}` : ""}`;
    const failed = steps.filter(hasFailed).length;
    printLine(terminal, failed === 0 ? ended : `${ended}, but ${failed} of its ${steps.length} steps failed`);
  }
  if (!isOver) {
    terminal.exitCode = INTERRUPTED;
    terminal.writeError(
      `Interrupted. Workers continue run ${run.id}. Run the same command to follow it again.\n`,
    );
  } else if ([run, ...steps].some(hasFailed)) terminal.exitCode = 1;
}
