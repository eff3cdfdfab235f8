import type { Database } from "../db/client.ts";
import { isStatementCancelled } from "../db/faults.ts";
import { TRANSACTION_LIMIT_MS } from "../db/session.ts";
import { inTransaction, type Tx } from "../db/transaction.ts";

/** With fewer keys, work on them is split no further. */
const LEAST_KEYS = 10;

/**
 * Runs one round in a transaction that is rolled back once it takes too long: a slow select, or thousands of
 * rows that are refused one by one. No other transaction may write mirrored rows at the same time. With the
 * fewest keys it may take as long as it does: otherwise nothing would ever be applied.
 */
export const inRound = <T>(
  db: Database,
  work: (tx: Tx) => Promise<T>,
  limit: number,
  limitMs = TRANSACTION_LIMIT_MS,
): Promise<T> => inTransaction(db, work, limit > LEAST_KEYS ? AbortSignal.timeout(limitMs) : undefined);

const isTooSlow = (error: unknown): boolean =>
  isStatementCancelled(error) || (error instanceof DOMException && error.name === "TimeoutError");

/** How many keys to read after work on some took too long. */
export const fewerKeys = (limit: number): number => Math.max(LEAST_KEYS, Math.floor(limit / 4));

/** @returns null if it took too long, and fewer keys can be read. */
export async function unlessTooSlow<T>(work: () => Promise<T>, limit: number): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (limit > LEAST_KEYS && isTooSlow(error)) return null;
    throw error;
  }
}
