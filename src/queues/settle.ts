import { withTimeLimit } from "../deadlines.ts";
import type { Holder } from "./call-lease.ts";
import { namesOf } from "./catalogue.ts";
import {
  claimEntries,
  contextFor,
  type EntryRefs,
  type Execution,
  endRun,
  readPayload,
  type Settled,
  type Work,
} from "./execution.ts";
import type { BatchJob, SingleJob } from "./job.ts";
import { Interrupted, type Outcome, TimeLimitExceeded } from "./outcome.ts";
import { settleOutside } from "./settle-outside.ts";
import { settleRangedPart } from "./settle-ranged.ts";

/**
 * Runs a group of entries in the form of its job and settles it. Throws if any entry of the group failed;
 * nothing is settled then.
 *
 * @param holder the attempt, whose carrier must be the one in the row of an outside call; null in a dry run.
 */
export async function settle(
  execution: Execution,
  work: Work,
  ids: readonly string[],
  signal: AbortSignal,
  holder: Holder | null = null,
): Promise<Settled> {
  const { job, part } = work;
  const refs: EntryRefs = { ids, names: namesOf(job, part) };
  if (job.form === "batch") return settleBatch(execution, job, refs, signal);
  if (ids.length > 1) throw new Error(`${job.name} runs one entry at a time, not ${ids.length}`);
  if (job.form === "outside") return settleOutside(execution, job, refs, signal, holder);
  if (job.form === "single") return settleSingle(execution, job, refs, signal);
  return settleRangedPart(execution, job, part, refs, signal);
}

/**
 * Settles a group under the time limit of its job, which starts now.
 * @param stop abandons it.
 */
export function settleInTime(
  execution: Execution,
  work: Work,
  ids: readonly string[],
  stop: AbortSignal,
  holder: Holder | null = null,
): Promise<Settled> {
  const ms = work.job.timeLimitMs;
  const timedOut = () => new TimeLimitExceeded(`ran longer than ${ms} ms`);
  const stopped = () => new Interrupted("the worker is stopping");
  return withTimeLimit({ ms, stop, timedOut, stopped }, (signal) =>
    settle(execution, work, ids, signal, holder),
  );
}

async function settleSingle(
  execution: Execution,
  job: SingleJob<unknown>,
  refs: EntryRefs,
  signal: AbortSignal,
): Promise<Settled> {
  return execution.transact(async (tx) => {
    const [entry] = await claimEntries(tx, refs);
    if (!entry) return [];
    const outcome = await job.run(
      readPayload(job, entry.payload),
      contextFor(execution, tx, entry, job, signal),
    );
    await endRun(execution, tx, entry, outcome);
    return [{ id: entry.id, outcome }];
  }, signal);
}

async function settleBatch(
  execution: Execution,
  job: BatchJob<unknown>,
  refs: EntryRefs,
  signal: AbortSignal,
): Promise<Settled> {
  return execution.transact(async (tx) => {
    const entries = await claimEntries(tx, refs);
    if (entries.length === 0) return [];
    const payloads = entries.map((entry) => readPayload(job, entry.payload));
    const single = entries.length === 1 ? entries[0] : undefined;
    const outcomes = await job.runBatch(payloads, contextFor(execution, tx, single, job, signal));
    if (outcomes.length !== payloads.length) {
      throw new Error(`${job.name} returned ${outcomes.length} outcomes for ${payloads.length} payloads`);
    }
    if (single && outcomes[0]) await endRun(execution, tx, single, outcomes[0]);
    return entries.map(({ id }, index) => ({ id, outcome: outcomes[index] as Outcome }));
  }, signal);
}
