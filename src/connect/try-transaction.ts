import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "../db/client.ts";
import { isContention, isDatabaseAbsent, isDatabaseUnfit } from "../db/faults.ts";
import { inTransaction, type Tx } from "../db/transaction.ts";

/** The wait before each retry; together half a minute, which a restart or failover of Postgres may take. */
const WAITS_MS = [250, 1_000, 4_000, 10_000, 15_000];

/**
 * Runs work in a transaction, which is rolled back in a dry run. It is retried for half a minute when the
 * connection is lost, so it must be idempotent: a commit whose answer was lost may have been stored.
 *
 * @returns the result of the work.
 */
export async function tryTransaction<T>(
  db: Database,
  dryRun: boolean,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const run = () => (dryRun ? rolledBack(db, work) : inTransaction(db, work));
  for (const waitMs of WAITS_MS) {
    try {
      return await run();
    } catch (error) {
      if (!isRetryable(error)) throw error;
      await delay(waitMs);
    }
  }
  return run();
}

const isRetryable = (error: unknown): boolean =>
  isContention(error) || (isDatabaseAbsent(error) && !isDatabaseUnfit(error));

async function rolledBack<T>(db: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  const found: T[] = [];
  const rollback = new Error("rolled back");
  await inTransaction(db, async (tx) => {
    found.push(await work(tx));
    throw rollback;
  }).catch((error: unknown) => {
    if (error !== rollback) throw error;
  });
  return found[0] as T;
}
