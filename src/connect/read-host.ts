import { type SQL, sql } from "drizzle-orm";
import { policiesHideRows } from "../db/row-policies.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { MirrorPlan } from "./plan.ts";

type Table = MirrorPlan["reads"][number];

/**
 * Runs a statement that reads tables of the host. Rows that a policy hides would look deleted: where
 * row-level security applies to this role, the statement fails, unless policies show it every row.
 */
export async function readHost<Row extends Record<string, unknown>>(
  tx: Tx,
  { reads }: Pick<MirrorPlan, "reads">,
  statement: SQL,
): Promise<Row[]> {
  if (await prepareReading(tx, reads)) {
    // Nobody changes a policy between the second look and the end of the transaction.
    await tx.execute(sql`lock table ${sql.join(reads.map(nameOf), sql`, `)} in access share mode`);
    await prepareReading(tx, reads);
  }
  const found = await rows<Row>(tx, statement);
  await tx.execute(sql`set local row_security = on`);
  return found;
}

const nameOf = ({ schema, table }: Table): SQL => sql`${sql.identifier(schema)}.${sql.identifier(table)}`;

const HIDES = sql.raw(policiesHideRows("c", { commands: ["*", "r"] }));

/**
 * Switches row security on if it applies to some of the tables and policies show every row of these, else
 * off: then reading a table that it applies to is an error. Until the end of the transaction random page
 * costs are also close to sequential ones, so that ten thousand rows of a large table are read by an index.
 */
async function prepareReading(tx: Tx, tables: readonly Table[]): Promise<boolean> {
  const [set] = await rows<{ on: boolean }>(
    tx,
    sql`select set_config('random_page_cost', '1.1', true),
               set_config('row_security', case when coalesce(bool_or(t.guarded) and not bool_or(t.hidden), false) then 'on' else 'off' end, true) = 'on' as "on"
        from (
          select g.guarded, c.oid is null or g.guarded and ${HIDES} as hidden
          from jsonb_to_recordset(${JSON.stringify(tables)}::jsonb) as h(schema text, "table" text)
          left join pg_class c on c.oid = to_regclass(quote_ident(h.schema) || '.' || quote_ident(h."table"))
          cross join lateral (select coalesce(row_security_active(c.oid), false) as guarded) g) t`,
  );
  return set?.on === true;
}

/** The tables whose rows policies may hide from a role, as far as it exists. */
export async function hiddenFrom(tx: Tx, role: string, tables: readonly Table[]): Promise<string[]> {
  const found = await rows<{ name: string }>(
    tx,
    sql`select h.schema || '.' || h."table" as name
        from jsonb_to_recordset(${JSON.stringify(tables)}::jsonb) as h(schema text, "table" text)
        join pg_class c on c.oid = to_regclass(quote_ident(h.schema) || '.' || quote_ident(h."table"))
        join pg_roles a on a.rolname = ${role}
        where c.relrowsecurity and not a.rolsuper and not a.rolbypassrls
          and (c.relforcerowsecurity or not pg_has_role(a.oid, c.relowner, 'usage'))
          and ${sql.raw(policiesHideRows("c", { commands: ["*", "r"], role: "a.oid" }))}
        order by 1`,
  );
  return found.map(({ name }) => name);
}
