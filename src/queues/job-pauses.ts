import { type SQL, sql } from "drizzle-orm";
import { audit, circumstancesOf, type Decided } from "../db/audit.ts";
import { type LatestDecision, latestDecisions } from "../db/audit-log.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { sharedReading } from "../shared-reading.ts";
import { namesOf } from "./catalogue.ts";
import type { Job } from "./job.ts";

// An operator may pause a job for a time, when something is wrong with its work or with a service that it
// calls. Its work is still enqueued. A worker that takes an entry of a paused job gives it back, due when the
// pause ends, without using an attempt.

/** A job and until when it is paused. */
export type JobPause = { job: string; until: string };

/** How long a change may take to reach workers. */
export const KNOWN_WITHIN_MS = 2_000;

export type JobPauses = {
  /** Whether a job is paused, as of some seconds ago. */
  isPaused(job: string): Promise<boolean>;
};

/** Reads the pauses for the workers of a process: one small statement every two seconds while they work. */
export function createJobPauses(on: Queryable): JobPauses {
  const read = sharedReading(KNOWN_WITHIN_MS, () => listPauses(on));
  return {
    async isPaused(job) {
      // Without Postgres nothing is settled either.
      const pauses = await read().catch(() => []);
      return pauses.some((pause) => pause.job === job);
    },
  };
}

/** The jobs that are paused now. */
export const listPauses = (on: Queryable): Promise<JobPause[]> =>
  rows<JobPause>(on, sql`select job, until from job_pauses where until > now() order by job`);

/** A pause and who started it or last changed it; null once the audit log no longer has that. */
export type DecidedPause = JobPause & { readonly decided: LatestDecision | null };

/** The jobs that are paused now, with who paused them and why. */
export async function listDecidedPauses(on: Queryable): Promise<DecidedPause[]> {
  const pauses = await listPauses(on);
  const decidedOf = await latestDecisions(
    on,
    "jobs.pause",
    pauses.map(({ job }) => subjectOfJob(job)),
  );
  return pauses.map((pause) => ({ ...pause, decided: decidedOf.get(subjectOfJob(pause.job)) ?? null }));
}

/** The subject of a job in the audit log. */
const subjectOfJob = (job: string): string => `jobs:${job}`;

/**
 * SQL: when the pause of a job ends; null if it has ended. Locks the pause, so that resuming the job waits
 * for entries that are being given back, and finds them.
 */
export const pauseEnd = (job: string): SQL =>
  sql`(select until from job_pauses where job = ${job} and until > now() for share)`;

export type PauseDecision = Decided & { readonly reason: string };

/** Pauses a job from now on, or changes when its pause ends. What a worker has begun continues. */
export async function pauseJob(
  tx: Tx,
  { name }: Pick<Job, "name">,
  seconds: number,
  decided: PauseDecision,
): Promise<void> {
  await tx.execute(
    sql`with over as (delete from job_pauses where until <= now() and job <> ${name})
        insert into job_pauses (job, until)
        values (${name}, date_trunc('second', now() + ${seconds} * interval '1 second'))
        on conflict (job) do update set until = excluded.until`,
  );
  await audit(tx, {
    actor: decided.actor,
    action: "jobs.pause",
    subject: subjectOfJob(name),
    details: { ...circumstancesOf(decided), seconds },
  });
}

/**
 * Ends the pause of a job. Its entries are due again with `dueAfterPause`.
 * @returns until when it was paused; null if it was not.
 */
export async function resumeJob(
  tx: Tx,
  { name }: Pick<Job, "name">,
  decided: PauseDecision,
): Promise<string | null> {
  const [ended] = await rows<{ until: string }>(
    tx,
    sql`delete from job_pauses where job = ${name} and until > now() returning until`,
  );
  if (ended === undefined) return null;
  await audit(tx, {
    actor: decided.actor,
    action: "jobs.resume",
    subject: subjectOfJob(name),
    details: circumstancesOf(decided),
  });
  return ended.until;
}

/** Entries that one statement makes due. */
const AT_ONCE = 5_000;

/**
 * Makes entries due that were given back until the end of a pause.
 * @returns whether there may be more of them.
 */
export async function dueAfterPause(tx: Tx, job: Job, until: string): Promise<boolean> {
  const names = (["whole", "range", "sum"] as const).flatMap((part) => namesOf(job, part));
  const moved = await rows(
    tx,
    sql`update outbox set run_at = now()
        where id = any(array(
          select id from outbox
          where queue = ${job.queue} and enqueued_at is null and dead_at is null and run_at = ${until}::timestamptz
            and job = any(${array(names)}::text[])
          limit ${AT_ONCE} for update skip locked))
        returning id`,
  );
  if (moved.length > 0) tx.dispatch.pending = true;
  return moved.length === AT_ONCE;
}
