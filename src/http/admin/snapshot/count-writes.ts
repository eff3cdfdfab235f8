import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../../../db/statement.ts";

/**
 * How many rows of each table were ever written, as Postgres counts them for vacuum: a read from memory,
 * however large the table is. If the number has changed, the table has. Processes of Postgres report what
 * they wrote within ten seconds. Names of no table are absent.
 */
export async function countWrites(
  on: Queryable,
  tables: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const counted = await rows<{ name: string; writes: string }>(
    on,
    sql`select name, (pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid) + pg_stat_get_tuples_deleted(oid))::text as writes
        from (select name, to_regclass(name)::oid as oid from unnest(${array(tables)}::text[]) as name) named
        where oid is not null`,
  );
  return new Map(counted.map(({ name, writes }) => [name, writes]));
}
