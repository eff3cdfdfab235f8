import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { acceptAgain } from "./pending-records.ts";
import type { FieldFault } from "./record-values.ts";
import { deletePending } from "./record-versions.ts";

/** All records that wait for rows that they refer to. */
const MAX_WAITING = { records: 100_000, bytes: 256 * 1024 * 1024 };

const BEYOND: readonly FieldFault[] = [
  {
    field: "columns",
    fault:
      "refers to a row that has not arrived, and too many records already wait for missing rows: send those rows first",
  },
];

type Waiting = { readonly table: string; readonly key: string };

/** Refuses records that have begun to wait when too many do. @returns those that were refused. */
export async function refuseBeyondLimit<R extends Waiting>(
  tx: Tx,
  waiting: readonly R[],
  limit = MAX_WAITING,
): Promise<{ readonly record: R; readonly faults: readonly FieldFault[] }[]> {
  if (waiting.length === 0) return [];
  const [held] = await rows<{ records: number; bytes: number }>(
    tx,
    sql`select count(*)::int as records, coalesce(sum(pg_column_size(columns)), 0)::float8 as bytes from pending_records`,
  );
  if (held && held.records <= limit.records && held.bytes <= limit.bytes) return [];
  await deletePending(tx, waiting);
  for (const { table, key } of waiting) {
    await tx.execute(sql`delete from mirror_waiting where mirror = ${table} and key = ${key}`);
    await acceptAgain(tx, table, [key]);
  }
  return waiting.map((record) => ({ record, faults: BEYOND }));
}
