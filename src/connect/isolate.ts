import { sql } from "drizzle-orm";
import { databaseFault } from "../database-fault.ts";
import { type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { MirrorPlan } from "./plan.ts";
import { missingGrants, tablesRead } from "./read-rights.ts";

/** A key whose row was refused. */
export type RefusedKey = {
  readonly key: string;
  readonly code: string;
  readonly constraint: string | null;
  /** The column of a null that violates a NOT NULL constraint. */
  readonly column: string | null;
};

/** Values out of range, constraints, exceptions raised by our triggers: the fault of a row. */
const ROW_FAULT = /^(22|23|P0)/;
/** Missing tables, columns and rights, a select with duplicate keys: the fault of the mapping. */
const MAPPING_FAULT = /^(42|21|0A)/;

/**
 * The reason why a mirror cannot continue after an error, with the rights that this role lacks; null if the
 * error is about something else.
 */
export async function stopReason(
  on: Queryable,
  plan: Pick<MirrorPlan, "sources" | "reads">,
  error: unknown,
): Promise<string | null> {
  const reason = mappingFaultOf(error);
  if (databaseFault(error)?.code !== INSUFFICIENT_PRIVILEGE) return reason;
  const [{ role } = { role: "" }] = await rows<{ role: string }>(on, sql`select current_user as role`);
  const grants = await missingGrants(on, role, tablesRead(plan));
  return grants.length === 0
    ? reason
    : `${INSUFFICIENT_PRIVILEGE} the role ${role} may not read what the mapping reads; the owner of the tables can run: ${grants.join("; ")}`;
}

/** The same without the rights: only whether and why. */
export function mappingFaultOf(error: unknown): string | null {
  const code = databaseFault(error)?.code ?? "";
  if (!MAPPING_FAULT.test(code) && !ROW_FAULT.test(code)) return null;
  return `${code} ${REASONS[code] ?? "the select of the mapping failed"}`;
}

const INSUFFICIENT_PRIVILEGE = "42501";

const REASONS: Readonly<Record<string, string>> = {
  "42703": "a column that the mapping reads does not exist",
  "42P01": "a table that the mapping reads does not exist",
  "3F000": "a schema that the mapping reads does not exist",
  [INSUFFICIENT_PRIVILEGE]: "the role may not read a table, or row-level security would hide rows from it",
  "42883": "a type that the mapping reads has changed",
  "42804": "a type that the mapping reads has changed",
  "42846": "a type that the mapping reads has changed",
  "21000": "the select has two rows with the same key",
};

/** The message of Postgres for an insert. An update takes one of the rows. */
export const REPEATED_KEY = `21000 ${REASONS["21000"]}`;

/**
 * Runs work for many keys under a savepoint. If it fails by the fault of a row, the keys are halved until the
 * row is found.
 */
export async function isolate<T>(
  tx: Tx,
  keys: readonly string[],
  work: (savepoint: Tx, keys: readonly string[]) => Promise<T>,
): Promise<{ readonly results: T[]; readonly refused: RefusedKey[] }> {
  try {
    return { results: [await tx.transaction((savepoint) => work(savepoint, keys))], refused: [] };
  } catch (error) {
    const fault = databaseFault(error);
    if (fault === null || !ROW_FAULT.test(fault.code)) throw error;
    const [key, ...others] = keys;
    if (key === undefined) throw error;
    if (others.length === 0) return { results: [], refused: [{ key, ...fault }] };
    const half = Math.ceil(keys.length / 2);
    const first = await isolate(tx, keys.slice(0, half), work);
    const second = await isolate(tx, keys.slice(half), work);
    return {
      results: [...first.results, ...second.results],
      refused: [...first.refused, ...second.refused],
    };
  }
}
