import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { type ListArea, type ListVersion, lockArea, retireAbandoned } from "../db/versions.ts";
import { AnotherVersion, Snooze } from "../queues/outcome.ts";

const RETRY_MS = 2_000;

/**
 * Keeps runs over all lists from overlapping each other and single changes, which wait until the run has
 * ended.
 */
export async function waitForBuilding(tx: Tx, area: ListArea): Promise<void> {
  await lockArea(tx, area);
  await retireAbandoned(tx, area);
  const building = await rows(
    tx,
    sql`select 1 from list_versions where area = ${area} and state = 'building' limit 1`,
  );
  if (building.length > 0) throw new Snooze(RETRY_MS, "all lists are being computed");
}

/**
 * Lets one run at a time place users: two at once would each compute what the other has just stored.
 *
 * @throws Snooze while another run of this job is active.
 */
export async function waitForPlacing(tx: Tx, job: string, runId: string | null): Promise<void> {
  const active = await rows(
    tx,
    sql`select 1 from job_runs
        where job = ${job} and finished_at is null and total is not null and id <> coalesce(${runId}::bigint, 0) limit 1`,
  );
  if (active.length > 0) throw new Snooze(RETRY_MS, "other changes are being placed");
}

/**
 * Lets a process write into a version of the lists only if its algorithm is that of the version, or a later
 * one.
 *
 * @param own the version of the algorithm of this process.
 * @throws AnotherVersion: the work waits for a process with a later one.
 */
export function requireAlgorithm({ algoVersion }: Pick<ListVersion, "algoVersion">, own: number): void {
  if (algoVersion > own)
    throw new AnotherVersion(
      `the lists are of version ${algoVersion} of the algorithm, this process has ${own}`,
    );
}
