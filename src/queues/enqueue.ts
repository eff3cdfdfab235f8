import type { QueueName } from "../config/queues.ts";
import { array, prepared, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { fillSeats, takeSeats } from "./direct-dispatch.ts";
import { type Job, rangeName, sumName } from "./job.ts";
import type { Counts } from "./outcome.ts";

export type EnqueueOptions = {
  /** Earliest start, from now. Default: at once. */
  readonly delayMs?: number;
};

/**
 * Asks for work. This is the only way: the ask is a row, written by the transaction that caused it, and Redis is not talked to.
 * Asking again for the same key joins the entry that waits (with the newer payload) and revives a dead one.
 *
 * @returns the id of the outbox entry.
 * @throws ZodError when the payload does not fit the job: a mistake of the caller, found before it is written down.
 */
export async function enqueue<P>(
  tx: Tx,
  job: Job<P>,
  payload: P,
  options: EnqueueOptions = {},
): Promise<string> {
  const [id] = await enqueueMany(tx, job, [payload], options);
  if (id === undefined) throw new Error(`The ask for ${job.name} wrote no entry.`);
  return id;
}

/** The same for many payloads in one statement. Payloads of one key become one entry; the last one counts. */
export async function enqueueMany<P>(
  tx: Tx,
  job: Job<P>,
  payloads: readonly P[],
  options: EnqueueOptions = {},
): Promise<string[]> {
  const entries = new Map<string, unknown>();
  for (const payload of payloads) {
    const parsed = job.payload.parse(payload);
    entries.set(job.key(parsed), parsed);
  }
  const perCarrier = job.form === "batch" ? job.batch.size : 1;
  return insertEntries(tx, {
    queue: job.queue,
    name: job.name,
    entries,
    perCarrier,
    delayMs: options.delayMs ?? 0,
  });
}

/** Asks for a run that has a row in job_runs: never joined with another ask, since its outcome is its own. */
export async function enqueueRun(
  tx: Tx,
  job: Job,
  payload: unknown,
  run: { readonly id: string; readonly slot: Date | null },
): Promise<string> {
  const parsed = job.payload.parse(payload);
  const entries = new Map([[`${job.key(parsed)}@run-${run.id}`, parsed]]);
  const [id] = await insertEntries(tx, { queue: job.queue, name: job.name, entries, run });
  if (id === undefined) throw new Error(`The ask for ${job.name} wrote no entry.`);
  return id;
}

/** Where a run is: `stage` is how often it has gone on with further ranges. Absent in entries of earlier versions: 0. */
type Stage = { readonly input: unknown; readonly stage?: number };
export type RangeEntry = Stage & { readonly range: unknown };
export type SumEntry = Stage & { readonly counts: Counts };

/** `slot` freezes the time of all that belongs to a run. */
export type RunOfRanges = { readonly id: string; readonly slot: Date };

/** Writes one entry per range of a stage. */
export async function enqueueRanges(
  tx: Tx,
  job: Job,
  run: RunOfRanges,
  { input, stage }: Required<Stage>,
  ranges: readonly unknown[],
): Promise<void> {
  const entries = new Map<string, unknown>(
    ranges.map((range, index) => [
      `${run.id}:${stage}:${index}`,
      { input, stage, range } satisfies RangeEntry,
    ]),
  );
  await insertEntries(tx, { queue: job.queue, name: rangeName(job), entries, run });
}

/** Writes the entry that ends a run, or takes it further, once all ranges of the stage are settled. */
export async function enqueueSum(tx: Tx, job: Job, run: RunOfRanges, sum: SumEntry): Promise<void> {
  await insertEntries(tx, { queue: job.queue, name: sumName(job), entries: new Map([[run.id, sum]]), run });
}

type Insertion = {
  readonly queue: QueueName;
  readonly name: string;
  readonly entries: ReadonlyMap<string, unknown>;
  readonly run?: { readonly id: string; readonly slot: Date | null };
  readonly delayMs?: number;
  /** How many of these entries may travel together at once; absent for entries of a run, which the relay brings. */
  readonly perCarrier?: number;
};

/** Transactions that wrote entries which wait for the relay: whoever commits them has to wake it. */
const asking = new WeakSet<Tx>();

/** For work that a trigger asks for, in this transaction. */
export const noteAsk = (tx: Tx): void => void asking.add(tx);

/** True when work was asked for in this transaction that the relay has to bring after its commit. */
export const hasAsked = (tx: Tx): boolean => asking.has(tx);

async function insertEntries(tx: Tx, insertion: Insertion): Promise<string[]> {
  const { queue, name, entries, run, delayMs = 0 } = insertion;
  if (entries.size === 0) return [];
  // In one order everywhere, so that two transactions that ask for the same keys never wait for each other in a circle.
  const keys = [...entries.keys()].sort();
  const payloads = keys.map((key) => JSON.stringify(entries.get(key)));
  const seats =
    run || delayMs > 0 ? null : takeSeats(tx, queue, name, keys.length, insertion.perCarrier ?? 1);
  const inserted = await rows<{ id: string; carrier: string | null }>(
    tx,
    prepared`insert into outbox (queue, job, key, payload, run_at, parent, slot, carrier, enqueued_at)
        select ${queue}, ${name}, asked.key, asked.payload::jsonb,
               now() + ${delayMs} * interval '1 millisecond', ${run?.id ?? null}::bigint, ${run?.slot ?? null}::timestamptz,
               asked.carrier, case when asked.carrier is not null then now() end
        from unnest(${array(keys)}::text[], ${array(payloads)}::text[], ${array(seats ?? keys.map(() => null))}::text[])
             as asked(key, payload, carrier)
        on conflict (job, key) do update set
          asks = outbox.asks + 1,
          payload = excluded.payload,
          attempts = case when outbox.dead_at is null then outbox.attempts else 0 end,
          error = case when outbox.dead_at is null then outbox.error end,
          run_at = case when outbox.dead_at is not null then excluded.run_at
                        when outbox.attempts > 0 then outbox.run_at
                        else least(outbox.run_at, excluded.run_at) end,
          dead_at = null
        returning id, carrier`,
  );
  if (!seats || !fillSeats(tx, inserted, new Set(seats))) asking.add(tx);
  return inserted.map((row) => row.id);
}
