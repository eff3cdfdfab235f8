import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { groupBy } from "../group-by.ts";

// Statements about records that are pending, for the code that writes mirrored rows.

/** Keys whose pending records have the same columns, with the names of these. */
export type PendingGroup = { readonly names: readonly string[]; readonly keys: readonly string[] };

/** The pending records among keys. Records may leave out columns, so those alike are written together. */
export async function pendingGroups(tx: Tx, table: string, keys: readonly string[]): Promise<PendingGroup[]> {
  const found = await rows<{ key: string; names: string[] }>(
    tx,
    sql`select key, array(select jsonb_object_keys(columns) order by 1) as names from pending_records
        where mirror = ${table} and key = any(${array(keys)}::text[]) order by key`,
  );
  const groups = groupBy(found, ({ names }) => names.join(","));
  return [...groups.values()].map((group) => ({
    names: group[0]?.names ?? [],
    keys: group.map(({ key }) => key),
  }));
}

/** The keys among some whose last record is a deletion. */
export async function deletedAmong(tx: Tx, table: string, keys: readonly string[]): Promise<string[]> {
  if (keys.length === 0) return [];
  const found = await rows<{ key: string }>(
    tx,
    sql`select key from record_versions where mirror = ${table} and key = any(${array(keys)}::text[]) and deleted`,
  );
  return found.map(({ key }) => key);
}

/** Deletes pending records that wait for nothing. */
export const settlePending = (tx: Tx, table: string, keys: readonly string[]): Promise<unknown> =>
  tx.execute(
    sql`delete from pending_records p where p.mirror = ${table} and p.key = any(${array(keys)}::text[])
          and not exists (select 1 from mirror_waiting w where w.mirror = p.mirror and w.key = p.key)`,
  );

/** Lets the host send the same versions again of rows that our table does not have. */
export const acceptAgain = (tx: Tx, table: string, keys: readonly string[]): Promise<unknown> =>
  tx.execute(
    sql`update record_versions v set hash = null where v.mirror = ${table} and v.key = any(${array(keys)}::text[]) and not v.deleted
          and not exists (select 1 from pending_records p where p.mirror = v.mirror and p.key = v.key)`,
  );
