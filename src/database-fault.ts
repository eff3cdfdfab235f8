import { DrizzleQueryError } from "drizzle-orm";

/**
 * An error of Postgres without its message, which may contain values. `routine`: the function of the server
 * that raised it.
 */
export type DatabaseFault = {
  readonly code: string;
  readonly constraint: string | null;
  /** The column of a null that violates a NOT NULL constraint. */
  readonly column: string | null;
  readonly routine: string | null;
};

/** Finds the error of the server or the connection under the wrappers of the drivers. */
export function databaseFault(error: unknown): DatabaseFault | null {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const { code, constraint, column, routine } = cause as Error &
      Partial<Record<keyof DatabaseFault, unknown>>;
    if (typeof code === "string" && !(cause instanceof DrizzleQueryError))
      return {
        code,
        constraint: textOrNull(constraint),
        column: textOrNull(column),
        routine: textOrNull(routine),
      };
    if (isLostConnection(cause.message))
      return { code: "08006", constraint: null, column: null, routine: null };
  }
  return null;
}

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** pg reports a lost connection without a code. */
function isLostConnection(message: string): boolean {
  return /Connection terminated|connection timeout|timeout exceeded when trying to connect|^timeout expired$|Client has encountered a connection error/i.test(
    message,
  );
}

/** True when the message of the error may contain parameter values. */
export function carriesValues(error: Error): boolean {
  return error instanceof DrizzleQueryError || "severity" in error;
}
