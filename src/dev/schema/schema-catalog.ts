import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../../db/statement.ts";

export type CatalogColumn = { readonly name: string; readonly definition: string };

export type Constraint = {
  readonly name: string;
  readonly definition: string;
  /** The table that a foreign key refers to. */
  readonly target: string | null;
};

export type Table = {
  readonly name: string;
  readonly unlogged: boolean;
  readonly options: readonly string[];
  readonly columns: readonly CatalogColumn[];
  readonly constraints: readonly Constraint[];
  readonly indexes: readonly string[];
  readonly triggers: readonly string[];
  /** Row-level security is on. Its policies name roles of the server, so no migration creates them. */
  readonly rowSecurity: boolean;
};

export type View = {
  readonly name: string;
  readonly options: readonly string[];
  readonly definition: string;
  readonly triggers: readonly string[];
};

const SCHEMA = sql.raw("quote_ident(current_schema())::regnamespace");

/** SQL for a condition: the object with this oid in this catalog was not created by an extension. */
const own = (oid: string, catalog: string) =>
  sql.raw(
    `not exists (select 1 from pg_depend d where d.classid = '${catalog}'::regclass and d.objid = ${oid} and d.deptype = 'e')`,
  );

/**
 * The current schema according to pg_catalog, sorted by name, columns in their order. Without the table of
 * applied migrations, which no migration creates, and without objects of extensions.
 */
export async function readSchema(
  on: Queryable,
): Promise<{ tables: readonly Table[]; views: readonly View[]; functions: readonly string[] }> {
  await refuseUnknownKinds(on);
  const [columns, constraints, indexes, triggers] = [
    await readColumns(on),
    await readConstraints(on),
    await readIndexes(on),
    await readTriggers(on),
  ];
  const of = <T extends { table: string }>(all: readonly T[], table: string) =>
    all.filter((each) => each.table === table);
  const tables = (await readTables(on)).map((table) => ({
    ...table,
    columns: of(columns, table.name),
    constraints: of(constraints, table.name),
    indexes: of(indexes, table.name).map(({ definition }) => definition),
    triggers: of(triggers, table.name).map(({ definition }) => definition),
  }));
  const views = (await readViews(on)).map((view) => ({
    ...view,
    triggers: of(triggers, view.name).map(({ definition }) => definition),
  }));
  return { tables, views, functions: await readFunctions(on) };
}

/** Kinds of objects that this dump does not print yet must not be left out silently. */
async function refuseUnknownKinds(on: Queryable): Promise<void> {
  const found = await rows<{ what: string }>(
    on,
    sql`select case c.relkind when 'm' then 'the materialized view ' when 'S' then 'the sequence '
                              when 'p' then 'the partitioned table ' else 'the relation ' end || c.relname as what
        from pg_class c
        where c.relnamespace = ${SCHEMA} and c.relkind not in ('r', 'i', 't', 'v')
          and not exists (select 1 from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'i')
        union all
        select 'the type ' || t.typname from pg_type t
        where t.typnamespace = ${SCHEMA} and t.typtype in ('e', 'd', 'r') and ${own("t.oid", "pg_type")}
        union all
        select 'the policy ' || p.polname from pg_policy p join pg_class c on c.oid = p.polrelid where c.relnamespace = ${SCHEMA}
        order by 1`,
  );
  if (found.length === 0) return;
  throw new Error(
    `src/dev/schema/schema-catalog.ts cannot dump ${found.map(({ what }) => what).join(", ")} yet. Add it there first.`,
  );
}

async function readTables(
  on: Queryable,
): Promise<Pick<Table, "name" | "unlogged" | "options" | "rowSecurity">[]> {
  const found = await rows<{
    name: string;
    unlogged: boolean;
    options: string[] | null;
    rowSecurity: boolean;
  }>(
    on,
    sql`select quote_ident(relname) as name, relpersistence = 'u' as unlogged, reloptions as options, relrowsecurity as "rowSecurity"
        from pg_class where relnamespace = ${SCHEMA} and relkind = 'r' and relname <> 'migrations' order by relname collate "C"`,
  );
  return found.map((table) => ({ ...table, options: [...(table.options ?? [])].sort() }));
}

async function readViews(on: Queryable): Promise<Omit<View, "triggers">[]> {
  const found = await rows<{ name: string; options: string[] | null; definition: string }>(
    on,
    sql`select quote_ident(relname) as name, reloptions as options, pg_get_viewdef(oid, true) as definition
        from pg_class where relnamespace = ${SCHEMA} and relkind = 'v' and ${own("pg_class.oid", "pg_class")} order by relname collate "C"`,
  );
  return found.map((view) => ({ ...view, options: [...(view.options ?? [])].sort() }));
}

async function readColumns(on: Queryable): Promise<(CatalogColumn & { table: string })[]> {
  return rows(
    on,
    sql`select quote_ident(c.relname) as "table", quote_ident(a.attname) as name,
               format_type(a.atttypid, a.atttypmod)
               || case when a.attnotnull then ' NOT NULL' else '' end
               || case a.attidentity when 'a' then ' GENERATED ALWAYS AS IDENTITY' when 'd' then ' GENERATED BY DEFAULT AS IDENTITY' else '' end
               || case when d.oid is null then ''
                       when a.attgenerated <> '' then ' GENERATED ALWAYS AS (' || regexp_replace(pg_get_expr(d.adbin, d.adrelid), '\\s*\\n\\s*', ' ', 'g')
                            || case a.attgenerated when 's' then ') STORED' else ') VIRTUAL' end
                       else ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) end as definition
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid and c.relnamespace = ${SCHEMA} and c.relkind = 'r'
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attnum > 0 and not a.attisdropped order by c.relname, a.attnum`,
  );
}

/** NOT NULL is printed with the column: it is a named constraint only since Postgres 18. */
async function readConstraints(on: Queryable): Promise<(Constraint & { table: string })[]> {
  return rows(
    on,
    sql`select quote_ident(c.relname) as "table", quote_ident(k.conname) as name, pg_get_constraintdef(k.oid, true) as definition,
               quote_ident(f.relname) as target
        from pg_constraint k
        join pg_class c on c.oid = k.conrelid and c.relnamespace = ${SCHEMA}
        left join pg_class f on f.oid = k.confrelid
        where k.contype in ('p', 'u', 'f', 'c', 'x') order by position(k.contype::text in 'pufcx'), k.conname collate "C"`,
  );
}

async function readIndexes(on: Queryable): Promise<{ table: string; definition: string }[]> {
  return rows(
    on,
    sql`select quote_ident(c.relname) as "table", replace(pg_get_indexdef(i.indexrelid, 0, true), ' USING btree (', ' (') as definition
        from pg_index i
        join pg_class c on c.oid = i.indrelid and c.relnamespace = ${SCHEMA} and c.relkind = 'r'
        join pg_class x on x.oid = i.indexrelid
        where not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
        order by x.relname collate "C"`,
  );
}

async function readTriggers(on: Queryable): Promise<{ table: string; definition: string }[]> {
  return rows(
    on,
    sql`select quote_ident(c.relname) as "table", pg_get_triggerdef(t.oid, true) as definition
        from pg_trigger t join pg_class c on c.oid = t.tgrelid and c.relnamespace = ${SCHEMA}
        where not t.tgisinternal order by t.tgname collate "C"`,
  );
}

/** Their own name and their pinned search path are shown without the schema. */
async function readFunctions(on: Queryable): Promise<string[]> {
  const found = await rows<{ definition: string }>(
    on,
    sql`select pg_get_functiondef(p.oid) as definition from pg_proc p
        where p.pronamespace = ${SCHEMA} and p.prokind in ('f', 'p') and ${own("p.oid", "pg_proc")}
        order by p.proname collate "C", pg_get_function_identity_arguments(p.oid)`,
  );
  return found.map(({ definition }) =>
    definition
      .replace(/^(CREATE OR REPLACE \w+ )("[^"]+"|\w+)\./, "$1")
      .replace(/^ SET search_path TO .*$/m, " SET search_path FROM CURRENT"),
  );
}
