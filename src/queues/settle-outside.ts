import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { type Holder, isLeaseOver, renewLease, takeLease } from "./call-lease.ts";
import {
  claimEntries,
  contextFor,
  type Entry,
  type EntryRefs,
  type Execution,
  endRun,
  lockEntry,
  lockLeased,
  readPayload,
  type Settled,
} from "./execution.ts";
import type { OutsideContext, OutsideJob } from "./job.ts";
import { CallFailed, Cancel, Interrupted, NotSent, Snooze, skipped, TimeLimitExceeded } from "./outcome.ts";

/**
 * What is stored for a call: the request, the payload it was prepared for, and how often the job had been
 * enqueued: enqueued again, it needs another call. `id`: unique to the request. `note`: the last of the call.
 */
type StoredRequest = {
  readonly id: string;
  readonly asks: number;
  readonly payload: unknown;
  readonly request: unknown;
  readonly note?: string;
};

/**
 * An outside call cannot be settled by deleting first: the request is stored and committed, then sent, then
 * its answer is recorded and the entry deleted. If the job was enqueued again since the request was prepared,
 * the answer is recorded and the entry is due again.
 */
export async function settleOutside(
  execution: Execution,
  job: OutsideJob<unknown, unknown, unknown>,
  refs: EntryRefs,
  signal: AbortSignal,
  holder: Holder | null,
): Promise<Settled> {
  const startedMs = performance.now();
  if (!execution.insteadOfCall) await job.admit?.(refs.ids[0] ?? "", outsideContext(execution, job, signal));
  const prepared = await execution.transact(
    (tx) => prepareRequest({ execution, job, tx, signal, holder }, refs),
    signal,
  );
  if (prepared.kind === "settled") return prepared.settled;
  if (execution.insteadOfCall) {
    execution.insteadOfCall(job, prepared.stored.request);
    return [{ id: prepared.entry.id, outcome: skipped("dry run: the call was not made") }];
  }
  if (isLeaseOver(startedMs)) throw new TimeLimitExceeded("the event loop was blocked before the call");
  const transact = (work: (tx: Tx) => Promise<unknown>) => execution.transact(work, signal);
  const renewal = holder && renewLease(transact, prepared.entry.id, holder);
  const answer = await (prepared.kind === "answer"
    ? Promise.resolve(prepared.answer)
    : call(execution, job, prepared, signal)
  ).finally(() => renewal?.stop());
  return execution.transact(
    (tx) => recordAnswer({ execution, job, tx, signal, holder }, prepared, answer),
    signal,
  );
}

/** One transaction around an outside call. */
type OutsideStep = {
  readonly execution: Execution;
  readonly job: OutsideJob<unknown, unknown, unknown>;
  readonly tx: Tx;
  readonly signal: AbortSignal;
  readonly holder: Holder | null;
};

/** Wraps errors of a call: an ECONNREFUSED from outside must not be mistaken for one from Postgres. */
async function call(
  execution: Execution,
  job: OutsideJob<unknown, unknown, unknown>,
  { entry, stored, isResent }: RequestToSend,
  signal: AbortSignal,
): Promise<unknown> {
  const note = (text: string) => execution.transact((tx) => storeNote(tx, { entry, stored }, text), signal);
  try {
    return await execution.tracing.inSpan(
      { name: `call ${job.name}`, kind: "client", attributes: { "commonwork.resent": isResent } },
      () => job.call(stored.request, { ...outsideContext(execution, job, signal), note }),
    );
  } catch (error) {
    if (isResent && error instanceof NotSent) throw keepingRequest(error);
    if (PASSED_ON.some((type) => error instanceof type)) throw error;
    throw new CallFailed("the call failed", { cause: error });
  }
}

/**
 * An earlier attempt may have arrived with this request, so its bytes stay, although this attempt had no
 * effect: other bytes under the same idempotency key would be refused, or sent twice.
 */
const keepingRequest = (error: NotSent): Error =>
  error.delayMs === null
    ? new CallFailed("the call failed", { cause: error })
    : new Snooze(error.delayMs, error.message);

/** Errors with which a call decides itself what happens next. */
const PASSED_ON = [Snooze, Cancel, NotSent, Interrupted];

const outsideContext = (
  { ports, clock, log }: Execution,
  job: OutsideJob<unknown, unknown, unknown>,
  signal: AbortSignal,
): OutsideContext => ({ ports, now: clock.now(), log: log.child({ job: job.name }), signal });

type RequestOfEntry = { readonly entry: Entry; readonly stored: StoredRequest };

/** `isResent`: an earlier attempt may have sent it. */
type RequestToSend = RequestOfEntry & { readonly isResent: boolean };

type PreparedEntry =
  | { readonly kind: "settled"; readonly settled: Settled }
  | (RequestToSend & { readonly kind: "send" })
  | (RequestOfEntry & { readonly kind: "answer"; readonly answer: unknown });

async function storeNote(tx: Tx, { entry, stored }: RequestOfEntry, text: string): Promise<void> {
  const written = await tx.execute(
    sql`update outbox set request = request || jsonb_build_object('note', ${text}::text)
        where id = ${entry.id} and dead_at is null and request->>'id' = ${stored.id}`,
  );
  if (!written.rowCount) throw new Interrupted("another carrier has taken over the request");
}

async function prepareRequest(
  { execution, job, tx, signal, holder }: OutsideStep,
  refs: EntryRefs,
): Promise<PreparedEntry> {
  const entry = await lockEntry(tx, refs, holder?.carrier ?? null);
  if (!entry) return { kind: "settled", settled: [] };
  if (holder) await takeLease(tx, entry.id, holder);
  const context = contextFor(execution, tx, entry, job, signal);
  // An earlier attempt may have reached the other side: send the same bytes again, under the same idempotency
  // key.
  if (entry.request !== null) {
    const stored = entry.request as StoredRequest;
    // Checked before the call, since the answer to a payload of another version could not be recorded.
    readPayload(job, stored.payload);
    const resumption = (await job.resume?.(stored.request, stored.note ?? null, context)) ?? SEND_AGAIN;
    if (resumption.kind === "answer") return { entry, stored, ...resumption };
    if (resumption.kind === "send") return { kind: "send", entry, stored, isResent: true };
  }
  const prepared = await job.prepare(readPayload(job, entry.payload), context);
  if ("nothing" in prepared) {
    const outcome = skipped(prepared.nothing);
    await claimEntries(tx, refs);
    await endRun(execution, tx, entry, outcome);
    return { kind: "settled", settled: [{ id: entry.id, outcome }] };
  }
  const request: StoredRequest = {
    id: randomUUID(),
    asks: entry.asks,
    payload: entry.payload,
    request: prepared.request,
  };
  // jsonb reorders keys, so the first attempt sends what Postgres returns too.
  const [row] = await rows<{ stored: StoredRequest }>(
    tx,
    sql`update outbox set request = ${JSON.stringify(request)}::jsonb where id = ${entry.id} returning request as stored`,
  );
  if (!row) throw new Error(`entry ${entry.id} vanished while it was locked`);
  return { kind: "send", entry, stored: row.stored, isResent: false };
}

const SEND_AGAIN = { kind: "send" } as const;

async function recordAnswer(
  { execution, job, tx, signal, holder }: OutsideStep,
  { entry: seen, stored }: RequestOfEntry,
  answer: unknown,
): Promise<Settled> {
  const entry = await lockLeased(tx, seen.id, holder?.token ?? null);
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
    sql`update outbox set request = null, attempts = 0, error = null, run_at = now(), enqueued_at = null, carrier = null,
          leased_by = null, leased_until = null
        where id = ${id}`,
  );
}
