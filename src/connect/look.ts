import { type SQL, sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { Fault, MappingFault } from "./mapping.ts";

/** The facts that Postgres has about a select of a mapping. */
export type Looked = {
  readonly columns: readonly string[];
  /** Those that are times without a zone. */
  readonly zoneless: readonly string[];
  /** The tables that it reads. */
  readonly tables: readonly {
    readonly oid: string;
    readonly schema: string;
    readonly table: string;
    readonly name: string;
    /** As in `pg_class.relkind`. */
    readonly kind: string;
    /** Whether it is ours. */
    readonly own: boolean;
  }[];
  /** The columns of these that it names. */
  readonly read: readonly { readonly oid: string; readonly column: string }[];
  /** Whether it reads whole rows, such as `to_jsonb(u)`. */
  readonly readsRows: boolean;
  /** Whether it calls functions of the host, which may read anything. */
  readonly callsHost: boolean;
};

/** Inspects the select of a mapping without running it. @throws MappingFault if Postgres refuses it. */
export const lookAtSelect = (tx: Tx, select: string, fault: Fault): Promise<Looked> =>
  lookAt(tx, sql.raw(`select * from (\n${select}\n) s`), (error) =>
    fault(`Postgres refuses the select: ${error}`),
  );

/** Inspects a select that leads from changed values, `$1`, to keys. */
export function lookAtThrough(tx: Tx, through: string, columns: number, fault: Fault): Promise<Looked> {
  const names = Array.from({ length: columns }, (_, index) => `k${index}`).join(", ");
  // A view has no parameters.
  const select = through.replaceAll("$1", "null");
  return lookAt(tx, sql.raw(`select * from (\n${select}\n) as t(${names})`), (error) =>
    fault(`Postgres refuses the select after through: ${error}`),
  );
}

const RULE = sql`w.ev_class = 'pg_temp.commonwork_look'::regclass`;
/** The objects that the rule of the view depends on. */
const DEPENDS = sql`pg_rewrite w join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid`;

/** The select becomes a temporary view, which is dropped again. */
async function lookAt(tx: Tx, select: SQL, refused: (error: string) => MappingFault): Promise<Looked> {
  await tx
    .transaction((savepoint) => savepoint.execute(sql`create temporary view commonwork_look as ${select}`))
    .catch((error: unknown) => {
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      throw refused((cause as Error).message);
    });
  const columns = await rows<{ name: string; zoneless: boolean }>(
    tx,
    sql`select attname as name, atttypid = 'timestamp'::regtype as zoneless from pg_attribute where attrelid = 'pg_temp.commonwork_look'::regclass and attnum > 0 order by attnum`,
  );
  const tables = await rows<Looked["tables"][number]>(
    tx,
    sql`select distinct c.oid::text as oid, n.nspname as schema, c.relname as "table", n.nspname || '.' || c.relname as name,
               c.relkind as kind, n.nspname = current_schema() as own
        from ${DEPENDS} and d.refclassid = 'pg_class'::regclass
        join pg_class c on c.oid = d.refobjid join pg_namespace n on n.oid = c.relnamespace
        where ${RULE} and c.oid <> w.ev_class order by 4`,
  );
  const read = await rows<{ oid: string; column: string }>(
    tx,
    sql`select distinct a.attrelid::oid::text as oid, a.attname as column
        from ${DEPENDS} and d.refclassid = 'pg_class'::regclass
        join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid and a.attnum > 0
        where ${RULE}`,
  );
  const [more] = await rows<{ readsRows: boolean; callsHost: boolean }>(
    tx,
    sql`select (select bool_or(w.ev_action::text ~ ':varattno 0 ') from pg_rewrite w where ${RULE}) as "readsRows",
               exists (
                 select from ${DEPENDS} and d.refclassid = 'pg_proc'::regclass
                 where ${RULE} and not exists (
                   select from pg_depend e where e.classid = d.refclassid and e.objid = d.refobjid and e.deptype = 'e')) as "callsHost"`,
  );
  await tx.execute(sql`drop view pg_temp.commonwork_look`);
  return {
    columns: columns.map(({ name }) => name),
    zoneless: columns.filter(({ zoneless }) => zoneless).map(({ name }) => name),
    tables,
    read,
    readsRows: more?.readsRows === true,
    callsHost: more?.callsHost === true,
  };
}
