import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { rows } from "../db/statement.ts";
import { inTransaction } from "../db/transaction.ts";
import { enqueueRun } from "./enqueue.ts";
import { parsePayload } from "./execution.ts";
import type { Job } from "./job.ts";
import { type RunJobDeps, runCarrier } from "./run-carrier.ts";
import { loadRun, openRun, type Run } from "./runs.ts";

const LOOK_EVERY_MS = 200;

/** Asks for a manual run: a row in job_runs and its entry, in one transaction. @returns the id of the run. */
export async function startRun(db: Database, job: Job, input: unknown): Promise<string> {
  const payload = parsePayload(job, input);
  return inTransaction(db, async (tx) => {
    const runId = await openRun(tx, job, "manual", payload);
    await enqueueRun(tx, job, payload, { id: runId, slot: null });
    return runId;
  });
}

/** Follows a run until it has ended, or the signal aborts. `onChange` sees it at every look. */
export async function followRun(
  db: Database,
  runId: string,
  onChange: (run: Run) => void,
  signal: AbortSignal,
): Promise<Run> {
  for (;;) {
    const run = await loadRun(db.drizzle, runId);
    if (!run) throw new Error(`There is no run ${runId}.`);
    onChange(run);
    if (run.finishedAt !== null || signal.aborted) return run;
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Runs a job here, without Redis and without workers, for real. Its entries are marked as carried, so that no relay brings them;
 * should this program die, the sweep finds the mark without a carrier and hands the rest to the workers.
 */
export async function runInline(
  deps: RunJobDeps,
  job: Job,
  input: unknown,
  onChange: (run: Run) => void,
  signal: AbortSignal,
): Promise<Run> {
  const payload = parsePayload(job, input);
  const carrier = `inline-${randomUUID()}`;
  const runId = await inTransaction(deps.db, async (tx) => {
    const id = await openRun(tx, job, "manual", payload);
    const entry = await enqueueRun(tx, job, payload, { id, slot: null });
    await tx.execute(sql`update outbox set enqueued_at = now(), carrier = ${carrier} where id = ${entry}`);
    return id;
  });
  for (;;) {
    const entry = await nextEntry(deps.db, runId, carrier);
    if (entry)
      await runCarrier(deps, { id: carrier, job: entry.job, entries: [entry.id], run: runId }, signal);
    const run = await loadRun(deps.db.drizzle, runId);
    if (!run) throw new Error(`There is no run ${runId}.`);
    onChange(run);
    if (run.finishedAt !== null || signal.aborted) return run;
    if (!entry) await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** The next entry of the run that nobody else carries. */
async function nextEntry(
  db: Database,
  runId: string,
  carrier: string,
): Promise<{ id: string; job: string } | undefined> {
  const [entry] = await rows<{ id: string; job: string }>(
    db.drizzle,
    sql`update outbox set enqueued_at = now(), carrier = ${carrier}
        where id = (select id from outbox where parent = ${runId} and dead_at is null and run_at <= now()
                      and (carrier is null or carrier = ${carrier})
                    order by id limit 1 for update skip locked)
        returning id, job`,
  );
  return entry;
}
