import { ConfigurationFault } from "../config/config.ts";
import { databaseFault, isDatabaseAbsent } from "../db/faults.ts";
import { NotFit } from "../roles/boot-checks.ts";
import { SealBroken } from "../sealed-text.ts";
import { Refusal } from "./terminal.ts";

const NO_SUCH_TABLE = "42P01";

/**
 * What a person is told about an error: one message, with what to do, and no stack. Null for what nobody foresaw.
 */
export function messageFor(error: unknown): string | null {
  if (error instanceof Refusal || error instanceof ConfigurationFault || error instanceof NotFit)
    return error.message;
  if (error instanceof SealBroken)
    return `A token in the database cannot be opened: ${error.message}. Put the key that it was sealed with behind the new one.`;
  const { code, port } = (error ?? {}) as { code?: unknown; port?: unknown };
  if (code === "EADDRINUSE") return `The port ${port} is in use. Set PORT to another one.`;
  if (code === "EACCES") return `The port ${port} may not be used by this user. Set PORT to one above 1023.`;
  const fault = databaseFault(error);
  if (fault?.code === NO_SUCH_TABLE)
    return "The database schema is not current. Run `commonwork migrate` first.";
  if (isDatabaseAbsent(error)) return `Postgres does not answer (${fault?.code}). Check DATABASE_URL.`;
  if (fault && LOGIN_REFUSED.has(fault.code))
    return `Postgres refuses the login (${fault.code}). Check DATABASE_URL.`;
  return null;
}

/** Wrong password, unknown user, unknown database. */
const LOGIN_REFUSED = new Set(["28P01", "28000", "3D000"]);
