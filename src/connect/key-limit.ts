import { isStatementCancelled } from "../db/faults.ts";

/** The select of a mapping may be slow: with fewer keys it then fits into the limit of a statement. */
const LEAST_KEYS = 10;

/** How many keys to read after work on some took too long. */
export const fewerKeys = (limit: number): number => Math.max(LEAST_KEYS, Math.floor(limit / 4));

/** @returns null if it took too long, and fewer keys can be read. */
export async function unlessTooSlow<T>(work: () => Promise<T>, limit: number): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (limit > LEAST_KEYS && isStatementCancelled(error)) return null;
    throw error;
  }
}
