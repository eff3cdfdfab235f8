import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { rows } from "../db/statement.ts";
import { inTransaction, type Tx } from "../db/transaction.ts";
import type { RunCarrierDeps } from "./attempt.ts";
import { enqueueRun } from "./enqueue.ts";
import { parsePayload } from "./execution.ts";
import type { Job } from "./job.ts";
import { runCarrier } from "./run-carrier.ts";
import { loadRun, openRun, type Run } from "./runs.ts";

const POLL_MS = 200;

/**
 * Enqueues a manual run: a row in job_runs and its entry.
 * @param options `partOf`: the run that it is a step of.
 * @returns the id of the run.
 */
export async function startRun(
  tx: Tx,
  job: Job,
  input: unknown,
  { partOf = null }: { readonly partOf?: string | null } = {},
): Promise<string> {
  const payload = parsePayload(job, input);
  const id = await openRun(tx, job, "manual", payload, partOf);
  await enqueueRun(tx, job, payload, { id, slot: null });
  return id;
}

/** Follows a run until it has ended or the signal aborts. `onChange` receives the run at every poll. */
export async function followRun(
  db: Database,
  runId: string,
  onChange: (run: Run) => void,
  signal: AbortSignal,
): Promise<Run> {
  for (;;) {
    const run = await currentRun(db, runId);
    onChange(run);
    if (run.finishedAt !== null || signal.aborted) return run;
    await pause(signal);
  }
}

/** The prefix of the names of this process's carriers. */
const INLINE = "inline-";

/**
 * Runs a job in this process, without Redis and workers. Its entries get a carrier that only this process
 * knows, so that no relay takes them. If the process dies, the sweep finds the carrier missing and the
 * workers continue the run.
 */
export async function runInline(
  deps: RunCarrierDeps,
  job: Job,
  input: unknown,
  onChange: (run: Run) => void,
  signal: AbortSignal,
): Promise<Run> {
  const carrier = `${INLINE}${randomUUID()}`;
  const runId = await inTransaction(deps.db, async (tx) => {
    const id = await startRun(tx, job, input);
    await tx.execute(sql`update outbox set enqueued_at = now(), carrier = ${carrier} where parent = ${id}`);
    return id;
  });
  return runEntries(deps, runId, carrier, onChange, signal);
}

/** Runs the rest of a run and of its steps in this process, including what another such process began. */
export const continueInline = (
  deps: RunCarrierDeps,
  runId: string,
  onChange: (run: Run) => void,
  signal: AbortSignal,
): Promise<Run> => runEntries(deps, runId, `${INLINE}${randomUUID()}`, onChange, signal);

async function runEntries(
  deps: RunCarrierDeps,
  runId: string,
  carrier: string,
  onChange: (run: Run) => void,
  signal: AbortSignal,
): Promise<Run> {
  for (;;) {
    const entry = await nextEntry(deps.db, runId, carrier);
    if (entry) await runCarrier(deps, { ...entry, id: carrier, entries: [entry.id] }, signal);
    const run = await currentRun(deps.db, runId);
    onChange(run);
    if (run.finishedAt !== null || signal.aborted) return run;
    if (!entry) await pause(signal);
  }
}

async function currentRun(db: Database, id: string): Promise<Run> {
  const run = await loadRun(db.drizzle, id);
  if (!run) throw new Error(`there is no run ${id}`);
  return run;
}

const pause = (signal: AbortSignal) => delay(POLL_MS, undefined, { signal }).catch(() => undefined);

type NextEntry = { id: string; job: string; run: string; slot: string | null; attempts: number };

/**
 * The next due entry of the run or of a step of it that no worker holds. One that another such process holds
 * is taken over: whichever settles it first wins.
 */
async function nextEntry(db: Database, runId: string, carrier: string): Promise<NextEntry | undefined> {
  const [entry] = await rows<NextEntry>(
    db.drizzle,
    sql`update outbox set enqueued_at = now(), carrier = ${carrier}
        where id = (select id from outbox
                    where parent in (select ${runId}::bigint union all select id from job_runs where part_of = ${runId})
                      and dead_at is null and run_at <= now() and (carrier is null or starts_with(carrier, ${INLINE}))
                    order by id limit 1 for update skip locked)
        returning id, job, parent as run, slot, attempts`,
  );
  return entry;
}
