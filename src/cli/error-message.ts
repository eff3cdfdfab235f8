import { ConfigurationFault } from "../config/config.ts";
import { MappingFault } from "../connect/mapping.ts";
import { databaseFault } from "../database-fault.ts";
import { isDatabaseAbsent, LOGIN_CODES } from "../db/faults.ts";
import { SealBroken } from "../sealed-text.ts";
import { unsuitableServerIn } from "../unsuitable-server.ts";
import { CliError } from "./terminal.ts";

const UNDEFINED_TABLE = "42P01";
const INSUFFICIENT_PRIVILEGE = "42501";

/** The message for an expected error, with what to do about it; null for an unexpected one. */
export function errorMessage(error: unknown): string | null {
  if (error instanceof CliError || error instanceof ConfigurationFault || error instanceof MappingFault)
    return error.message;
  const unsuitable = unsuitableServerIn(error);
  if (unsuitable !== null) return unsuitable.message;
  if (error instanceof SealBroken)
    return `A stored token cannot be decrypted: ${error.message}. Append the key it was encrypted with to TOKEN_ENCRYPTION_KEY, after the new one.`;
  const { code, port } = (error ?? {}) as { code?: unknown; port?: unknown };
  if (code === "EADDRINUSE") return `Port ${port} is in use. Set PORT to another one.`;
  if (code === "EACCES") return `Port ${port} needs privileges this user lacks. Set PORT above 1023.`;
  const fault = databaseFault(error);
  if (fault?.code === UNDEFINED_TABLE)
    return "The database schema is not current. Run `commonwork migrate` first.";
  if (fault?.code === INSUFFICIENT_PRIVILEGE)
    return "The role in DATABASE_URL lacks a right for this (42501). `commonwork migrate --print-roles` prints the grants that it needs.";
  if (isDatabaseAbsent(error)) return `Postgres does not answer (${fault?.code}). Check DATABASE_URL.`;
  if (fault && LOGIN_CODES.has(fault.code))
    return `Postgres rejects the login (${fault.code}). Check DATABASE_URL.`;
  return null;
}
