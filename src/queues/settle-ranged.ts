import type { Tx } from "../db/transaction.ts";
import type { Part } from "./catalogue.ts";
import { enqueueRanges, enqueueSum, type RangeEntry, type RunOfRanges, type SumEntry } from "./enqueue.ts";
import {
  claimEntries,
  computeContextFor,
  contextFor,
  type Entry,
  type EntryRefs,
  type Execution,
  endRun,
  readEntry,
  readPayload,
  type Settled,
} from "./execution.ts";
import type { RangedJob } from "./job.ts";
import { type Counts, done } from "./outcome.ts";
import { rangesAtOnce, releaseNextRange } from "./parked-ranges.ts";
import { extendTotal, openRun, setTotal, settleRange } from "./runs.ts";
import { parseStored } from "./stored-values.ts";

/** Settles the cut, one range or the sum of a ranged job, each in one transaction. */
export async function settleRangedPart(
  execution: Execution,
  job: RangedJob<unknown, unknown>,
  part: Part,
  refs: EntryRefs,
  signal: AbortSignal,
): Promise<Settled> {
  const settlePart = { whole: settleCut, range: settleOneRange, sum: settleSum }[part];
  const computed = part === "range" ? await computeAhead(execution, job, refs, signal) : undefined;
  return execution.transact(async (tx) => {
    const [entry] = await claimEntries(tx, refs);
    return entry ? settlePart({ execution, job, tx, entry, computed, signal }) : [];
  }, signal);
}

/** Runs `compute` before the transaction of a range is opened. A range that is already settled needs none. */
async function computeAhead(
  execution: Execution,
  job: RangedJob<unknown, unknown>,
  refs: EntryRefs,
  signal: AbortSignal,
): Promise<unknown> {
  if (!job.compute) return undefined;
  const entry = await execution.transact((tx) => readEntry(tx, refs), signal);
  if (!entry) return undefined;
  return execution.tracing.inSpan({ name: `compute ${job.name}` }, async () =>
    job.compute?.(rangeOf(job, entry), computeContextFor(execution, entry, job, signal)),
  );
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
  const input = readPayload(job, entry.payload);
  const context = contextFor(execution, tx, entry, job, signal);
  const ranges = await job.cut(input, context);
  // Every range and the sum run as of the time of the cut, so that a repeated slot gives the same result.
  const run = { id: entry.parent ?? (await openRun(tx, job, "event", input)), slot: context.now };
  await setTotal(tx, run.id, ranges.length);
  await enqueueRound(tx, job, run, { input, counts: {}, round: 0 }, ranges);
  return [{ id: entry.id, outcome: done({ ranges: ranges.length }) }];
}

async function settleOneRange({ execution, job, tx, entry, computed, signal }: Claimed): Promise<Settled> {
  const { input, round } = entry.payload as RangeEntry;
  const context = contextFor(execution, tx, entry, job, signal);
  const outcome = await job.run(rangeOf(job, entry), context, computed);
  const run = runOf(entry, context.now);
  const { total, pending, counts } = await settleRange(tx, run.id, outcome);
  execution.onProgress((total - pending) / total);
  if (pending === 0) await enqueueSum(tx, job, run, { input, counts, round });
  else if (total > rangesAtOnce(job)) await releaseNextRange(tx, run.id, entry.id);
  return [{ id: entry.id, outcome }];
}

async function settleSum({ execution, job, tx, entry, signal }: Claimed): Promise<Settled> {
  const { input, round, counts: stored } = entry.payload as SumEntry;
  const counts = parseStored("the counts", job.counts, stored) as Counts;
  const context = { ...contextFor(execution, tx, entry, job, signal), round };
  const result = await job.sum(readPayload(job, input), counts, context);
  if (result.kind !== "further") {
    await endRun(execution, tx, entry, result);
    return [{ id: entry.id, outcome: result }];
  }
  const { ranges } = result;
  const run = runOf(entry, context.now);
  await extendTotal(tx, run.id, ranges.length, result.counts);
  await enqueueRound(tx, job, run, { input, counts: result.counts, round: round + 1 }, ranges);
  return [{ id: entry.id, outcome: done({ ranges: ranges.length }) }];
}

const rangeOf = (job: RangedJob<unknown, unknown>, { payload }: Entry): unknown =>
  parseStored("the range", job.range, (payload as RangeEntry).range);

/** Enqueues the ranges of a round, or the sum if there are none. */
async function enqueueRound(
  tx: Tx,
  job: RangedJob<unknown, unknown>,
  run: RunOfRanges,
  round: { readonly input: unknown; readonly counts: Counts; readonly round: number },
  ranges: readonly unknown[],
): Promise<void> {
  if (ranges.length === 0) await enqueueSum(tx, job, run, round);
  else await enqueueRanges(tx, job, run, round, ranges);
}

function runOf(entry: Entry, now: Date): RunOfRanges {
  if (entry.parent === null) throw new Error(`entry ${entry.id} belongs to no run`);
  return { id: entry.parent, slot: entry.slot ?? now };
}
