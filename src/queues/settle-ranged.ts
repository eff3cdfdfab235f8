import type { Tx } from "../db/transaction.ts";
import { enqueueRanges, enqueueSum, type RangeEntry, type RunOfRanges, type SumEntry } from "./enqueue.ts";
import {
  type Asked,
  claim,
  computeContextFor,
  contextFor,
  type Entry,
  type Execution,
  endRun,
  parsePayload,
  peek,
  type Settled,
} from "./execution.ts";
import type { Part, RangedJob } from "./job.ts";
import { type Counts, done } from "./outcome.ts";
import { extendTotal, openRun, setTotal, settleRange } from "./runs.ts";

/** Settles the cut, a range or the sum of a job over many rows, each in one transaction. */
export async function settleRangedPart(
  execution: Execution,
  job: RangedJob<unknown, unknown>,
  part: Part,
  asked: Asked,
  signal: AbortSignal,
): Promise<Settled> {
  const settlePart = { whole: settleCut, range: settleOneRange, sum: settleSum }[part];
  const computed = part === "range" ? await computeAhead(execution, job, asked, signal) : undefined;
  return execution.transact(async (tx) => {
    const [entry] = await claim(tx, asked);
    return entry ? settlePart({ execution, job, tx, entry, computed, signal }) : [];
  }, signal);
}

/** Has the job compute what its range needs while no transaction is open; a range that is settled already needs nothing. */
async function computeAhead(
  execution: Execution,
  job: RangedJob<unknown, unknown>,
  asked: Asked,
  signal: AbortSignal,
): Promise<unknown> {
  if (!job.compute) return undefined;
  const entry = await execution.transact((tx) => peek(tx, asked), signal);
  if (!entry) return undefined;
  const { range } = entry.payload as RangeEntry;
  return job.compute(range, computeContextFor(execution, entry, job, signal));
}

/** An entry of a ranged job, claimed in the transaction that settles it. */
type Claimed = {
  readonly execution: Execution;
  readonly job: RangedJob<unknown, unknown>;
  readonly tx: Tx;
  readonly entry: Entry;
  readonly computed: unknown;
  readonly signal: AbortSignal;
};

async function settleCut({ execution, job, tx, entry, signal }: Claimed): Promise<Settled> {
  const input = parsePayload(job, entry.payload);
  const context = contextFor(execution, tx, entry, job, signal);
  const ranges = await job.cut(input, context);
  // The time of the cut is the time of every range and of the sum: two runs of one slot see the same world.
  const run = { id: entry.parent ?? (await openRun(tx, job, "event", input)), slot: context.now };
  await setTotal(tx, run.id, ranges.length);
  await beginStage(tx, job, run, { input, counts: {}, stage: 0 }, ranges);
  return [{ id: entry.id, outcome: done({ ranges: ranges.length }) }];
}

async function settleOneRange({ execution, job, tx, entry, computed, signal }: Claimed): Promise<Settled> {
  const { input, range, stage = 0 } = entry.payload as RangeEntry;
  const context = contextFor(execution, tx, entry, job, signal);
  const outcome = await job.run(range, context, computed);
  const run = runOf(entry, context.now);
  const { total, pending, counts } = await settleRange(tx, run.id, outcome);
  execution.onProgress((total - pending) / total);
  if (pending === 0) await enqueueSum(tx, job, run, { input, counts, stage });
  return [{ id: entry.id, outcome }];
}

async function settleSum({ execution, job, tx, entry, signal }: Claimed): Promise<Settled> {
  const { input, counts, stage = 0 } = entry.payload as SumEntry;
  const context = { ...contextFor(execution, tx, entry, job, signal), stage };
  const said = await job.sum(parsePayload(job, input), counts, context);
  if (said.kind !== "further") {
    await endRun(execution, tx, entry, said);
    return [{ id: entry.id, outcome: said }];
  }
  const { ranges } = said;
  const run = runOf(entry, context.now);
  await extendTotal(tx, run.id, ranges.length, said.counts);
  await beginStage(tx, job, run, { input, counts: said.counts, stage: stage + 1 }, ranges);
  return [{ id: entry.id, outcome: done({ ranges: ranges.length }) }];
}

/** Asks for the ranges of a stage; where there are none, for the sum that follows them. */
async function beginStage(
  tx: Tx,
  job: RangedJob<unknown, unknown>,
  run: RunOfRanges,
  stage: { readonly input: unknown; readonly counts: Counts; readonly stage: number },
  ranges: readonly unknown[],
): Promise<void> {
  if (ranges.length === 0) await enqueueSum(tx, job, run, stage);
  else await enqueueRanges(tx, job, run, stage, ranges);
}

function runOf(entry: Entry, now: Date): RunOfRanges {
  if (entry.parent === null) throw new Error(`The entry ${entry.id} belongs to no run.`);
  return { id: entry.parent, slot: entry.slot ?? now };
}
