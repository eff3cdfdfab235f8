import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";
import { createTotals } from "./totals.ts";

/** The length of a step. One-minute steps would be ten times as many rows. */
const STEP_MS = 600_000;
const KEPT_DAYS = 8;

/** The outcome of one carrier of a job. */
export type JobCarrier = {
  readonly job: string;
  /** Entries that are done or skipped. */
  readonly settled: number;
  /** Attempts that failed. */
  readonly failed: number;
  readonly tookMs: number;
};

type Counted = {
  readonly since: string;
  readonly job: string;
  readonly carriers: number;
  readonly settled: number;
  readonly failed: number;
  readonly ranMs: number;
  readonly longestMs: number;
};

/** Counts what the carriers of each job did in steps of ten minutes, until the counts are written. */
export function createJobTotals() {
  const totals = createTotals({ keyOf: ({ since, job }) => `${since} ${job}`, sum: sumOf, write: addSteps });
  return {
    write: totals.write,
    add({ job, settled, failed, tookMs }: JobCarrier, at: Date): void {
      const since = new Date(Math.floor(at.getTime() / STEP_MS) * STEP_MS).toISOString();
      const ms = Math.round(tookMs);
      totals.add({ since, job, carriers: 1, settled, failed, ranMs: ms, longestMs: ms });
    },
  };
}

const sumOf = (one: Counted, other: Counted): Counted => ({
  since: one.since,
  job: one.job,
  carriers: one.carriers + other.carriers,
  settled: one.settled + other.settled,
  failed: one.failed + other.failed,
  ranMs: one.ranMs + other.ranMs,
  longestMs: Math.max(one.longestMs, other.longestMs),
});

/** In the order of the key, so that two processes cannot deadlock. */
async function addSteps(on: Queryable, counted: readonly Counted[]): Promise<void> {
  const column = (name: keyof Counted) => array(counted.map((row) => row[name]));
  await on.execute(
    sql`with counted as (
          select * from unnest(${column("since")}::timestamptz[], ${column("job")}::text[], ${column("carriers")}::int[],
            ${column("settled")}::int[], ${column("failed")}::int[], ${column("ranMs")}::bigint[], ${column("longestMs")}::int[])
            as counted(since, job, carriers, settled, failed, ran_ms, longest_ms)),
        old as (delete from job_activity where since < (select max(since) from counted) - ${KEPT_DAYS} * interval '1 day')
        insert into job_activity as a (since, job, carriers, settled, failed, ran_ms, longest_ms)
        select since, job, carriers, settled, failed, ran_ms, longest_ms from counted order by since, job
        on conflict (since, job) do update set
          carriers = a.carriers + excluded.carriers, settled = a.settled + excluded.settled, failed = a.failed + excluded.failed,
          ran_ms = a.ran_ms + excluded.ran_ms, longest_ms = greatest(a.longest_ms, excluded.longest_ms)`,
  );
}

/** The activity of the carriers of a job in a time span. */
export type JobActivity = {
  job: string;
  carriers: number;
  settled: number;
  failed: number;
  /** The sum of the times that its carriers ran, and the longest. */
  ranMs: number;
  longestMs: number;
};

/** The activity of jobs since an instant, in whole steps, those that took the most time first. */
export const readJobActivity = (
  on: Queryable,
  jobs: readonly string[],
  since: Date,
): Promise<JobActivity[]> =>
  rows<JobActivity>(
    on,
    sql`select job, sum(carriers)::float8 as carriers, sum(settled)::float8 as settled, sum(failed)::float8 as failed,
               sum(ran_ms)::float8 as "ranMs", max(longest_ms)::float8 as "longestMs"
        from job_activity where since > ${since}::timestamptz - interval '10 minutes' and job = any(${array(jobs)}::text[])
        group by job order by sum(ran_ms) desc, job`,
  );

/** Entries of a queue that wait, by the name on them. */
export type WaitingWork = {
  name: string;
  /** Due, without a worker. */
  due: number;
  /** With a worker, or in Redis for one. */
  carried: number;
  /** When the oldest of both was due, and how many seconds ago that was. */
  oldestAt: string;
  oldestSeconds: number;
};

/** At most this many entries of each kind are read. With more, the figures cover the oldest ones. */
const MAX_READ = 20_000;

/**
 * What waits in a queue now, by the names of its entries.
 * @param from where its due entries begin; before that there are only dead rows.
 */
export const readWaitingWork = (on: Queryable, queue: string, from: string | null): Promise<WaitingWork[]> =>
  rows<WaitingWork>(
    on,
    sql`with waiting(job, is_due, run_at) as (
          (select job, true, run_at from outbox
           where queue = ${queue} and enqueued_at is null and dead_at is null and run_at <= now()
             and run_at >= coalesce(${from}::timestamptz, '-infinity')
           order by run_at, id limit ${MAX_READ})
          union all
          (select job, false, run_at from (
             select queue, job, run_at from outbox where enqueued_at is not null and dead_at is null
             order by enqueued_at limit ${MAX_READ}) carried where queue = ${queue}))
        select job as name, count(*) filter (where is_due)::int as due, count(*) filter (where not is_due)::int as carried,
               min(run_at) as "oldestAt", extract(epoch from now() - min(run_at))::float8 as "oldestSeconds"
        from waiting group by job`,
  );
