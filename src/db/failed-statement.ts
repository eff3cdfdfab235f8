import type { ClientBase } from "pg";
import { databaseFault } from "../database-fault.ts";
import { onServerError, type ServerError } from "./server-errors.ts";

/** What Postgres answers to all statements of a transaction behind one that failed. */
const TRANSACTION_FAILED = "25P02";

/** Knows which statement has failed a transaction. */
export type FailedStatement = {
  /**
   * Why the transaction failed, given what its work threw. Of statements that were sent together, the error
   * of a later one may be thrown first; that says nothing about the reason.
   */
  reasonOf(error: unknown): unknown;
  /** Ends the watch. */
  end(): void;
};

/** Watches the answers of Postgres over the connection of a transaction. */
export function watchStatements(client: ClientBase): FailedStatement {
  let reason: ServerError | null = null;
  const end = onServerError(client, (error) => {
    if (error.code !== TRANSACTION_FAILED) reason = error;
  });
  return {
    reasonOf: (error) => (databaseFault(error)?.code === TRANSACTION_FAILED ? (reason ?? error) : error),
    end,
  };
}
