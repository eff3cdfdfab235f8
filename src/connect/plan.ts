import { sql } from "drizzle-orm";
import { z } from "zod";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { similarName } from "../scoring/similar-name.ts";
import { HOST_TABLES, hostTable, keptColumns } from "./host-tables.ts";
import { type Looked, lookAtSelect, lookAtThrough } from "./look.ts";
import { type Fault, type Gone, type Mapping, MappingFault } from "./mapping.ts";
import { shapeFaults } from "./source-shape.ts";

/** The column that one of our columns refers to: `users.id`. */
const reference = z.object({ table: z.string(), column: z.string() });

const storedPlan = z.object({
  table: z.string(),
  select: z.string(),
  key: z.array(z.object({ name: z.string(), type: z.string() })),
  columns: z.array(z.object({ name: z.string(), type: z.string(), references: reference.nullable() })),
  sources: z.array(
    z.object({
      schema: z.string(),
      table: z.string(),
      /** `pg_class.oid` when it was installed: another one means that the table was recreated. */
      oid: z.string(),
      by: z.array(z.string()),
      through: z.string().nullable(),
      /** Absent in plans that were stored by earlier versions. */
      ignored: z.array(z.string()).default([]),
    }),
  ),
  /**
   * The tables that the select and the throughs read; empty if they read anything else, or call functions of
   * the host: then no policy shows that they see every row.
   */
  reads: z.array(z.object({ schema: z.string(), table: z.string() })).default([]),
  gone: z.enum(["delete", "tombstone", "keep"]),
  /**
   * The rights that the role of the service was granted for this mirror, or for a removed one; revoked at the
   * end.
   */
  granted: z.array(z.object({ schema: z.string(), table: z.string().nullable() })).default([]),
});

/** Everything that the statements of a mirror are made from. Stored when it is installed. */
export type MirrorPlan = z.infer<typeof storedPlan>;
export type PlanColumn = MirrorPlan["columns"][number];

/** Reads a stored plan, without columns that mappings could write when it was stored and no longer can. */
export function readPlan(stored: unknown): MirrorPlan {
  const { table, columns, ...rest } = storedPlan.parse(stored);
  const kept = keptColumns(table);
  return { table, columns: columns.filter(({ name }) => !kept.includes(name)), ...rest };
}

/**
 * Rows of these tables stay when the host deletes its rows: the ledger or the messages of others refer to
 * them.
 */
export const GONE_BY_TABLE: Readonly<Record<string, Gone>> = {
  users: "tombstone",
  organizations: "keep",
  volunteer_profiles: "keep",
};

/** A plan, and hints for its author. */
type Planned = {
  readonly plan: MirrorPlan;
  /** Columns whose times have no zone in the host: they are read as UTC. */
  readonly zoneless: readonly string[];
};

/**
 * Checks a mapping against the database: our table, the columns of the select, the tables it reads. The
 * select is not run.
 *
 * @throws MappingFault
 */
export async function planMirror(tx: Tx, mapping: Mapping): Promise<Planned> {
  const { table, select, key } = mapping;
  const fault = (reason: string) => new MappingFault(table, reason);
  const ours = await ownColumnsOf(tx, table);
  if (hostTable(table) === null)
    throw fault(`Commonwork has no such table to mirror into${meant(table, Object.keys(HOST_TABLES))}`);
  const looked = await lookAtSelect(tx, select, fault);
  const columns = looked.columns;
  const missing = key.filter(({ name }) => !columns.includes(name)).map(({ name }) => name);
  if (missing.length > 0) throw fault(`the select has no column ${missing.join(", ")}, which is in the key`);
  const keyNames = key.map(({ name }) => name);
  const mapped = columns.filter((name) => name !== "host_id");
  const foreign = mapped.filter((name) => !ours.some((own) => own.name === name) && !keyNames.includes(name));
  if (foreign.length > 0) {
    const names = ours.map(({ name }) => name).filter((name) => !keptColumns(table).includes(name));
    throw fault(
      `the table has no column ${foreign.map((name) => `${name}${meant(name, names)}`).join(", ")}`,
    );
  }
  const refused = mapped.filter((name) => keptColumns(table).includes(name));
  if (refused.length > 0)
    throw fault(`a mapping may not write ${refused.join(", ")}: Commonwork alone sets it`);
  const named = await sourcesOf(tx, mapping);
  await refuseTables(tx, looked.tables, named, fault);
  const unnamed = looked.tables.filter(({ oid }) => !named.some((source) => source.oid === oid));
  if (unnamed.length > 0)
    throw fault(`reads ${unnamed.map(({ name }) => name).join(", ")}, which no source names`);
  for (const source of named) refuseReadIgnored(source, looked, fault);
  const gone = mapping.gone ?? GONE_BY_TABLE[table] ?? "delete";
  refuseGone(table, gone, fault);
  refuseUnfilled(table, ours, mapped, fault);
  const written = ours.filter(({ name }) => mapped.includes(name));
  const plan: MirrorPlan = {
    table,
    select,
    key: [...key],
    columns: written.map(({ name, type, references }) => ({ name, type, references })),
    sources: named,
    reads: readsOf([looked, ...(await lookAtThroughs(tx, mapping, fault))]),
    gone,
    granted: [],
  };
  const instants = written.filter(({ type }) => type === "timestamp with time zone");
  const zoneless = instants.map(({ name }) => name).filter((name) => looked.zoneless.includes(name));
  return { plan, zoneless };
}

/** The name that was probably meant, to be appended. */
function meant(name: string, names: readonly string[]): string {
  const similar = similarName(name, names);
  return similar === null ? "" : ` (did you mean ${similar}?)`;
}

/** @throws MappingFault for tables, read or named as sources, whose changes cannot be recorded. */
async function refuseTables(
  tx: Tx,
  tables: Looked["tables"],
  sources: MirrorPlan["sources"],
  fault: Fault,
): Promise<void> {
  for (const { name, kind, own } of tables) {
    if (own) throw fault(`reads ${name}, a table of Commonwork`);
    if (kind !== "r") throw fault(`reads ${name}, which is not a plain table: its changes cannot be noted`);
  }
  const oids = [...tables, ...sources].map(({ oid }) => oid);
  const [missed] = (await shapeFaults(tx, oids)).values();
  if (missed !== undefined) throw fault(missed);
}

async function lookAtThroughs(tx: Tx, { key, sources }: Mapping, fault: Fault): Promise<Looked[]> {
  const looked: Looked[] = [];
  for (const { through } of sources)
    if (through !== null) looked.push(await lookAtThrough(tx, through, key.length, fault));
  return looked;
}

/** The tables that are read, if nothing else is. */
function readsOf(looked: readonly Looked[]): MirrorPlan["reads"] {
  const tables = looked.flatMap((one) => one.tables);
  if (looked.some(({ callsHost }) => callsHost) || tables.some(({ kind }) => kind !== "r")) return [];
  const reads = new Map(tables.map(({ name, schema, table }) => [name, { schema, table }]));
  return [...reads.values()];
}

/** A change of an ignored column that the select reads would be lost. */
function refuseReadIgnored(
  { oid, schema, table, ignored }: MirrorPlan["sources"][number],
  { read, readsRows }: Pick<Looked, "read" | "readsRows">,
  fault: Fault,
): void {
  const lost = ignored.filter((name) => read.some((one) => one.oid === oid && one.column === name));
  if (lost.length > 0) throw fault(`reads ${lost.join(", ")} of ${schema}.${table}, which it ignores`);
  if (ignored.length > 0 && readsRows)
    throw fault("reads a whole row: with a line ignore, the select must name the columns that it reads");
}

/** @throws MappingFault for a column without which no row can be written: each of them would be a fault. */
function refuseUnfilled(
  table: string,
  ours: readonly OwnColumn[],
  mapped: readonly string[],
  fault: Fault,
): void {
  const needed = ours.filter(({ optional }) => !optional).map(({ name }) => name);
  const unfilled = needed.filter((name) => !mapped.includes(name) && !keptColumns(table).includes(name));
  if (unfilled.length > 0)
    throw fault(`the select has no column ${unfilled.join(", ")}, which every row of ${table} needs`);
}

function refuseGone(table: string, gone: Gone, fault: Fault): void {
  const allowed = [...new Set<Gone>([GONE_BY_TABLE[table] ?? "delete", "keep"])];
  if (!allowed.includes(gone)) throw fault(`gone must be one of ${allowed.join(", ")}`);
}

/** A column of one of our tables. */
export type OwnColumn = PlanColumn & {
  readonly notNull: boolean;
  /** Whether a row may be written without it. */
  readonly optional: boolean;
};

/** The columns of one of our tables, with what they refer to among the tables that can be mirrors. */
export async function ownColumnsOf(tx: Tx, table: string): Promise<OwnColumn[]> {
  const columns = await rows<OwnColumn>(
    tx,
    sql`select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as "notNull",
               not a.attnotnull or a.atthasdef or a.attidentity <> '' as optional,
               (select jsonb_build_object('table', t.relname, 'column', k.attname)
                from pg_constraint f join pg_class t on t.oid = f.confrelid
                join pg_attribute k on k.attrelid = f.confrelid and k.attnum = f.confkey[1]
                where f.conrelid = a.attrelid and f.contype = 'f' and f.conkey = array[a.attnum]
                  and exists (select 1 from pg_attribute h where h.attrelid = t.oid and h.attname = 'host_id')
                limit 1) as references
        from pg_attribute a
        where a.attrelid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident(${table}))
          and a.attnum > 0 and not a.attisdropped
        order by a.attnum`,
  );
  const refersTo = hostTable(table)?.refersTo ?? {};
  return columns.map((column) => {
    const declared = refersTo[column.name];
    return declared === undefined ? column : { ...column, references: { table: declared, column: "id" } };
  });
}

/** The sources with the oids of their tables. @throws MappingFault when a table or a column is missing. */
async function sourcesOf(tx: Tx, { table, sources }: Mapping): Promise<MirrorPlan["sources"]> {
  const found: MirrorPlan["sources"] = [];
  for (const source of sources) {
    const named = [...source.by, ...source.ignored];
    const [known] = await rows<{ oid: string | null; missing: string[] }>(
      tx,
      sql`select c.oid::text as oid,
                 array(select name from jsonb_array_elements_text(${JSON.stringify(named)}::jsonb) as b(name)
                       where not exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = b.name)) as missing
          from (select to_regclass(quote_ident(${source.schema}) || '.' || quote_ident(${source.table}))::oid as oid) c`,
    );
    const name = `${source.schema}.${source.table}`;
    if (!known?.oid) throw new MappingFault(table, `the source ${name} does not exist`);
    if (known.missing.length > 0)
      throw new MappingFault(table, `the source ${name} has no column ${known.missing.join(", ")}`);
    found.push({ ...source, oid: known.oid, by: [...source.by], ignored: [...source.ignored] });
  }
  return found;
}
