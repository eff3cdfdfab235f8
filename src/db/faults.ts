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
  "57P01",
  "57P02",
  "57P03",
  "53300",
  "3F000",
]);

/** True when Postgres could not be reached or the connection was lost. Uses no attempt. */
export function isDatabaseAbsent(error: unknown): boolean {
  const fault = databaseFault(error);
  return fault !== null && (CONNECTION_CODES.has(fault.code) || fault.code.startsWith("08"));
}

/**
 * True for a deadlock, a serialization failure, a lock timeout, or a plan outdated by a migration: the same work succeeds when it is
 * retried.
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
