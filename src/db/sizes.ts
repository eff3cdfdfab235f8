import { sql } from "drizzle-orm";
import { type Queryable, rows } from "./statement.ts";

/** Smaller tables are not worth a count. */
const LARGE_MIB = 100;
const LARGEST = 20;

/** The size of the database and of its large tables with their indexes, in MiB. */
export type Sizes = { readonly database: number; readonly tables: Readonly<Record<string, number>> };

/** The sizes now. */
export async function readSizes(on: Queryable): Promise<Sizes> {
  const [[whole], tables] = await Promise.all([
    rows<{ mib: number }>(on, sql`select (pg_database_size(current_database()) / 1048576)::float8 as mib`),
    rows<{ name: string; mib: number }>(
      on,
      sql`select name, mib from (
            select relname as name, (pg_total_relation_size(oid) / 1048576)::float8 as mib from pg_class
            where relnamespace = to_regnamespace(quote_ident(current_schema())) and relkind = 'r') t
          where mib >= ${LARGE_MIB} order by mib desc, name limit ${LARGEST}`,
    ),
  ]);
  return {
    database: whole?.mib ?? 0,
    tables: Object.fromEntries(tables.map(({ name, mib }) => [name, mib])),
  };
}

const DATABASE = "mib-database";
const OF_TABLE = "mib-of-";

/** The sizes now, as the counts of a run. */
export async function sizeCounts(on: Queryable): Promise<Record<string, number>> {
  const { database, tables } = await readSizes(on);
  const ofTables = Object.entries(tables).map(([name, mib]) => [`${OF_TABLE}${name}`, mib] as const);
  return { [DATABASE]: database, ...Object.fromEntries(ofTables) };
}

/** The sizes that the counts of a run contain; null for a run that did not count them. */
export function sizesIn(counts: Readonly<Record<string, number>>): Sizes | null {
  const database = counts[DATABASE];
  if (database === undefined) return null;
  const tables = Object.entries(counts).flatMap(([name, mib]) =>
    name.startsWith(OF_TABLE) ? [[name.slice(OF_TABLE.length), mib] as const] : [],
  );
  return { database, tables: Object.fromEntries(tables) };
}
