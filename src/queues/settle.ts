import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { withTimeLimit } from "../deadlines.ts";
import {
  claimEntries,
  contextFor,
  type Entry,
  type EntryRefs,
  type Execution,
  endRun,
  lockEntry,
  readPayload,
  type Settled,
  type Work,
} from "./execution.ts";
import { type BatchJob, namesOf, type OutsideJob, type SingleJob } from "./job.ts";
import {
  CallFailed,
  Cancel,
  Interrupted,
  type Outcome,
  Snooze,
  skipped,
  TimeLimitExceeded,
} from "./outcome.ts";
import { settleRangedPart } from "./settle-ranged.ts";

/**
 * Runs a group of entries in the form of its job and settles it. Throws if any entry of the group failed;
 * nothing is settled then.
 */
export async function settle(
  execution: Execution,
  work: Work,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Settled> {
  const { job, part } = work;
  const refs: EntryRefs = { ids, names: namesOf(job, part) };
  if (job.form === "batch") return settleBatch(execution, job, refs, signal);
  if (ids.length > 1) throw new Error(`${job.name} runs one entry at a time, not ${ids.length}`);
  if (job.form === "outside") return settleOutside(execution, job, refs, signal);
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
): Promise<Settled> {
  const ms = work.job.timeLimitMs;
  const timedOut = () => new TimeLimitExceeded(`ran longer than ${ms} ms`);
  const stopped = () => new Interrupted("the worker is stopping");
  return withTimeLimit({ ms, stop, timedOut, stopped }, (signal) => settle(execution, work, ids, signal));
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

/**
 * What is stored for a call: the request, with the payload and the number of asks it was prepared for. A
 * later ask needs another call.
 */
type StoredRequest = { readonly asks: number; readonly payload: unknown; readonly request: unknown };

/**
 * An outside call cannot be settled by deleting first: the request is stored and committed, then sent, then
 * its answer is recorded and the entry deleted. If the job was enqueued again since the request was prepared,
 * the answer is recorded and the entry is due again.
 */
async function settleOutside(
  execution: Execution,
  job: OutsideJob<unknown, unknown, unknown>,
  refs: EntryRefs,
  signal: AbortSignal,
): Promise<Settled> {
  const prepared = await execution.transact((tx) => prepareRequest(execution, job, tx, refs, signal), signal);
  if (prepared.kind === "settled") return prepared.settled;
  const { request } = prepared.stored;
  if (execution.insteadOfCall) {
    execution.insteadOfCall(job, request);
    return [{ id: prepared.entry.id, outcome: skipped("dry run: the call was not made") }];
  }
  const answer = await call(execution, job, request, signal);
  return execution.transact((tx) => recordAnswer(execution, job, tx, prepared, answer, signal), signal);
}

/** Wraps errors of a call: an ECONNREFUSED from outside must not be mistaken for one from Postgres. */
async function call(
  { ports, clock, log }: Execution,
  job: OutsideJob<unknown, unknown, unknown>,
  request: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return await job.call(request, { ports, now: clock.now(), log: log.child({ job: job.name }), signal });
  } catch (error) {
    if (error instanceof Snooze || error instanceof Cancel) throw error;
    throw new CallFailed("the call failed", { cause: error });
  }
}

type PreparedEntry =
  | { readonly kind: "settled"; readonly settled: Settled }
  | { readonly kind: "send"; readonly entry: Entry; readonly stored: StoredRequest };

async function prepareRequest(
  execution: Execution,
  job: OutsideJob<unknown, unknown, unknown>,
  tx: Tx,
  refs: EntryRefs,
  signal: AbortSignal,
): Promise<PreparedEntry> {
  const entry = await lockEntry(tx, refs);
  if (!entry) return { kind: "settled", settled: [] };
  // An earlier attempt may have reached the other side: send the same bytes again, under the same idempotency
  // key.
  if (entry.request !== null) {
    const stored = entry.request as StoredRequest;
    // Before the call, since its answer could not be recorded.
    readPayload(job, stored.payload);
    return { kind: "send", entry, stored };
  }
  const prepared = await job.prepare(
    readPayload(job, entry.payload),
    contextFor(execution, tx, entry, job, signal),
  );
  if ("nothing" in prepared) {
    const outcome = skipped(prepared.nothing);
    await claimEntries(tx, refs);
    await endRun(execution, tx, entry, outcome);
    return { kind: "settled", settled: [{ id: entry.id, outcome }] };
  }
  const request: StoredRequest = { asks: entry.asks, payload: entry.payload, request: prepared.request };
  // jsonb reorders keys, so the first attempt sends what Postgres returns too.
  const [row] = await rows<{ stored: StoredRequest }>(
    tx,
    sql`update outbox set request = ${JSON.stringify(request)}::jsonb where id = ${entry.id} returning request as stored`,
  );
  if (!row) throw new Error(`entry ${entry.id} vanished while it was locked`);
  return { kind: "send", entry, stored: row.stored };
}

async function recordAnswer(
  execution: Execution,
  job: OutsideJob<unknown, unknown, unknown>,
  tx: Tx,
  { entry: seen, stored }: Extract<PreparedEntry, { kind: "send" }>,
  answer: unknown,
  signal: AbortSignal,
): Promise<Settled> {
  const entry = await lockEntry(tx, { ids: [seen.id], names: [seen.job] });
  // Another carrier has already recorded the answer to this request.
  if ((entry?.request as StoredRequest | null | undefined)?.asks !== stored.asks || !entry) return [];
  const payload = readPayload(job, stored.payload);
  const outcome = await job.record(payload, answer, contextFor(execution, tx, seen, job, signal));
  // Checked last: recording may have enqueued the job again itself, because one call was not enough.
  const settled = await tx.execute(sql`delete from outbox where id = ${entry.id} and asks = ${stored.asks}`);
  if (settled.rowCount) await endRun(execution, tx, seen, outcome);
  else await makeDueAgain(tx, entry.id);
  return [{ id: entry.id, outcome }];
}

/** Enqueued again since the request was prepared: the next attempt prepares a new one. */
async function makeDueAgain(tx: Tx, id: string): Promise<void> {
  await tx.execute(
    sql`update outbox set request = null, attempts = 0, error = null, run_at = now(), enqueued_at = null, carrier = null
        where id = ${id}`,
  );
}
