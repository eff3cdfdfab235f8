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

/** A right of the service in the host's database: to use a schema, or to read a table in it. */
export type ReadRight = { readonly schema: string; readonly table: string | null };

const quote = pg.escapeIdentifier;

const objectOf = ({ schema, table }: ReadRight): string =>
  table === null ? `usage on schema ${quote(schema)}` : `select on ${quote(schema)}.${quote(table)}`;
const grantOf = (role: string, right: ReadRight): string => `grant ${objectOf(right)} to ${quote(role)}`;
const revokeOf = (role: string, right: ReadRight): string => `revoke ${objectOf(right)} from ${quote(role)}`;

/** What a role needs to read tables: their schemas, then the tables. */
const rightsFor = (tables: readonly Table[]): ReadRight[] => [
  ...[...new Set(tables.map(({ schema }) => schema))].map((schema) => ({ schema, table: null })),
  ...tables,
];

/** The statements that let a role read tables. */
export const readGrants = (role: string, tables: readonly Table[]): string[] =>
  rightsFor(tables).map((right) => grantOf(role, right));

/** Those of the statements that a role still needs; none if there is no such role. */
export const missingGrants = async (
  on: Queryable,
  role: string,
  tables: readonly Table[],
): Promise<string[]> => (await missingRights(on, role, tables)).map((right) => grantOf(role, right));

async function missingRights(on: Queryable, role: string, tables: readonly Table[]): Promise<ReadRight[]> {
  const found = await rows<Table & { readonly mayUse: boolean; readonly maySelect: boolean }>(
    on,
    sql`select h.schema, h."table", has_schema_privilege(a.oid, n.oid, 'usage') as "mayUse", has_table_privilege(a.oid, c.oid, 'select') as "maySelect"
        from jsonb_to_recordset(${JSON.stringify(tables)}::jsonb) as h(schema text, "table" text)
        join pg_namespace n on n.nspname = h.schema join pg_class c on c.relnamespace = n.oid and c.relname = h."table"
        join pg_roles a on a.rolname = ${role}`,
  );
  const unusable = new Set(found.filter(({ mayUse }) => !mayUse).map(({ schema }) => schema));
  return [
    ...[...unusable].map((schema) => ({ schema, table: null })),
    ...found.filter(({ maySelect }) => !maySelect).map(({ schema, table }) => ({ schema, table })),
  ];
}

export type GrantedReads = {
  /** The rights that the role of the service was granted now, and that may be revoked again. */
  readonly granted: readonly ReadRight[];
  /** The statements that are left to the owners of the tables. */
  readonly left: readonly string[];
};

/**
 * Grants the role of the service the missing rights to read the tables of a mirror, as far as this role may.
 */
export async function grantReads(
  db: Database,
  plan: Pick<MirrorPlan, "sources" | "reads">,
): Promise<GrantedReads> {
  const { app } = roleNames(db.schema);
  const missing = () => missingRights(db.drizzle, app, tablesRead(plan));
  const before = await missing();
  for (const right of before) await tryAsOwner(db, grantOf(app, right));
  // If a role may read a table but not grant that right, Postgres accepts its grant without effect.
  const after = await missing();
  const isLeft = new Set(after.map(objectOf));
  return {
    granted: before.filter((right) => !isLeft.has(objectOf(right))),
    left: after.map((right) => grantOf(app, right)),
  };
}

/**
 * Takes rights from the role of the service.
 * @returns the statements that are left to the owners of the tables.
 */
export async function revokeReads(db: Database, rights: readonly ReadRight[]): Promise<string[]> {
  const { app } = roleNames(db.schema);
  // Tables before their schemas.
  const inOrder = [...rights].sort((a, b) => Number(a.table === null) - Number(b.table === null));
  for (const right of inOrder) await tryAsOwner(db, revokeOf(app, right));
  // If a role has a right but may not grant it, Postgres accepts its revocation without effect.
  const held = await Promise.all(inOrder.map((right) => isGranted(db.drizzle, app, right)));
  return inOrder.filter((_, index) => held[index]).map((right) => revokeOf(app, right));
}

/** Whether a right was granted to the role itself, not to a role that it is a member of. */
async function isGranted(on: Queryable, role: string, { schema, table }: ReadRight): Promise<boolean> {
  const acl =
    table === null
      ? sql`select nspacl from pg_namespace where nspname = ${schema}`
      : sql`select relacl from pg_class where oid = to_regclass(quote_ident(${schema}) || '.' || quote_ident(${table}))`;
  const [found] = await rows<{ granted: boolean }>(
    on,
    sql`select exists (select from aclexplode((${acl})) a join pg_roles r on r.oid = a.grantee
          where r.rolname = ${role} and a.privilege_type = ${table === null ? "USAGE" : "SELECT"}) as granted`,
  );
  return found?.granted === true;
}

/** Whether a mirror needs a right. */
export const needsRight = (
  plan: Pick<MirrorPlan, "sources" | "reads">,
  { schema, table }: ReadRight,
): boolean =>
  tablesRead(plan).some((read) => read.schema === schema && (table === null || read.table === table));

/** True also if the table or its schema is gone: then there are no rights to change. */
const WITHOUT_EFFECT = [INSUFFICIENT_PRIVILEGE, "42P01", "3F000"];

/** Runs a statement that this role may not be allowed to run. */
async function tryAsOwner(db: Database, statement: string): Promise<void> {
  try {
    await inTransaction(db, (tx) => tx.execute(sql.raw(statement)));
  } catch (error) {
    if (!WITHOUT_EFFECT.includes(databaseFault(error)?.code ?? "")) throw error;
  }
}
