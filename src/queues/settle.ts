import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import {
  type Asked,
  claim,
  contextFor,
  type Entry,
  type Execution,
  endRun,
  hold,
  parsePayload,
  type Settled,
  type Work,
} from "./execution.ts";
import { type BatchJob, namesOf, type OutsideJob, type SingleJob } from "./job.ts";
import { CallFailed, Cancel, type Outcome, Snooze, skipped } from "./outcome.ts";
import { settleRangedPart } from "./settle-ranged.ts";

/** Runs one group of entries in the form of its job, and settles it. Throws when the group has to be tried otherwise. */
export async function settle(
  execution: Execution,
  work: Work,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Settled> {
  const { job, part } = work;
  const asked: Asked = { ids, names: namesOf(job, part) };
  if (job.form === "batch") return settleBatch(execution, job, asked, signal);
  if (ids.length > 1) throw new Error(`${job.name} takes one entry at a time, not ${ids.length}.`);
  if (job.form === "outside") return settleOutside(execution, job, asked, signal);
  if (job.form === "single") return settleSingle(execution, job, asked, signal);
  return settleRangedPart(execution, job, part, asked, signal);
}

async function settleSingle(
  execution: Execution,
  job: SingleJob<unknown>,
  asked: Asked,
  signal: AbortSignal,
): Promise<Settled> {
  return execution.transact(async (tx) => {
    const [entry] = await claim(tx, asked);
    if (!entry) return [];
    const outcome = await job.run(
      parsePayload(job, entry.payload),
      contextFor(execution, tx, entry, job, signal),
    );
    await endRun(execution, tx, entry, outcome);
    return [{ id: entry.id, outcome }];
  }, signal);
}

async function settleBatch(
  execution: Execution,
  job: BatchJob<unknown>,
  asked: Asked,
  signal: AbortSignal,
): Promise<Settled> {
  return execution.transact(async (tx) => {
    const entries = await claim(tx, asked);
    if (entries.length === 0) return [];
    const payloads = entries.map((entry) => parsePayload(job, entry.payload));
    const alone = entries.length === 1 ? entries[0] : undefined;
    const outcomes = await job.runBatch(payloads, contextFor(execution, tx, alone, job, signal));
    if (outcomes.length !== payloads.length) {
      throw new Error(`${job.name} gave ${outcomes.length} outcomes for ${payloads.length} payloads.`);
    }
    if (alone && outcomes[0]) await endRun(execution, tx, alone, outcomes[0]);
    return entries.map(({ id }, index) => ({ id, outcome: outcomes[index] as Outcome }));
  }, signal);
}

/**
 * What is stored around a call. The ask that it was prepared for stands beside the request: an ask that comes later, be it between
 * two tries, is not answered by it.
 */
type StoredRequest = { readonly asks: number; readonly payload: unknown; readonly request: unknown };

/**
 * Around a call nothing can be deleted first: the request is stored and committed, then sent, then the answer is recorded and the
 * entry settled if nobody asked again since it was prepared. If somebody did, the answer still counts and the entry is due again.
 */
async function settleOutside(
  execution: Execution,
  job: OutsideJob<unknown, unknown, unknown>,
  asked: Asked,
  signal: AbortSignal,
): Promise<Settled> {
  const prepared = await execution.transact(
    (tx) => prepareRequest(execution, job, tx, asked, signal),
    signal,
  );
  if (prepared.kind === "settled") return prepared.settled;
  const { request } = prepared.stored;
  if (execution.insteadOfCall) {
    execution.insteadOfCall(job, request);
    return [{ id: prepared.entry.id, outcome: skipped("dry run: the call was not made") }];
  }
  const answer = await call(execution, job, request, signal);
  return execution.transact((tx) => recordAnswer(execution, job, tx, prepared, answer, signal), signal);
}

/** A refused connection to the outside is not a Postgres that is away, though both say ECONNREFUSED. */
async function call(
  { ports, log }: Execution,
  job: OutsideJob<unknown, unknown, unknown>,
  request: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return await job.call(request, { ports, log: log.child({ job: job.name }), signal });
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
  asked: Asked,
  signal: AbortSignal,
): Promise<PreparedEntry> {
  const entry = await hold(tx, asked);
  if (!entry) return { kind: "settled", settled: [] };
  // An earlier try may have reached the other side: the same bytes go out again, under the same key.
  if (entry.request !== null) return { kind: "send", entry, stored: entry.request as StoredRequest };
  const prepared = await job.prepare(
    parsePayload(job, entry.payload),
    contextFor(execution, tx, entry, job, signal),
  );
  if ("nothing" in prepared) {
    const outcome = skipped(prepared.nothing);
    await claim(tx, asked);
    await endRun(execution, tx, entry, outcome);
    return { kind: "settled", settled: [{ id: entry.id, outcome }] };
  }
  const request: StoredRequest = { asks: entry.asks, payload: entry.payload, request: prepared.request };
  // What Postgres made of it is sent, by the first try too: its order of keys is not ours.
  const [row] = await rows<{ stored: StoredRequest }>(
    tx,
    sql`update outbox set request = ${JSON.stringify(request)}::jsonb where id = ${entry.id} returning request as stored`,
  );
  if (!row) throw new Error(`The entry ${entry.id} vanished while it was held.`);
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
  const entry = await hold(tx, { ids: [seen.id], names: [seen.job] });
  // Another carrier has recorded the answer to this request.
  if ((entry?.request as StoredRequest | null | undefined)?.asks !== stored.asks || !entry) return [];
  const payload = parsePayload(job, stored.payload);
  const outcome = await job.record(payload, answer, contextFor(execution, tx, seen, job, signal));
  // Only now: recording may have asked again itself, because one call was not enough.
  const settled = await tx.execute(sql`delete from outbox where id = ${entry.id} and asks = ${stored.asks}`);
  if (settled.rowCount) await endRun(execution, tx, seen, outcome);
  else await makeDueAgain(tx, entry.id);
  return [{ id: entry.id, outcome }];
}

/** Somebody asked since the request was prepared: it is prepared anew for them. */
async function makeDueAgain(tx: Tx, id: string): Promise<void> {
  await tx.execute(
    sql`update outbox set request = null, attempts = 0, error = null, run_at = now(), enqueued_at = null, carrier = null
        where id = ${id}`,
  );
}
