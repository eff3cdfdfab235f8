import { DrizzleQueryError } from "drizzle-orm";

/** An error of Postgres without its message, which may contain values. */
export type DatabaseFault = { readonly code: string; readonly constraint: string | null };

/** Finds the error of the server or the connection under the wrappers of the drivers. */
export function databaseFault(error: unknown): DatabaseFault | null {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const { code, constraint } = cause as Error & { code?: unknown; constraint?: unknown };
    if (typeof code === "string" && !(cause instanceof DrizzleQueryError)) {
      return { code, constraint: typeof constraint === "string" ? constraint : null };
    }
    if (isLostConnection(cause.message)) return { code: "08006", constraint: null };
  }
  return null;
}

/** pg reports a lost connection without a code. */
function isLostConnection(message: string): boolean {
  return /Connection terminated|connection timeout|timeout exceeded when trying to connect|Client has encountered a connection error/i.test(
    message,
  );
}

/** feature_not_supported: raised for a cached plan whose result type a migration changed. */
const OUTDATED_PLAN = "0A000";

const CONNECTION_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "ETIMEDOUT",
  "EPIPE",
  "EHOSTUNREACH",
  "ENETUNREACH",
  // Shut down, crashed, starting, database dropped, session timed out, too many connections.
  "57P01",
  "57P02",
  "57P03",
  "57P04",
  "57P05",
  "53300",
  "3F000",
]);

/**
 * The server answers and cannot do the work: read-only, disk full, out of memory, a limit of its own, I/O
 * error.
 */
const UNFIT_CODES = new Set(["25006", "53000", "53100", "53200", "53400", "58030"]);

/**
 * True when Postgres could not be reached, went away or cannot write: not the fault of the work, so it uses
 * no attempt.
 */
export function isDatabaseAbsent(error: unknown): boolean {
  const fault = databaseFault(error);
  if (fault === null) return false;
  return CONNECTION_CODES.has(fault.code) || fault.code.startsWith("08") || UNFIT_CODES.has(fault.code);
}

/**
 * True when Postgres answered that it cannot do the work now: trying again at once would end the same way.
 */
export const isDatabaseUnfit = (error: unknown): boolean => UNFIT_CODES.has(databaseFault(error)?.code ?? "");

/**
 * True for a deadlock, a serialization failure, a lock timeout, or a plan outdated by a migration: the same
 * work succeeds when it is retried.
 */
export function isContention(error: unknown): boolean {
  const fault = databaseFault(error);
  return fault !== null && ["40001", "40P01", "55P03", OUTDATED_PLAN].includes(fault.code);
}

/** True when the schema changed under a prepared statement: preparing it again helps. */
export const isOutdatedPlan = (error: unknown): boolean => databaseFault(error)?.code === OUTDATED_PLAN;

/** True when the message of the error may contain parameter values. */
export function carriesValues(error: Error): boolean {
  return error instanceof DrizzleQueryError || "severity" in error;
}

const QUERY_CANCELED = "57014";

/** True when the server cancelled the statement: at its time limit, or on demand. */
export const isStatementCancelled = (error: unknown): boolean =>
  databaseFault(error)?.code === QUERY_CANCELED;

/**
 * True when the fault is not about the rows of the work: Postgres is away or unfit, a lock was not granted,
 * or the statement was cancelled. Fewer rows would fail in the same way.
 */
export const isSystemicFault = (error: unknown): boolean =>
  isDatabaseAbsent(error) || isContention(error) || isStatementCancelled(error);
