import { type SQL, sql } from "drizzle-orm";
import { array } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/** Statements that withdraw the rights that rows give, by table. A document may be denied explicitly. */
const WITHDRAW: Readonly<Record<string, (keys: SQL) => SQL>> = {
  organization_members: (keys) => sql`delete from organization_members where host_id = any(${keys})`,
  project_access_grants: (keys) => sql`delete from project_access_grants where host_id = any(${keys})`,
  resource_permissions: (keys) =>
    sql`update resource_permissions set permission = 'none' where host_id = any(${keys})`,
};

/**
 * Withdraws the rights that rows gave before they were refused: the host's current value cannot be read, such
 * as an unknown permission, and may be a revocation.
 */
export async function withdrawRights(tx: Tx, table: string, keys: readonly string[]): Promise<void> {
  const statement = WITHDRAW[table];
  if (statement !== undefined) await tx.execute(statement(sql`${array(keys)}::text[]`));
}
