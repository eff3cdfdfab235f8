import { databaseFault } from "../database-fault.ts";

/**
 * feature_not_supported, of a cached plan whose result type a migration changed. Other errors have the code
 * too, such as a NaN that is cast to an integer.
 */
const OUTDATED_PLAN = { code: "0A000", routine: "RevalidateCachedQuery" };

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
export const UNFIT_CODES: ReadonlySet<string> = new Set([
  "25006",
  "53000",
  "53100",
  "53200",
  "53400",
  "58030",
]);

/** Invalid password, invalid authorization, unknown database. */
export const LOGIN_CODES: ReadonlySet<string> = new Set(["28P01", "28000", "3D000"]);

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
  return ["40001", "40P01", "55P03"].includes(databaseFault(error)?.code ?? "") || isOutdatedPlan(error);
}

/** Invalid text for the encoding, in a text or in JSON; an instant out of range; nested too deeply. */
const UNSTORABLE_CODES = new Set(["22021", "22P05", "22008", "54001"]);

/** True when Postgres cannot store a value: the fault of its sender. */
export const isUnstorable = (error: unknown): boolean =>
  UNSTORABLE_CODES.has(databaseFault(error)?.code ?? "");

/** True when the schema changed under a prepared statement: preparing it again helps. */
export function isOutdatedPlan(error: unknown): boolean {
  const fault = databaseFault(error);
  return fault?.code === OUTDATED_PLAN.code && fault.routine === OUTDATED_PLAN.routine;
}

const QUERY_CANCELED = "57014";

/** True when the server cancelled the statement: at its time limit, or on demand. */
export const isStatementCancelled = (error: unknown): boolean =>
  databaseFault(error)?.code === QUERY_CANCELED;

/**
 * True when the fault is not about the rows of the work: Postgres is unreachable or unfit, a lock was not
 * granted, or the statement was cancelled. Fewer rows would fail in the same way.
 */
export const isSystemicFault = (error: unknown): boolean =>
  isDatabaseAbsent(error) || isContention(error) || isStatementCancelled(error);
