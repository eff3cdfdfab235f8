import { sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { enqueueRanges, enqueueSum, type RangeEntry, type SumEntry } from "./enqueue.ts";
import { claim, contextFor, type Entry, type Execution, hold, parsePayload, type Work } from "./execution.ts";
import type { BatchJob, Job, OutsideJob, RangedJob, SingleJob } from "./job.ts";
import { done, type Outcome, skipped } from "./outcome.ts";
import { finishRun, openRun, setTotal, settleRange } from "./runs.ts";

/** Outcomes of the entries that were still there; those that were not have been settled by somebody else. */
export type Settled = readonly Outcome[];

/** Runs one group of entries in the form of its job, and settles it. Throws when the group has to be tried otherwise. */
export async function settle(
  execution: Execution,
  work: Work,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Settled> {
  const { job, part } = work;
  if (job.form === "batch") return settleBatch(execution, job, ids, signal);
  const id = onlyOne(job, ids);
  if (job.form === "outside") return settleOutside(execution, job, id, signal);
  if (job.form === "single") return settleSingle(execution, job, id, signal);
  if (part === "whole") return settleCut(execution, job, id, signal);
  return part === "range"
    ? settleOneRange(execution, job, id, signal)
    : settleSum(execution, job, id, signal);
}

function onlyOne(job: Job, ids: readonly string[]): string {
  const [id] = ids;
  if (id === undefined || ids.length > 1)
    throw new Error(`${job.name} takes one entry at a time, not ${ids.length}.`);
  return id;
}

async function settleSingle(
  execution: Execution,
  job: SingleJob<unknown>,
  id: string,
  signal: AbortSignal,
): Promise<Settled> {
  return execution.transact(async (tx) => {
    const [entry] = await claim(tx, [id]);
    if (!entry) return [];
    const outcome = await job.run(
      parsePayload(job, entry.payload),
      contextFor(execution, tx, entry, job, signal),
    );
    await endRun(execution, tx, entry, outcome);
    return [outcome];
  }, signal);
}

async function settleBatch(
  execution: Execution,
  job: BatchJob<unknown>,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Settled> {
  return execution.transact(async (tx) => {
    const entries = await claim(tx, ids);
    if (entries.length === 0) return [];
    const payloads = entries.map((entry) => parsePayload(job, entry.payload));
    const alone = entries.length === 1 ? entries[0] : undefined;
    const outcomes = await job.runBatch(payloads, contextFor(execution, tx, alone, job, signal));
    if (outcomes.length !== payloads.length) {
      throw new Error(`${job.name} gave ${outcomes.length} outcomes for ${payloads.length} payloads.`);
    }
    if (alone && outcomes[0]) await endRun(execution, tx, alone, outcomes[0]);
    return outcomes;
  }, signal);
}

/**
 * Around a call nothing can be deleted first: the request is stored and committed, then sent, then the answer is recorded and the
 * entry settled if nobody asked again meanwhile. If somebody did, the answer still counts and the entry is due again.
 */
async function settleOutside(
  execution: Execution,
  job: OutsideJob<unknown, unknown, unknown>,
  id: string,
  signal: AbortSignal,
): Promise<Settled> {
  const prepared = await execution.transact((tx) => prepareRequest(execution, job, tx, id, signal), signal);
  if (prepared.kind === "settled") return prepared.settled;
  if (execution.insteadOfCall) {
    execution.insteadOfCall(job, prepared.request);
    return [skipped("dry run: the call was not made")];
  }
  const { ports, log } = execution;
  const answer = await job.call(prepared.request, { ports, log: log.child({ job: job.name }), signal });
  return execution.transact((tx) => recordAnswer(execution, job, tx, prepared.entry, answer, signal), signal);
}

type PreparedEntry =
  | { readonly kind: "settled"; readonly settled: Settled }
  | { readonly kind: "send"; readonly entry: Entry; readonly request: unknown };

async function prepareRequest(
  execution: Execution,
  job: OutsideJob<unknown, unknown, unknown>,
  tx: Tx,
  id: string,
  signal: AbortSignal,
): Promise<PreparedEntry> {
  const entry = await hold(tx, id);
  if (!entry) return { kind: "settled", settled: [] };
  // An earlier try may have reached the other side: the same bytes go out again, under the same key.
  if (entry.request !== null) return { kind: "send", entry, request: entry.request };
  const prepared = await job.prepare(
    parsePayload(job, entry.payload),
    contextFor(execution, tx, entry, job, signal),
  );
  if ("nothing" in prepared) {
    const outcome = skipped(prepared.nothing);
    await claim(tx, [id]);
    await endRun(execution, tx, entry, outcome);
    return { kind: "settled", settled: [outcome] };
  }
  await tx.execute(
    sql`update outbox set request = ${JSON.stringify(prepared.request)}::jsonb where id = ${id}`,
  );
  return { kind: "send", entry, request: prepared.request };
}

async function recordAnswer(
  execution: Execution,
  job: OutsideJob<unknown, unknown, unknown>,
  tx: Tx,
  seen: Entry,
  answer: unknown,
  signal: AbortSignal,
): Promise<Settled> {
  const entry = await hold(tx, seen.id);
  if (!entry || entry.request === null) return [];
  const payload = parsePayload(job, seen.payload);
  const outcome = await job.record(payload, answer, contextFor(execution, tx, seen, job, signal));
  if (entry.asks === seen.asks) {
    await tx.execute(sql`delete from outbox where id = ${entry.id}`);
    await endRun(execution, tx, seen, outcome);
  } else {
    await tx.execute(
      sql`update outbox set request = null, attempts = 0, error = null, run_at = now(), enqueued_at = null, carrier = null
          where id = ${entry.id}`,
    );
  }
  return [outcome];
}

async function settleCut(
  execution: Execution,
  job: RangedJob<unknown, unknown>,
  id: string,
  signal: AbortSignal,
): Promise<Settled> {
  return execution.transact(async (tx) => {
    const [entry] = await claim(tx, [id]);
    if (!entry) return [];
    const input = parsePayload(job, entry.payload);
    const context = contextFor(execution, tx, entry, job, signal);
    const ranges = await job.cut(input, context);
    // The time of the cut is the time of every range and of the sum: two runs of one slot see the same world.
    const run = { id: entry.parent ?? (await openRun(tx, job, "event", input)), slot: context.now };
    await setTotal(tx, run.id, ranges.length);
    if (ranges.length === 0) await enqueueSum(tx, job, run, { input, counts: {} });
    else await enqueueRanges(tx, job, run, input, ranges);
    return [done({ ranges: ranges.length })];
  }, signal);
}

async function settleOneRange(
  execution: Execution,
  job: RangedJob<unknown, unknown>,
  id: string,
  signal: AbortSignal,
): Promise<Settled> {
  return execution.transact(async (tx) => {
    const [entry] = await claim(tx, [id]);
    if (!entry) return [];
    const { input, range } = entry.payload as RangeEntry;
    const context = contextFor(execution, tx, entry, job, signal);
    const outcome = await job.run(range, context);
    const run = runOf(entry, context.now);
    const { total, pending, counts } = await settleRange(tx, run.id, outcome);
    execution.onProgress((total - pending) / total);
    if (pending === 0) await enqueueSum(tx, job, run, { input, counts });
    return [outcome];
  }, signal);
}

async function settleSum(
  execution: Execution,
  job: RangedJob<unknown, unknown>,
  id: string,
  signal: AbortSignal,
): Promise<Settled> {
  return execution.transact(async (tx) => {
    const [entry] = await claim(tx, [id]);
    if (!entry) return [];
    const { input, counts } = entry.payload as SumEntry;
    const outcome = await job.sum(
      parsePayload(job, input),
      counts,
      contextFor(execution, tx, entry, job, signal),
    );
    await endRun(execution, tx, entry, outcome);
    return [outcome];
  }, signal);
}

function runOf(entry: Entry, now: Date): { id: string; slot: Date } {
  if (entry.parent === null) throw new Error(`The entry ${entry.id} belongs to no run.`);
  return { id: entry.parent, slot: entry.slot ?? now };
}

/** Ends the run that the entry belongs to, if it has one, and lets the next slot of its schedule open. */
async function endRun(execution: Execution, tx: Tx, entry: Entry, outcome: Outcome): Promise<void> {
  if (entry.parent === null) return;
  await finishRun(tx, entry.parent, outcome);
  await execution.onRunFinished(tx, entry.parent);
}
