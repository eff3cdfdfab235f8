import { ConfigurationFault } from "../config/config.ts";
import { MappingFault, MappingFaults } from "../connect/mapping.ts";
import { databaseFault } from "../database-fault.ts";
import { refusalMessage } from "../db/refusal-message.ts";
import { SealBroken } from "../sealed-text.ts";
import { unsuitableServerIn } from "../unsuitable-server.ts";
import { CliError } from "./terminal.ts";

const UNDEFINED_TABLE = "42P01";

/** Errors whose messages are written for the user. */
const KNOWN = [CliError, ConfigurationFault, MappingFault, MappingFaults];

/** The message for an expected error, with what to do about it; null for an unexpected one. */
export function errorMessage(error: unknown): string | null {
  if (KNOWN.some((kind) => error instanceof kind)) return (error as Error).message;
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
  return refusalMessage(error);
}
