import { sql } from "drizzle-orm";
import pg from "pg";
import { databaseFault } from "../database-fault.ts";
import type { Database } from "../db/client.ts";
import { roleNames } from "../db/roles.ts";
import { type Queryable, rows } from "../db/statement.ts";
import { inTransaction } from "../db/transaction.ts";
import type { MirrorPlan } from "./plan.ts";

type Table = MirrorPlan["reads"][number];

const INSUFFICIENT_PRIVILEGE = "42501";

/** The tables of the host that a mirror reads. */
export function tablesRead({ sources, reads }: Pick<MirrorPlan, "sources" | "reads">): Table[] {
  const tables = [...sources, ...reads].map(({ schema, table }) => [`${schema}.${table}`, { schema, table }]);
  return [...new Map(tables as [string, Table][]).values()];
}

const usageOf = (role: string, schemas: readonly string[]): string[] =>
  [...new Set(schemas)].map(
    (schema) => `grant usage on schema ${pg.escapeIdentifier(schema)} to ${pg.escapeIdentifier(role)}`,
  );

const selectOf = (role: string, tables: readonly Table[]): string[] =>
  tables.map(
    ({ schema, table }) =>
      `grant select on ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)} to ${pg.escapeIdentifier(role)}`,
  );

/** The statements that let a role read tables. */
export const readGrants = (role: string, tables: readonly Table[]): string[] => [
  ...usageOf(
    role,
    tables.map(({ schema }) => schema),
  ),
  ...selectOf(role, tables),
];

/** Those of the statements that a role still needs; none if there is no such role. */
export async function missingGrants(
  on: Queryable,
  role: string,
  tables: readonly Table[],
): Promise<string[]> {
  const found = await rows<Table & { readonly mayUse: boolean; readonly maySelect: boolean }>(
    on,
    sql`select h.schema, h."table", has_schema_privilege(a.oid, n.oid, 'usage') as "mayUse", has_table_privilege(a.oid, c.oid, 'select') as "maySelect"
        from jsonb_to_recordset(${JSON.stringify(tables)}::jsonb) as h(schema text, "table" text)
        join pg_namespace n on n.nspname = h.schema join pg_class c on c.relnamespace = n.oid and c.relname = h."table"
        join pg_roles a on a.rolname = ${role}`,
  );
  const unusable = found.filter(({ mayUse }) => !mayUse).map(({ schema }) => schema);
  const unread = found.filter(({ maySelect }) => !maySelect);
  return [...usageOf(role, unusable), ...selectOf(role, unread)];
}

/**
 * Lets the role of the service read the tables of a mirror, as far as it may not and this role may grant it.
 *
 * @returns the statements that are left to the owners of the tables.
 */
export async function grantReads(
  db: Database,
  plan: Pick<MirrorPlan, "sources" | "reads">,
): Promise<string[]> {
  const missing = () => missingGrants(db.drizzle, roleNames(db.schema).app, tablesRead(plan));
  for (const grant of await missing())
    try {
      await inTransaction(db, (tx) => tx.execute(sql.raw(grant)));
    } catch (error) {
      if (databaseFault(error)?.code !== INSUFFICIENT_PRIVILEGE) throw error;
    }
  // From a role that may read a table and not let others read it, Postgres takes the grant without effect.
  return missing();
}
