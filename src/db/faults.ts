import { DrizzleQueryError } from "drizzle-orm";

/** What Postgres said, without the values that its messages carry. */
export type DatabaseFault = { readonly code: string; readonly constraint: string | null };

/** Finds the error of the server or of the connection under the wrappers of the drivers. */
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

/** pg reports a lost connection by words alone. */
function isLostConnection(message: string): boolean {
  return /Connection terminated|connection timeout|timeout exceeded when trying to connect|Client has encountered a connection error/i.test(
    message,
  );
}

/** Said of a cached plan whose result a migration changed. (Also of what Postgres cannot do at all; no statement of ours is such.) */
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

/** True when Postgres could not be reached or went away: nobody's fault, so it uses no attempt. */
export function isDatabaseAbsent(error: unknown): boolean {
  const fault = databaseFault(error);
  return fault !== null && (CONNECTION_CODES.has(fault.code) || fault.code.startsWith("08"));
}

/**
 * True for a deadlock, a serialization failure, a lock not granted in time or a plan that a migration made useless: the same work
 * succeeds when tried again.
 */
export function isContention(error: unknown): boolean {
  const fault = databaseFault(error);
  return fault !== null && ["40001", "40P01", "55P03", OUTDATED_PLAN].includes(fault.code);
}

/** True when the schema changed under a prepared statement: prepared anew, the same statement works. */
export const isOutdatedPlan = (error: unknown): boolean => databaseFault(error)?.code === OUTDATED_PLAN;

/** True when the message of the error holds, or may hold, the values of a statement. Drizzle's error does not say so by its name. */
export function carriesValues(error: Error): boolean {
  return error instanceof DrizzleQueryError || "severity" in error;
}
