import { type SQL, sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/**
 * Runs a statement that reads tables of the host. Rows that a policy hides would be taken for deleted ones:
 * where row-level security applies to this role, the statement fails instead.
 */
export async function readHost<Row extends Record<string, unknown>>(tx: Tx, statement: SQL): Promise<Row[]> {
  await tx.execute(sql`set local row_security = off`);
  const found = await rows<Row>(tx, statement);
  await tx.execute(sql`set local row_security = on`);
  return found;
}
