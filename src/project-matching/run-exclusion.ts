import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/** Both work out every list: the second one before it tells anybody. */
const JOBS = sql`('calculate-matches', 'notify-project-matches')`;
const FULL = sql`job in ${JOBS} and input -> 'projectId' is null and input -> 'volunteerId' is null`;

/** Another run over all projects that has been cut and has not ended. */
export async function fullRunUnderWay(tx: Tx, runId: string | null): Promise<boolean> {
  const found = await rows(
    tx,
    sql`select 1 from job_runs
        where ${FULL} and finished_at is null and total is not null and id <> coalesce(${runId}::bigint, 0) limit 1`,
  );
  return found.length > 0;
}

/** Whether a run for this slot, or a later one, has brought every list up to date. */
export async function calculatedSince(tx: Tx, slot: Date): Promise<boolean> {
  const found = await rows(
    tx,
    sql`select 1 from job_runs
        where ${FULL} and job = 'calculate-matches' and status = 'done' and coalesce(slot, started_at) >= ${slot}::timestamptz limit 1`,
  );
  return found.length > 0;
}
