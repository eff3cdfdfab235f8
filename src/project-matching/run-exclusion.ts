import { sql } from "drizzle-orm";
import { lockKey } from "../db/schema-keys.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { Snooze } from "../queues/outcome.ts";

/** The jobs that recompute all lists; the second one does so before it notifies anybody. */
const JOBS = sql`('calculate-matches', 'notify-project-matches')`;
const IS_FULL_RUN = sql`job in ${JOBS} and input -> 'projectId' is null and input -> 'volunteerId' is null`;

const FULL_RUN_RETRY_MS = 2_000;
const LOCK_RETRY_MS = 100;
const LOCK = sql.raw(lockKey("calculate-matches"));

/**
 * Keeps a full run, one over all lists, from overlapping another.
 *
 * @throws Snooze while another full run has been cut and has not ended.
 */
export async function waitForFullRun(tx: Tx, runId: string | null): Promise<void> {
  const found = await rows(
    tx,
    sql`select 1 from job_runs
        where ${IS_FULL_RUN} and finished_at is null and total is not null and id <> coalesce(${runId}::bigint, 0) limit 1`,
  );
  if (found.length > 0) throw new Snooze(FULL_RUN_RETRY_MS, "a run over all projects is active");
}

/**
 * Makes this transaction the only one that updates single lists: two at once could each miss what the other
 * writes. A full run may have read what changed since, and would overwrite it, so single updates come after
 * it.
 *
 * @throws Snooze while a full run is active or another transaction holds the lock.
 */
export async function lockSingleLists(tx: Tx, runId: string | null): Promise<void> {
  await waitForFullRun(tx, runId);
  const [lock] = await rows<{ acquired: boolean }>(
    tx,
    sql`select pg_try_advisory_xact_lock(${LOCK}) as acquired`,
  );
  if (!lock?.acquired) throw new Snooze(LOCK_RETRY_MS, "another list is being updated");
}

/** Whether a run of calculate-matches over all projects for this slot, or a later one, is done. */
export async function isCalculatedSince(tx: Tx, slot: Date): Promise<boolean> {
  const found = await rows(
    tx,
    sql`select 1 from job_runs
        where ${IS_FULL_RUN} and job = 'calculate-matches' and status = 'done' and coalesce(slot, started_at) >= ${slot}::timestamptz limit 1`,
  );
  return found.length > 0;
}
