import { sql } from "drizzle-orm";
import { jobRuns } from "../db/schema/queue.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { Job } from "./job.ts";
import { addCounts, type Counts, type Outcome } from "./outcome.ts";

type RunRow = typeof jobRuns.$inferSelect;
export type RunTrigger = RunRow["trigger"];
export type RunStatus = RunRow["status"];
/** The statuses of a run whose entry is dead. */
export type DeadStatus = Extract<RunStatus, "failed" | "cancelled">;
export const RUN_STATUSES: readonly RunStatus[] = jobRuns.status.enumValues;
export const RUN_TRIGGERS: readonly RunTrigger[] = jobRuns.trigger.enumValues;

export type Run = {
  id: string;
  job: string;
  trigger: RunTrigger;
  schedule: string | null;
  slot: Date | null;
  input: unknown;
  status: RunStatus;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  total: number | null;
  pending: number | null;
  counts: Record<string, number>;
  error: string | null;
  /** The span of its first carrier, if tracing was on. */
  trace: string | null;
};

const RUN_COLUMNS = sql`id, job, trigger, schedule, slot, input, status, created_at as "createdAt", started_at as "startedAt",
  finished_at as "finishedAt", total, pending, counts, error, trace`;

/**
 * Inserts the row of a manual run, or of a ranged run that an event caused.
 * @param partOf the run that it is a step of.
 */
export async function openRun(
  tx: Tx,
  job: Job,
  trigger: RunTrigger,
  input: unknown,
  partOf: string | null = null,
): Promise<string> {
  const [run] = await rows<{ id: string }>(
    tx,
    sql`insert into job_runs (job, trigger, input, part_of)
        values (${job.name}, ${trigger}, ${JSON.stringify(input)}::jsonb, ${partOf}) returning id`,
  );
  if (!run) throw new Error(`inserting a run of ${job.name} returned no row`);
  return run.id;
}

export async function loadRun(on: Queryable, id: string): Promise<Run | undefined> {
  const [run] = await rows<Run>(on, sql`select ${RUN_COLUMNS} from job_runs where id = ${id}`);
  return run && withDates(run);
}

/** Runs by their ids, the newest first. */
export async function runsById(on: Queryable, ids: readonly string[]): Promise<Run[]> {
  const found = await rows<Run>(
    on,
    sql`select ${RUN_COLUMNS} from job_runs where id = any(${array(ids)}::bigint[]) order by id desc`,
  );
  return found.map(withDates);
}

/**
 * The latest run of each job that has one. Follows the index job_runs_job from job to job: asked for one job
 * at a time, Postgres reads all runs backwards for a job without any.
 */
export async function latestRuns(on: Queryable): Promise<Run[]> {
  const found = await rows<Run>(
    on,
    sql`with recursive latest(id, job) as (
          (select id, job from job_runs order by job desc, id desc limit 1)
          union all
          select before.id, before.job from latest cross join lateral (
            select id, job from job_runs where job < latest.job order by job desc, id desc limit 1) before)
        select ${RUN_COLUMNS} from job_runs where id in (select id from latest)`,
  );
  return found.map(withDates);
}

/** The runs that are steps of a run, in order. */
export async function listSteps(on: Queryable, id: string): Promise<Run[]> {
  const found = await rows<Run>(
    on,
    sql`select ${RUN_COLUMNS} from job_runs where part_of = ${id} order by id`,
  );
  return found.map(withDates);
}

/** The latest unfinished run of a job with an input that was started by hand; null if there is none. */
export async function findUnfinished(
  on: Queryable,
  job: Pick<Job, "name">,
  input: unknown,
): Promise<string | null> {
  const [found] = await rows<{ id: string }>(
    on,
    sql`select id from job_runs where job = ${job.name} and trigger = 'manual' and finished_at is null
          and input = ${JSON.stringify(input)}::jsonb order by id desc limit 1`,
  );
  return found?.id ?? null;
}

export type RunFilter = {
  readonly job?: string | undefined;
  readonly status?: RunStatus | undefined;
  readonly trigger?: RunTrigger | undefined;
  /** Only runs that were opened at this time or later. */
  readonly since?: Date | undefined;
  /** Only runs that were opened before this time. */
  readonly until?: Date | undefined;
  /** Leaves out scheduled runs that had nothing to do. */
  readonly withWork?: boolean;
  /** How many of the latest ones are left out. */
  readonly offset?: number;
};

/** The latest runs, newest first. */
export async function listRuns(on: Queryable, filter: RunFilter | null, limit: number): Promise<Run[]> {
  const { job = null, status = null, trigger = null, since = null, until = null } = filter ?? {};
  const { withWork = false, offset = 0 } = filter ?? {};
  const found = await rows<Run>(
    on,
    sql`select ${RUN_COLUMNS} from job_runs
        where (${job}::text is null or job = ${job}) and (${status}::text is null or status = ${status})
          and (${trigger}::text is null or trigger = ${trigger})
          and (${since}::timestamptz is null or created_at >= ${since}::timestamptz)
          and (${until}::timestamptz is null or created_at < ${until}::timestamptz)
          and not (${withWork}::boolean and schedule is not null and ${HAD_NOTHING_TO_DO})
        order by id desc limit ${limit} offset ${offset}`,
  );
  return found.map(withDates);
}

const HAD_NOTHING_TO_DO = sql`(status = 'skipped'
  or status = 'done' and not exists (select 1 from jsonb_each_text(counts) as counted where counted.value <> '0'))`;

/** Raw statements return timestamps as text; the rest of the code expects dates. */
function withDates(run: Run): Run {
  const date = (value: Date | null) => (value === null ? null : new Date(value));
  return {
    ...run,
    slot: date(run.slot),
    createdAt: new Date(run.createdAt),
    startedAt: date(run.startedAt),
    finishedAt: date(run.finishedAt),
  };
}

/** In a statement of its own before the work begins, so that others can see it. */
export async function markRunning(on: Queryable, id: string): Promise<void> {
  await on.execute(
    sql`update job_runs set status = 'running', started_at = coalesce(started_at, now()) where id = ${id} and status = 'queued'`,
  );
}

/** Stores the span of the first carrier of a run. */
export async function storeTrace(on: Queryable, id: string, trace: string): Promise<void> {
  await on.execute(sql`update job_runs set trace = ${trace} where id = ${id} and trace is null`);
}

export async function finishRun(tx: Tx, id: string, outcome: Outcome): Promise<void> {
  const counts = outcome.kind === "done" ? outcome.counts : {};
  const reason = outcome.kind === "skipped" ? outcome.reason : null;
  await tx.execute(
    sql`update job_runs set status = ${outcome.kind}, finished_at = now(), started_at = coalesce(started_at, now()),
          counts = ${JSON.stringify(counts)}::jsonb, error = ${reason} where id = ${id}`,
  );
}

export async function failRun(on: Queryable, id: string, status: DeadStatus, error: string): Promise<void> {
  await on.execute(
    sql`update job_runs set status = ${status}, finished_at = now(), error = ${error} where id = ${id}`,
  );
}

/** A dead entry without a run gets one, so that it appears in the list of runs. */
export async function recordDeadWork(
  tx: Tx,
  entry: { id: string; status: DeadStatus; error: string },
): Promise<void> {
  const [run] = await rows<{ id: string }>(
    tx,
    sql`insert into job_runs (job, trigger, input, status, started_at, finished_at, error)
        select job, 'event', payload, ${entry.status}, created_at, now(), ${entry.error} from outbox where id = ${entry.id}
        returning id`,
  );
  if (run) await tx.execute(sql`update outbox set parent = ${run.id} where id = ${entry.id}`);
}

/** Stores how many ranges the run has. */
export async function setTotal(tx: Tx, id: string, total: number): Promise<void> {
  await tx.execute(
    sql`update job_runs set total = ${total}, pending = ${total}, status = 'running', counts = '{}'::jsonb,
          started_at = coalesce(started_at, now()), finished_at = null where id = ${id}`,
  );
}

/** Adds the ranges of a further round and replaces the counts of the run. */
export async function extendTotal(tx: Tx, id: string, ranges: number, counts: Counts): Promise<void> {
  await tx.execute(
    sql`update job_runs set total = total + ${ranges}, pending = pending + ${ranges}, counts = ${JSON.stringify(counts)}::jsonb
        where id = ${id}`,
  );
}

/** Counts one range as settled. @returns how many are pending, and the counts of the run so far. */
export async function settleRange(
  tx: Tx,
  id: string,
  outcome: Outcome,
): Promise<{ total: number; pending: number; counts: Counts }> {
  const [run] = await rows<{ total: number; pending: number; counts: Record<string, number> }>(
    tx,
    sql`select total, pending, counts from job_runs where id = ${id} for no key update`,
  );
  if (!run) throw new Error(`run ${id} of this range does not exist`);
  const counts = addCounts(run.counts, outcome.kind === "done" ? outcome.counts : { skippedRanges: 1 });
  const broken = Object.keys(counts).filter((name) => !Number.isFinite(counts[name]));
  if (broken.length > 0) throw new Error(`the range counted no number: ${broken.join(", ")}`);
  const pending = run.pending - 1;
  await tx.execute(
    sql`update job_runs set pending = ${pending}, counts = ${JSON.stringify(counts)}::jsonb where id = ${id}`,
  );
  return { total: run.total, pending, counts };
}

/**
 * Fails unfinished runs none of whose entries is waiting: nothing would ever end them, and their schedules
 * would wait for them. No transaction leaves a run so; entries deleted by hand do.
 *
 * @returns the runs.
 */
export async function failAbandonedRuns(on: Queryable): Promise<string[]> {
  const failed = await rows<{ id: string }>(
    on,
    sql`update job_runs r set status = 'failed', finished_at = now(), error = 'its entries are gone'
        where r.finished_at is null
          and r.id is distinct from (select o.parent from outbox o where o.parent >= r.id and o.dead_at is null
                                     order by o.parent limit 1)
        returning r.id`,
  );
  return failed.map(({ id }) => id);
}
