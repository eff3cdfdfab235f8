import { randomUUID } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
import { array, prepared, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { TraceContext } from "../tracing/tracing.ts";
import { carrierCapacity, FRESH } from "./carriers.ts";
import { rangeName, sumName } from "./catalogue.ts";
import type { Job } from "./job.ts";
import type { Counts } from "./outcome.ts";
import { rangesAtOnce } from "./parked-ranges.ts";

type EnqueueOptions = {
  /** Earliest start, from now. Default: at once. */
  readonly delayMs?: number;
  /**
   * Adds an entry of its own even if one with the same key is waiting: transactions that enqueue it never
   * wait for each other.
   */
  readonly separate?: boolean;
};

/**
 * `traces`: the spans that enqueue the payloads, in the same order, for a transaction that writes for
 * several.
 */
type EnqueueManyOptions = EnqueueOptions & { readonly traces?: readonly (TraceContext | null)[] };

/**
 * Enqueues a job. This is the only way to ask for work: it inserts a row into the outbox, in the transaction
 * that caused it, and does not talk to Redis. Enqueueing the same key again updates the payload of the
 * waiting entry and revives a dead one.
 *
 * @returns the id of the outbox entry.
 * @throws ZodError when the payload does not match the schema of the job.
 */
export async function enqueue<P>(
  tx: Tx,
  job: Job<P>,
  payload: P,
  options: EnqueueOptions = {},
): Promise<string> {
  const [id] = await enqueueMany(tx, job, [payload], options);
  if (id === undefined) throw new Error(`enqueueing ${job.name} wrote no entry`);
  return id;
}

/**
 * Enqueues many payloads in one statement. Payloads with the same key become one entry, with the last
 * payload.
 */
export async function enqueueMany<P>(
  tx: Tx,
  job: Job<P>,
  payloads: readonly P[],
  { delayMs = 0, separate = false, traces }: EnqueueManyOptions = {},
): Promise<string[]> {
  const entries = new Map<string, unknown>();
  const traceByKey = traces && new Map<string, TraceContext | null>();
  for (const [index, payload] of payloads.entries()) {
    const parsed = job.payload.parse(payload);
    const key = separate ? `${job.key(parsed)}@${randomUUID()}` : job.key(parsed);
    entries.set(key, parsed);
    traceByKey?.set(key, traces?.[index] ?? null);
  }
  return insertEntries(tx, { job: job as Job, name: job.name, entries, delayMs, traceByKey });
}

/** The row of job_runs that entries belong to. `slot` freezes the time of the run. */
type RunOfEntries = { readonly id: string; readonly slot: Date | null };

/** A run that has a row in job_runs, and no entry yet. */
export type NewRun = RunOfEntries & { readonly job: Job; readonly payload: unknown };

/** The part of a statement that writes the trace; none while tracing is off. */
const traced = ({ dispatch }: Tx, part: SQL): SQL => (dispatch.trace === null ? sql`` : part);

/**
 * Enqueues runs, of any jobs, in one statement. An entry of a run is never merged with another: each run has
 * its own outcome. A scheduled run starts a trace of its own: the previous run, whose end may have opened its
 * slot, is not its cause.
 */
export async function enqueueRuns(tx: Tx, runs: readonly NewRun[]): Promise<void> {
  if (runs.length === 0) return;
  const payloads = runs.map(({ job, payload }) => job.payload.parse(payload));
  const keys = runs.map(({ job, id }, index) => `${job.key(payloads[index])}@run-${id}`);
  await tx.execute(
    prepared`insert into outbox (queue, job, key, payload, parent, slot${traced(tx, sql`, trace`)})
        select queue, job, key, payload::jsonb, parent, slot${traced(tx, sql`, case when slot is null then ${tx.dispatch.trace}::text end`)}
        from unnest(${array(runs.map(({ job }) => job.queue))}::text[], ${array(runs.map(({ job }) => job.name))}::text[],
                    ${array(keys)}::text[], ${array(payloads.map((payload) => JSON.stringify(payload)))}::text[],
                    ${array(runs.map(({ id }) => id))}::bigint[], ${array(runs.map(({ slot }) => slot))}::timestamptz[])
             as run(queue, job, key, payload, parent, slot)`,
  );
  tx.dispatch.pending = true;
}

/** Enqueues one run. */
export const enqueueRun = (tx: Tx, job: Job, payload: unknown, run: RunOfEntries): Promise<void> =>
  enqueueRuns(tx, [{ job, payload, ...run }]);

/** The input of a run, and its round: 0 for the ranges of the cut, one more each time the sum adds ranges. */
type Round = { readonly input: unknown; readonly round: number };
export type RangeEntry = Round & { readonly range: unknown };
export type SumEntry = Round & { readonly counts: Counts };

/** A run of a ranged job: all its ranges and its sum run as of `slot`. */
export type RunOfRanges = { readonly id: string; readonly slot: Date };

/** Enqueues the ranges of one round, an entry each. Only some are due; the others are parked. */
export async function enqueueRanges(
  tx: Tx,
  job: Job,
  run: RunOfRanges,
  { input, round }: Round,
  ranges: readonly unknown[],
): Promise<void> {
  const entries = new Map<string, unknown>(
    ranges.map((range, index) => [
      `${run.id}:${round}:${index}`,
      { input, round, range } satisfies RangeEntry,
    ]),
  );
  await insertEntries(tx, { job, name: rangeName(job), entries, run, dueAtOnce: rangesAtOnce(job) });
}

/** Enqueues the sum that follows the last range of a round. */
export async function enqueueSum(tx: Tx, job: Job, run: RunOfRanges, sum: SumEntry): Promise<void> {
  await insertEntries(tx, { job, name: sumName(job), entries: new Map([[run.id, sum]]), run });
}

type Insertion = {
  readonly job: Job;
  /** The name of the entries: that of the job, or of its ranges or sum. */
  readonly name: string;
  /** Payloads by key. */
  readonly entries: ReadonlyMap<string, unknown>;
  readonly run?: RunOfEntries;
  readonly delayMs?: number;
  /** The spans that enqueue the entries; default: that of the transaction. */
  readonly traceByKey?: ReadonlyMap<string, TraceContext | null> | undefined;
  /** How many of the entries are due; the others are parked (parked-ranges.ts). Default: all. */
  readonly dueAtOnce?: number;
};

async function insertEntries(tx: Tx, insertion: Insertion): Promise<string[]> {
  const { job, name, entries, run, delayMs = 0, dueAtOnce = entries.size } = insertion;
  if (entries.size === 0) return [];
  // Sorted, so that two transactions that enqueue the same keys lock them in the same order and cannot
  // deadlock.
  const keys = [...entries.keys()].sort();
  const payloads = keys.map((key) => JSON.stringify(entries.get(key)));
  const carriers = run || delayMs > 0 ? null : reserveCarriers(tx, job, name, keys.length);
  const trace = traceOf(tx, keys, insertion);
  // The entries of a run are found by it.
  const cause = run === undefined ? tx.dispatch.cause : null;
  const inserted = await rows<{ id: string; carrier: string | null }>(
    tx,
    prepared`insert into outbox (queue, job, key, payload, run_at, parent, slot, caused_by, caused_by_job, carrier, enqueued_at${trace.column})
        select ${job.queue}, ${name}, entry.key, entry.payload::jsonb,
               case when entry.n > ${dueAtOnce} then 'infinity' else now() + ${delayMs} * interval '1 millisecond' end, ${run?.id ?? null}::bigint, ${run?.slot ?? null}::timestamptz,
               ${cause?.entry ?? null}::bigint, ${cause?.job ?? null}::text,
               entry.carrier, case when entry.carrier is not null then now() end${trace.value}
        from unnest(${array(keys)}::text[], ${array(payloads)}::text[], ${array(carriers ?? keys.map(() => null))}::text[]${trace.list})
             with ordinality as entry(key, payload, carrier${trace.column}, n)
        on conflict (job, key) do update set
          asks = outbox.asks + 1,
          payload = excluded.payload,
          queue = case when outbox.carrier is null then excluded.queue else outbox.queue end,
          attempts = case when outbox.dead_at is null then outbox.attempts else 0 end,
          error = case when outbox.dead_at is null then outbox.error end,
          request = case when outbox.dead_at is null then outbox.request end,
          run_at = case when outbox.dead_at is not null then excluded.run_at
                        when outbox.attempts > 0 then outbox.run_at
                        else least(outbox.run_at, excluded.run_at) end,
          dead_at = null,
          postponed_at = null,
          caused_by = excluded.caused_by, caused_by_job = excluded.caused_by_job${trace.update}
        returning id, carrier`,
  );
  assignCarriers(tx, inserted, new Set(carriers));
  return inserted.map((row) => row.id);
}

/** The parts of the statement that write the spans of the entries. */
function traceOf({ dispatch }: Tx, keys: readonly string[], { traceByKey }: Insertion) {
  if (dispatch.trace === null && traceByKey === undefined) return UNTRACED_PARTS;
  const traces = keys.map((key) => traceByKey?.get(key) ?? dispatch.trace);
  return {
    column: sql`, trace`,
    value: sql`, entry.trace`,
    list: sql`, ${array(traces)}::text[]`,
    update: sql`, trace = excluded.trace`,
  };
}

const NOTHING = sql``;
const UNTRACED_PARTS = { column: NOTHING, value: NOTHING, list: NOTHING, update: NOTHING };

const reserveCarriers = (tx: Tx, job: Job, name: string, entries: number): readonly string[] | null =>
  tx.dispatch.reserve(job.queue, name, entries, carrierCapacity(job, FRESH));

/**
 * An entry that existed before keeps the carrier it had; without a reserved carrier it waits for the relay.
 */
function assignCarriers(
  { dispatch }: Tx,
  inserted: readonly { readonly id: string; readonly carrier: string | null }[],
  reserved: ReadonlySet<string>,
): void {
  for (const { id, carrier } of inserted) {
    if (carrier !== null && reserved.has(carrier)) dispatch.assign(carrier, id);
    else dispatch.pending = true;
  }
}
