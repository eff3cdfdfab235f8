import type { Socket } from "node:net";
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import type { Database } from "./client.ts";
import { type FailedStatement, watchStatements } from "./failed-statement.ts";
import { isDatabaseAbsent, isOutdatedPlan } from "./faults.ts";
import { streamOf } from "./prepared.ts";
import type { Queryable } from "./statement.ts";

/** An open transaction. Everything that a job reads and writes goes through it. */
export type Tx = Queryable & {
  /** How work that this transaction enqueues reaches Redis after the commit. Savepoints share it. */
  readonly dispatch: Dispatch;
  /**
   * Calls a listener whenever an answer of Postgres has arrived, before it is read.
   * @returns a function that ends it.
   */
  onAnswer(listener: () => void): () => void;
  /** Runs `work` under a savepoint, which is rolled back when it rejects. */
  transaction<T>(work: (savepoint: Tx) => Promise<T>): Promise<T>;
};

/** An entry of the outbox, and its name. */
export type Cause = { readonly entry: string; readonly job: string };

/** How work that a transaction enqueues reaches Redis after the commit. */
export type Dispatch = {
  /** The span in which the transaction runs, as a W3C `traceparent`; null while tracing is off. */
  readonly trace: string | null;
  /** The entry that the transaction settles, of several the first: what it enqueues is caused by it. */
  cause: Cause | null;
  /** True once the transaction has written entries that wait for the relay: wake it after the commit. */
  pending: boolean;
  /**
   * Reserves carriers for `entries` new entries of a job, at most `perCarrier` in each.
   * @returns a carrier for each entry, or null when the entries have to wait for the relay.
   */
  reserve(queue: string, job: string, entries: number, perCarrier: number): readonly string[] | null;
  /** Puts an entry that was written with a reserved carrier into that carrier. */
  assign(carrier: string, entry: string): void;
};

/** All entries wait for the relay, which finds them by polling. */
const relayOnly = (): Dispatch => ({
  trace: null,
  cause: null,
  pending: false,
  reserve: () => null,
  assign: () => undefined,
});

/**
 * Runs `work` in one transaction on one connection. Commits when it resolves, rolls back when it rejects.
 * Code that has a relay uses `relay.transact`, which also starts the work that was enqueued.
 *
 * Statements that do not wait for each other's results may be sent together. When one fails, this rejects
 * with its error, whichever of their errors the work has thrown.
 *
 * When `signal` aborts, the connection is destroyed at once, so that statements the abandoned work still
 * sends cannot run outside its transaction. Rejects with the signal's reason.
 */
export async function inTransaction<T>(
  db: Database,
  work: (tx: Tx) => Promise<T>,
  signal?: AbortSignal,
  dispatch: Dispatch = relayOnly(),
): Promise<T> {
  signal?.throwIfAborted();
  const client = await db.pool.connect();
  let released = false;
  const release = (broken: boolean) => {
    if (!released) client.release(broken);
    released = true;
  };
  // The signal may have aborted while this waited for a connection; its event has then already fired.
  if (signal?.aborted) {
    release(false);
    throw signal.reason;
  }
  const abandon = () => {
    release(true);
    // A graceful end would wait for the statements in flight.
    streamOf(client).destroy();
  };
  // A connection lost while it is checked out is reported by the statement that fails on it.
  client.on("error", ignoreLostConnection);
  signal?.addEventListener("abort", abandon, { once: true });
  const failed = watchStatements(client);
  try {
    const stream = streamOf(client);
    return await drizzle(client).transaction((inner) => work(ownTx(inner, { dispatch, stream, failed })));
  } catch (thrown) {
    if (signal?.aborted) throw signal.reason;
    const error = failed.reasonOf(thrown);
    // A migration changed the schema under its prepared statements: the next connection prepares them again.
    // A server that became read-only is no longer the primary: the next connection may lead to the new one.
    if (isOutdatedPlan(error) || isDatabaseAbsent(error)) release(true);
    throw error;
  } finally {
    failed.end();
    signal?.removeEventListener("abort", abandon);
    client.off("error", ignoreLostConnection);
    release(false);
  }
}

type DrizzleTransaction = Parameters<Parameters<NodePgDatabase["transaction"]>[0]>[0];

type Opened = {
  readonly dispatch: Dispatch;
  readonly stream: Socket;
  readonly failed: FailedStatement;
};

function ownTx(inner: DrizzleTransaction, opened: Opened): Tx {
  const { dispatch, stream, failed } = opened;
  return {
    execute: ((query) => sendNow(inner.execute(query))) as Tx["execute"],
    dispatch,
    onAnswer(listener) {
      stream.prependListener("data", listener);
      return () => void stream.off("data", listener);
    },
    transaction: (work) =>
      inner
        .transaction((savepoint) => work(ownTx(savepoint, opened)))
        .catch((error: unknown) => {
          throw failed.reasonOf(error);
        }),
  };
}

/**
 * Sends a statement now. Drizzle sends one only once its result is awaited, so a lock and a read together,
 * `Promise.all([lock(tx), read(tx)])`, would arrive in the order in which the functions await them.
 */
function sendNow<T>(statement: { execute(): Promise<T> }): Promise<T> {
  const sent = statement.execute();
  // A statement may fail before it is awaited; that is not an unhandled rejection.
  sent.catch(() => undefined);
  return sent;
}

function ignoreLostConnection(): void {
  // Intentionally empty: see inTransaction.
}
