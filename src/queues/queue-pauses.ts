import { audit, circumstancesOf } from "../db/audit.ts";
import type { Tx } from "../db/transaction.ts";
import type { Job } from "./job.ts";
import { type PauseDecision, pauseJob, resumeJob } from "./job-pauses.ts";

// A queue is paused by pausing its jobs (job-pauses.ts): for a time, in Postgres, with or without Redis.

/** Pauses every job of a queue for a time. For jobs that are paused already, the end is changed. */
export async function pauseQueue(
  tx: Tx,
  queue: string,
  jobs: readonly Job[],
  seconds: number,
  decision: PauseDecision,
): Promise<void> {
  for (const job of jobs) await pauseJob(tx, job, seconds, decision);
  await audit(tx, {
    actor: decision.actor,
    action: "queues.pause",
    subject: `queues:${queue}`,
    details: { ...circumstancesOf(decision), seconds, jobs: jobs.length },
  });
}

/** A job whose pause was ended, and until when it would have lasted: for `dueAfterPause`. */
export type ResumedJob = { readonly job: Job; readonly until: string };

/** Ends the pauses of the jobs of a queue. @returns those that were paused. */
export async function resumeQueue(
  tx: Tx,
  queue: string,
  jobs: readonly Job[],
  decision: PauseDecision,
): Promise<ResumedJob[]> {
  const resumed: ResumedJob[] = [];
  for (const job of jobs) {
    const until = await resumeJob(tx, job, decision);
    if (until !== null) resumed.push({ job, until });
  }
  await audit(tx, {
    actor: decision.actor,
    action: "queues.resume",
    subject: `queues:${queue}`,
    details: { ...circumstancesOf(decision), jobs: resumed.length },
  });
  return resumed;
}
