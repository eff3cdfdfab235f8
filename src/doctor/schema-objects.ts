import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";

// The objects that the migrations of this version create, from drizzle/schema.sql, which is checked against
// them.

const SCHEMA_FILE = fileURLToPath(new URL("../../drizzle/schema.sql", import.meta.url));

/** The kinds of objects in the order in which they are reported: without its table, no column is. */
export const OBJECT_KINDS = [
  "function",
  "table",
  "view",
  "column",
  "constraint",
  "index",
  "trigger",
  "row-level security",
] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

/** An object of the schema. */
export type SchemaObject = {
  readonly kind: ObjectKind;
  /** The table or view that it belongs to; null for an independent object. */
  readonly on: string | null;
  readonly name: string;
};

/** One that the file declares. */
export type DeclaredObject = SchemaObject & {
  /** The statement that creates it; null if the file has no separate one. */
  readonly statement: string | null;
};

/** The same text for the same object. */
export const objectKey = ({ kind, on, name }: SchemaObject): string => JSON.stringify([kind, on, name]);

/** The objects that this version expects in its schema. */
export const declaredObjects = async (): Promise<DeclaredObject[]> =>
  objectsIn(await readFile(SCHEMA_FILE, "utf8"));

/** A name as it is written, quoted or not. */
const NAME = '"(?:[^"]|"")+"|\\w+';
const named = (pattern: string) => new RegExp(pattern.replaceAll("NAME", `(${NAME})`));

const FUNCTION = named("^CREATE OR REPLACE (?:FUNCTION|PROCEDURE) NAME\\(");
const TABLE = named("^CREATE (?:UNLOGGED )?TABLE NAME \\($");
const VIEW = named("^CREATE VIEW NAME ");
const INDEX = named("^CREATE (?:UNIQUE )?INDEX NAME ON NAME ");
const TRIGGER = named("^CREATE (?:CONSTRAINT )?TRIGGER NAME .*? ON NAME ");
const SECURITY = named("^ALTER TABLE NAME ENABLE ROW LEVEL SECURITY;");
const LATER_CONSTRAINT = named("^ALTER TABLE NAME ADD CONSTRAINT NAME ");
const CONSTRAINT = named("^ {2}CONSTRAINT NAME ");
const COLUMN = named("^ {2}NAME ");

/** The objects of a schema dump, in its order. */
export function objectsIn(dump: string): DeclaredObject[] {
  const found: DeclaredObject[] = [];
  let table: string | null = null;
  let isInBody = false;
  for (const line of dump.split("\n")) {
    // Bodies of functions contain statements that create nothing here.
    if (isInBody || /\$(function|procedure)\$/.test(line)) {
      isInBody = (line.split(/\$(?:function|procedure)\$/).length % 2 === 0) !== isInBody;
      continue;
    }
    const opened = TABLE.exec(line)?.[1];
    if (opened !== undefined) table = unquoted(opened);
    found.push(...(table !== null && line.startsWith("  ") ? partOf(table, line) : objectOf(line)));
    if (line.startsWith(")")) table = null;
  }
  return found;
}

function partOf(table: string, line: string): DeclaredObject[] {
  const constraint = CONSTRAINT.exec(line)?.[1];
  const name = constraint ?? COLUMN.exec(line)?.[1];
  if (name === undefined) return [];
  const statement =
    constraint === undefined ? null : `ALTER TABLE ${table} ADD ${line.trim().replace(/,$/, "")}`;
  return [
    { kind: constraint === undefined ? "column" : "constraint", on: table, name: unquoted(name), statement },
  ];
}

function objectOf(line: string): DeclaredObject[] {
  const statement = line.replace(/;$/, "");
  const alone = (kind: ObjectKind, pattern: RegExp) =>
    [pattern.exec(line)?.[1] ?? []]
      .flat()
      .map((name) => ({ kind, on: null, name: unquoted(name), statement: null }));
  const part = (kind: ObjectKind, pattern: RegExp, order: "name first" | "table first") => {
    const [, first, second] = pattern.exec(line) ?? [];
    if (first === undefined || second === undefined) return [];
    const [name, on] = order === "name first" ? [first, second] : [second, first];
    return [{ kind, on: unquoted(on), name: unquoted(name), statement }];
  };
  const secured = SECURITY.exec(line)?.[1];
  return [
    ...alone("function", FUNCTION),
    ...alone("table", TABLE),
    ...alone("view", VIEW),
    ...part("index", INDEX, "name first"),
    ...part("trigger", TRIGGER, "name first"),
    ...part("constraint", LATER_CONSTRAINT, "table first"),
    ...(secured === undefined
      ? []
      : [{ kind: "row-level security" as const, on: unquoted(secured), name: unquoted(secured), statement }]),
  ];
}

const unquoted = (name: string): string =>
  name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;

/** The objects in the schema of the connection; of indexes, only valid ones. */
export const presentObjects = (on: Queryable): Promise<SchemaObject[]> =>
  rows<SchemaObject>(
    on,
    sql`with here as (select to_regnamespace(quote_ident(current_schema()))::oid as schema),
             own as (select c.oid, c.relname::text as name, c.relkind, c.relrowsecurity from here join pg_class c on c.relnamespace = here.schema)
        select case relkind when 'v' then 'view' else 'table' end as kind, null::text as "on", name from own where relkind in ('r', 'p', 'v')
        union all select 'function', null, f.proname::text from here join pg_proc f on f.pronamespace = here.schema
        union all select 'column', own.name, a.attname::text from own join pg_attribute a on a.attrelid = own.oid
          where own.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
        union all select 'constraint', own.name, k.conname::text from own join pg_constraint k on k.conrelid = own.oid
        union all select 'index', own.name, x.relname::text from own join pg_index i on i.indrelid = own.oid and i.indisvalid
          join pg_class x on x.oid = i.indexrelid
        union all select 'trigger', own.name, t.tgname::text from own join pg_trigger t on t.tgrelid = own.oid and not t.tgisinternal
        union all select 'row-level security', own.name, own.name from own where own.relrowsecurity`,
  );
