import { drizzle, type NodePgDatabase, type NodePgQueryResultHKT } from "drizzle-orm/node-postgres";
import type { PgTransaction } from "drizzle-orm/pg-core";
import type { Database } from "./client.ts";
import { isOutdatedPlan } from "./faults.ts";
import { streamOf } from "./prepared.ts";

/** An open transaction. Everything that a job reads and writes goes through it. */
export type Tx = PgTransaction<NodePgQueryResultHKT, Record<string, never>, Record<string, never>>;

/**
 * Runs `work` in one transaction on one connection. Commits when it resolves, rolls back when it rejects.
 *
 * When `signal` aborts, the connection is destroyed at once: whatever the abandoned work still sends goes nowhere,
 * instead of running outside its transaction. Rejects with the signal's reason.
 */
export async function inTransaction<T>(
  db: Database,
  work: (tx: Tx) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const client = await db.pool.connect();
  let released = false;
  const release = (broken: boolean) => {
    if (!released) client.release(broken);
    released = true;
  };
  // The wait for a connection may have outlasted the patience of whoever asked; no event tells of that any more.
  if (signal?.aborted) {
    release(false);
    throw signal.reason;
  }
  const abandon = () => {
    release(true);
    // Ending a connection waits for what was sent over it; here nobody waits any more.
    streamOf(client).destroy();
  };
  // A connection lost while it is checked out is reported by the statement that meets it.
  client.on("error", ignoreLostConnection);
  signal?.addEventListener("abort", abandon, { once: true });
  try {
    return (await drizzle(client).transaction(work as Parameters<NodePgDatabase["transaction"]>[0])) as T;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    // Its prepared statements are of a schema that was changed meanwhile: the next connection prepares them anew.
    if (isOutdatedPlan(error)) release(true);
    throw error;
  } finally {
    signal?.removeEventListener("abort", abandon);
    client.off("error", ignoreLostConnection);
    release(false);
  }
}

function ignoreLostConnection(): void {
  // Intentionally empty: see inTransaction.
}
