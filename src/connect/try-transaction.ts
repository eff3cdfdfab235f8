import type { Database } from "../db/client.ts";
import { inTransaction, type Tx } from "../db/transaction.ts";

/** Runs work in a transaction, which is rolled back in a dry run. @returns the result of the work. */
export async function tryTransaction<T>(
  db: Database,
  dryRun: boolean,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  if (!dryRun) return inTransaction(db, work);
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
