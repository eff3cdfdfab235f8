import { sql } from "drizzle-orm";
import type { jobRuns } from "../db/schema/queue.ts";
import { type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { Job } from "./job.ts";
import { addCounts, type Counts, type Outcome } from "./outcome.ts";

type RunRow = typeof jobRuns.$inferSelect;
export type RunTrigger = RunRow["trigger"];
export type RunStatus = RunRow["status"];
/** The statuses of a run whose entry is dead. */
export type DeadStatus = Extract<RunStatus, "failed" | "cancelled">;

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
};

const RUN_COLUMNS = sql`id, job, trigger, schedule, slot, input, status, created_at as "createdAt", started_at as "startedAt",
  finished_at as "finishedAt", total, pending, counts, error`;

/** Inserts the row of a manual run, or of a ranged run that an event caused. */
export async function openRun(tx: Tx, job: Job, trigger: RunTrigger, input: unknown): Promise<string> {
  const [run] = await rows<{ id: string }>(
    tx,
    sql`insert into job_runs (job, trigger, input) values (${job.name}, ${trigger}, ${JSON.stringify(input)}::jsonb) returning id`,
  );
  if (!run) throw new Error(`inserting a run of ${job.name} returned no row`);
  return run.id;
}

export async function loadRun(on: Queryable, id: string): Promise<Run | undefined> {
  const [run] = await rows<Run>(on, sql`select ${RUN_COLUMNS} from job_runs where id = ${id}`);
  return run && withDates(run);
}

/** The latest runs, newest first. */
export async function listRuns(on: Queryable, job: string | null, limit: number): Promise<Run[]> {
  const found = await rows<Run>(
    on,
    sql`select ${RUN_COLUMNS} from job_runs where ${job}::text is null or job = ${job} order by id desc limit ${limit}`,
  );
  return found.map(withDates);
}

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
  const pending = run.pending - 1;
  await tx.execute(
    sql`update job_runs set pending = ${pending}, counts = ${JSON.stringify(counts)}::jsonb where id = ${id}`,
  );
  return { total: run.total, pending, counts };
}
