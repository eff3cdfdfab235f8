import { databaseFault } from "../database-fault.ts";
import { isDatabaseAbsent, LOGIN_CODES } from "./faults.ts";

const INSUFFICIENT_PRIVILEGE = "42501";

/**
 * Why Postgres cannot be used, and what to do, from an error of its client: it is unreachable, rejects the
 * login, or the role lacks a right. Null for other errors. For the last two the server's message is quoted:
 * it names databases, roles, schemas and tables, but no values.
 */
export function refusalMessage(error: unknown): string | null {
  const code = databaseFault(error)?.code;
  if (code === INSUFFICIENT_PRIVILEGE)
    return `The role in DATABASE_URL lacks a right (${code}): ${serverWords(error)}. \`commonwork migrate --print-roles\` prints the grants for the tables of Commonwork; the owner of other tables must grant the right.`;
  if (code !== undefined && LOGIN_CODES.has(code))
    return `Postgres rejects the login (${code}): ${serverWords(error)}. Check DATABASE_URL.`;
  if (!isDatabaseAbsent(error)) return null;
  const at = serverIn(error);
  return `Postgres does not answer${at === null ? "" : ` at ${at}`} (${code ?? "unknown"}). Check DATABASE_URL.`;
}

/** An error and those that caused it. */
function chainOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let at = error; at instanceof Error && chain.length < 5; ) {
    chain.push(at);
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return chain;
}

const serverWords = (error: unknown): string =>
  chainOf(error).find((one) => "severity" in one)?.message ?? "without a reason";

/** The host and port that a connection was tried to. */
function serverIn(error: unknown): string | null {
  for (const one of chainOf(error)) {
    const { address, hostname, port } = one as { address?: unknown; hostname?: unknown; port?: unknown };
    const host = address ?? hostname;
    if (typeof host === "string") return port === undefined ? host : `${host}:${port}`;
  }
  return null;
}
