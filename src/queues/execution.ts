import { sql } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import type { QueueName } from "../config/queues.ts";
import type { Settings } from "../config/settings.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { Log } from "../log.ts";
import type { Ports } from "../ports/ports.ts";
import type { Compute } from "../threads/compute.ts";
import type { Catalogue, ComputeContext, Job, JobContext, Part, Remark } from "./job.ts";
import { type Counts, type Outcome, PayloadRejected } from "./outcome.ts";
import { finishRun } from "./runs.ts";

/** How work reaches the database and the outside world: for real, or inside the one transaction of a dry run. */
export type Execution = {
  readonly clock: Clock;
  readonly log: Log;
  readonly catalogue: Catalogue;
  readonly ports: Ports;
  readonly settings: Settings;
  readonly compute: Compute;
  /** A transaction for each step; in a dry run a savepoint. Aborting the signal abandons it. */
  transact<T>(work: (tx: Tx) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** What happens at the border: null makes the call, otherwise it is told of the request instead. */
  readonly insteadOfCall: ((job: Job, request: unknown) => void) | null;
  /** Told in a dry run what was decided for whom, and why. */
  readonly onRemark?: (remark: Remark) => void;
  /** Told after a run with a schedule has ended, in its transaction: the next slot may have been waiting. */
  onRunFinished(tx: Tx, runId: string): Promise<void>;
  /** Told how much of a long run is settled, from 0 to 1. */
  onProgress(fraction: number): void;
};

/** What Redis carries for one try: ids alone. */
export type Carrier = {
  readonly id: string;
  readonly job: string;
  readonly entries: readonly string[];
  /** The row of job_runs that its lone entry belongs to, if any. */
  readonly run?: string;
  /** True when its entry has failed before, or belongs to a run: nobody goes with it. */
  readonly alone?: boolean;
};

/** The job that a carrier names, and which part of it. */
export type Work = { readonly job: Job; readonly part: Part };

export type Entry = {
  id: string;
  queue: QueueName;
  job: string;
  key: string;
  payload: unknown;
  attempts: number;
  asks: number;
  slot: Date | null;
  parent: string | null;
  request: unknown;
};

const ENTRY_COLUMNS = sql`id, queue, job, key, payload, attempts, asks, slot, parent, request`;

const withSlot = (entry: Entry): Entry => ({ ...entry, slot: entry.slot && new Date(entry.slot) });

/** What a carrier asks for: entries by id, and the names that they may bear. */
export type Asked = { readonly ids: readonly string[]; readonly names: readonly string[] };

/**
 * Claims, reads and settles in one statement: once the transaction commits, the work is done and its promise gone. An id alone is
 * not enough: a carrier that outlived a restored database may hold one that was drawn again, for other work.
 */
export async function claim(tx: Tx, { ids, names }: Asked): Promise<Entry[]> {
  const claimed = await rows<Entry>(
    tx,
    sql`delete from outbox where id = any(${array(ids)}::bigint[]) and job = any(${array(names)}::text[]) and dead_at is null
        returning ${ENTRY_COLUMNS}`,
  );
  return claimed.map(withSlot).sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
}

/** Locks and reads a lone entry that is settled later, after a call to the outside. */
export async function hold(tx: Tx, { ids, names }: Asked): Promise<Entry | undefined> {
  const [entry] = await rows<Entry>(
    tx,
    sql`select ${ENTRY_COLUMNS} from outbox
        where id = any(${array(ids)}::bigint[]) and job = any(${array(names)}::text[]) and dead_at is null for update`,
  );
  return entry && withSlot(entry);
}

/** Reads a lone entry that is settled later, without keeping anybody from it. */
export async function peek(tx: Tx, { ids, names }: Asked): Promise<Entry | undefined> {
  const [entry] = await rows<Entry>(
    tx,
    sql`select ${ENTRY_COLUMNS} from outbox
        where id = any(${array(ids)}::bigint[]) and job = any(${array(names)}::text[]) and dead_at is null`,
  );
  return entry && withSlot(entry);
}

/** Parsed before the job runs and apart from it: a bad payload is dead at once, a ZodError from inside a job is retried. */
export function parsePayload(job: Job, payload: unknown): unknown {
  const parsed = job.payload.safeParse(payload);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join(".") || "payload"}: ${issue.code}`);
  throw new PayloadRejected(`the payload does not fit the job (${faults.join("; ")})`);
}

/** Builds what the job is given. */
export const contextFor = (
  execution: Execution,
  tx: Tx,
  entry: Entry | undefined,
  job: Job,
  signal: AbortSignal,
): JobContext => ({ tx, ...contextWithout(execution, entry, job, signal) });

/** Builds what work is given that holds no transaction. */
export const computeContextFor = (
  execution: Execution,
  entry: Entry,
  job: Job,
  signal: AbortSignal,
): ComputeContext => ({
  ...contextWithout(execution, entry, job, signal),
  read: (work) =>
    execution.transact(async (tx) => {
      await tx.execute(sql`set transaction read only`);
      return work(tx);
    }, signal),
});

function contextWithout(
  execution: Execution,
  entry: Entry | undefined,
  job: Job,
  signal: AbortSignal,
): Omit<JobContext, "tx"> {
  const attempt = (entry?.attempts ?? 0) + 1;
  return {
    log: execution.log.child({ job: job.name, ...(entry?.parent ? { run: entry.parent } : {}) }),
    now: entry?.slot ?? execution.clock.now(),
    attempt,
    signal,
    runId: entry?.parent ?? null,
    settings: execution.settings,
    remark: execution.onRemark ?? null,
    compute: execution.compute,
  };
}

/** The entries that were still there, and how each ended; those that were not have been settled by somebody else. */
export type Settled = readonly { readonly id: string; readonly outcome: Outcome }[];

/** Ends the run that the entry belongs to, if it has one, and lets the next slot of its schedule open. */
export async function endRun(execution: Execution, tx: Tx, entry: Entry, outcome: Outcome): Promise<void> {
  if (entry.parent === null) return;
  await finishRun(tx, entry.parent, outcome);
  await execution.onRunFinished(tx, entry.parent);
}

/** How the entries of one carrier ended. */
export type Tally = {
  done: number;
  skipped: number;
  duplicate: number;
  retry: number;
  dead: number;
  snoozed: number;
  interrupted: number;
  counts: Counts;
  reasons: Record<string, number>;
};

export const emptyTally = (): Tally => ({
  done: 0,
  skipped: 0,
  duplicate: 0,
  retry: 0,
  dead: 0,
  snoozed: 0,
  interrupted: 0,
  counts: {},
  reasons: {},
});
