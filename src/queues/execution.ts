import { sql } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import type { QueueName } from "../config/queues.ts";
import type { Settings } from "../config/settings.ts";
import { databaseFault } from "../database-fault.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { Log } from "../log.ts";
import type { Ports } from "../ports/ports.ts";
import type { Compute } from "../threads/compute.ts";
import type { Tracing } from "../tracing/tracing.ts";
import type { Catalogue, Part } from "./catalogue.ts";
import type { ComputeContext, Job, JobContext, Measure, Remark } from "./job.ts";
import { type Outcome, PayloadRejected } from "./outcome.ts";
import { finishRun } from "./runs.ts";
import { rejectUnknownFields } from "./stored-values.ts";

/**
 * How jobs reach the database and the outside world: for real, or inside the one transaction of a dry run.
 */
export type Execution = {
  readonly clock: Clock;
  readonly log: Log;
  readonly catalogue: Catalogue;
  readonly ports: Ports;
  readonly settings: Settings;
  readonly compute: Compute;
  readonly tracing: Tracing;
  /** A transaction for each step; in a dry run a savepoint. Aborting the signal abandons it. */
  transact<T>(work: (tx: Tx) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Receives outside calls instead of making them; null makes them. */
  readonly insteadOfCall: ((job: Job, request: unknown) => void) | null;
  /** Receives the decisions of a dry run. */
  remark(remark: Remark): void;
  /** Receives what jobs count; a dry run counts nothing. */
  readonly measure: Measure;
  /**
   * Called when a run ends, in its transaction: the next slot of its schedule may have been waiting for it.
   */
  onRunFinished(tx: Tx, runId: string): Promise<void>;
  /** Receives the settled part of a ranged run, from 0 to 1. */
  onProgress(fraction: number): void;
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

/**
 * The entries of a carrier: their ids, and the job names they may have. The id alone is not enough: a carrier
 * that outlived a restore of the database may hold an id that was assigned again, to other work.
 */
export type EntryRefs = { readonly ids: readonly string[]; readonly names: readonly string[] };

/**
 * Claims, reads and settles in one statement: when the transaction commits, the work is done and its entries
 * are gone.
 */
export async function claimEntries(tx: Tx, { ids, names }: EntryRefs): Promise<Entry[]> {
  const claimed = await rows<Entry>(
    tx,
    sql`delete from outbox where id = any(${array(ids)}::bigint[]) and job = any(${array(names)}::text[]) and dead_at is null
        returning ${ENTRY_COLUMNS}`,
  );
  return causing(
    tx,
    claimed.map(withSlot).sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1)),
  );
}

/** From here on the first of the entries is the cause of what the transaction enqueues. */
function causing(tx: Tx, entries: Entry[]): Entry[] {
  const [first] = entries;
  tx.dispatch.cause = first === undefined ? null : { entry: first.id, job: first.job };
  return entries;
}

/**
 * Locks and reads a single entry that is settled later, after an outside call.
 * @param carrier the carrier that must be stored in it; null in a dry run, whose entries have none.
 */
export async function lockEntry(
  tx: Tx,
  { ids, names }: EntryRefs,
  carrier: string | null,
): Promise<Entry | undefined> {
  // Compared afterwards: the relay may not have committed the carrier yet, and the lock waits for that.
  const [entry] = await rows<Entry & { carrier: string | null }>(
    tx,
    sql`select ${ENTRY_COLUMNS}, carrier from outbox
        where id = any(${array(ids)}::bigint[]) and job = any(${array(names)}::text[]) and dead_at is null for update`,
  );
  if (entry?.carrier !== carrier) return undefined;
  return causing(tx, [withSlot(entry)])[0];
}

/** Locks the entry whose outside call an attempt has made, if it still has the lease. */
export async function lockLeased(tx: Tx, id: string, token: string | null): Promise<Entry | undefined> {
  const [entry] = await rows<Entry>(
    tx,
    sql`select ${ENTRY_COLUMNS} from outbox
        where id = ${id} and dead_at is null and leased_by is not distinct from ${token} for update`,
  );
  return entry && causing(tx, [withSlot(entry)])[0];
}

/** Reads a single entry without locking it. */
export async function readEntry(tx: Tx, { ids, names }: EntryRefs): Promise<Entry | undefined> {
  const [entry] = await rows<Entry>(
    tx,
    sql`select ${ENTRY_COLUMNS} from outbox
        where id = any(${array(ids)}::bigint[]) and job = any(${array(names)}::text[]) and dead_at is null`,
  );
  return entry && withSlot(entry);
}

/**
 * Parses the input of a job, outside the job's own code, so that an invalid payload is dead at once while a
 * ZodError thrown inside a job is retried.
 *
 * @throws PayloadRejected
 */
export function parsePayload(job: Job, payload: unknown): unknown {
  const parsed = job.payload.safeParse(payload);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join(".") || "payload"}: ${issue.code}`);
  throw new PayloadRejected(`the payload does not match the schema of the job (${faults.join("; ")})`);
}

/**
 * Parses the payload of an entry.
 *
 * @throws PayloadRejected when it is invalid.
 * @throws AnotherVersion when it has fields that this version does not know, and would ignore.
 */
export function readPayload(job: Job, stored: unknown): unknown {
  const payload = parsePayload(job, stored);
  rejectUnknownFields("the payload", stored, payload);
  return payload;
}

/** The context of a job: `entry` is undefined for a batch of several. */
export const contextFor = (
  execution: Execution,
  tx: Tx,
  entry: Entry | undefined,
  job: Job,
  signal: AbortSignal,
): JobContext => ({ tx, ...contextWithoutTx(execution, entry, job, signal) });

/** The context of work that runs before its transaction is opened. */
export const computeContextFor = (
  execution: Execution,
  entry: Entry,
  job: Job,
  signal: AbortSignal,
): ComputeContext => ({
  ...contextWithoutTx(execution, entry, job, signal),
  read: (work) =>
    execution.transact(async (tx) => {
      await tx.execute(sql`set transaction read only`);
      return work(tx).catch(rejectWrite);
    }, signal),
  fetch: async (request, call) => {
    if (execution.insteadOfCall === null) return call(execution.ports);
    execution.insteadOfCall(job, request);
    return null;
  },
});

const READ_ONLY_TRANSACTION = "25006";

/**
 * Here a write is a bug of the job. Its error code alone would mean that Postgres is read-only, which is not
 * the fault of an entry.
 */
function rejectWrite(error: unknown): never {
  if (databaseFault(error)?.code === READ_ONLY_TRANSACTION)
    throw new Error("compute tried to write; only the transaction of the range may");
  throw error;
}

function contextWithoutTx(
  execution: Execution,
  entry: Entry | undefined,
  job: Job,
  signal: AbortSignal,
): Omit<JobContext, "tx"> {
  return {
    log: execution.log.child({ job: job.name, ...(entry?.parent ? { run: entry.parent } : {}) }),
    now: entry?.slot ?? execution.clock.now(),
    attempt: (entry?.attempts ?? 0) + 1,
    signal,
    runId: entry?.parent ?? null,
    settings: execution.settings,
    remark: execution.remark,
    measure: execution.measure,
    compute: execution.compute,
  };
}

/**
 * The entries that were still there, with their outcomes. Those that are missing were settled by another
 * carrier.
 */
export type Settled = readonly { readonly id: string; readonly outcome: Outcome }[];

/** Ends the run of an entry, if it has one, and lets the next slot of its schedule open. */
export async function endRun(execution: Execution, tx: Tx, entry: Entry, outcome: Outcome): Promise<void> {
  if (entry.parent === null) return;
  await finishRun(tx, entry.parent, outcome);
  await execution.onRunFinished(tx, entry.parent);
}
