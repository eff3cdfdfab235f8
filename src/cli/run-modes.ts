import type { Job } from "../queues/job.ts";
import { followRun } from "../queues/manual-runs.ts";
import { loadRun, type Run } from "../queues/runs.ts";
import type { Runtime } from "../roles/runtime.ts";
import { CliError, type Terminal } from "./terminal.ts";
import { redisAnswers, withRuntime } from "./with-runtime.ts";

/** How a job or a workflow is run: by workers, unless a flag says otherwise. */
export type ModeFlags = { dryRun?: true; inline?: true; detach?: true; json?: true };

/** The exit code of a command that stops following a run. */
export const INTERRUPTED = 130;

/** How long work may wait for a worker before the CLI names a possible reason. */
export const WORKER_CHECK_AFTER_MS = 5_000;

/**
 * Opens the connections that a run needs; dry runs and runs in this process need no Redis.
 * @throws CliError for flags that cannot be combined.
 */
export async function withRunRuntime(
  terminal: Terminal,
  { dryRun, inline, detach }: ModeFlags,
  work: (runtime: Runtime) => Promise<void>,
): Promise<void> {
  const modes = [dryRun && "--dry-run", inline && "--inline", detach && "--detach"].filter(Boolean);
  if (modes.length > 1) throw new CliError(`${modes.join(" and ")} cannot be combined.`);
  await withRuntime(terminal, { redis: !dryRun && !inline }, work);
}

/** Follows a run that workers take, and warns once if it is still queued and nothing could take it. */
export async function followInWorkers(
  terminal: Terminal,
  runtime: Runtime,
  job: Pick<Job, "name" | "queue">,
  id: string,
  { onProgress, signal }: { readonly onProgress: (run: Run) => void; readonly signal: AbortSignal },
): Promise<Run> {
  // While Postgres is away no warning is possible; the run is followed once it is back.
  const warn = () => warnIfNoWorker(terminal, runtime, job, id).catch(() => undefined);
  const check = setTimeout(warn, WORKER_CHECK_AFTER_MS);
  try {
    return await followRun(runtime.db, id, onProgress, signal);
  } finally {
    clearTimeout(check);
  }
}

/** The run stays queued for a later worker. */
async function warnIfNoWorker(
  terminal: Terminal,
  runtime: Runtime,
  job: Pick<Job, "name" | "queue">,
  id: string,
): Promise<void> {
  const run = await loadRun(runtime.db.drizzle, id);
  if (run && run.status !== "queued") return;
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

/** Whether a run ended without doing its work. */
export const hasFailed = ({ status }: Run): boolean => status === "failed" || status === "cancelled";
