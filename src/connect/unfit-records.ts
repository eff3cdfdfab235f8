import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { readMirrors } from "./installed.ts";
import { keepRecordPlan, planRecords, type RecordPlan } from "./record-plan.ts";
import { columnFaults, type FieldFault } from "./record-values.ts";
import type { HostRecord } from "./record-versions.ts";

/**
 * Checks records before any is written: for tables that are mirrored here, columns that do not fit, and
 * erased users. Afterwards the tables that take records are prepared for them.
 */
export async function unfitRecords(tx: Tx, records: readonly HostRecord[]): Promise<FieldFault[][]> {
  const plans = await openTables(tx, new Set(records.map(({ table }) => table)));
  const erased = await erasedAmong(
    tx,
    records.flatMap((record) => usersOf(record, plans).map(({ key }) => key)),
  );
  return records.map((record) => faultsOfRecord(record, plans, erased));
}

function faultsOfRecord(
  record: HostRecord,
  plans: ReadonlyMap<string, RecordPlan>,
  erased: ReadonlySet<string>,
): FieldFault[] {
  const plan = plans.get(record.table);
  if (plan === undefined)
    return [{ field: "table", fault: "is mirrored from tables in this database, so it takes no records" }];
  const faults = record.columns === null ? [] : columnFaults(record.columns, plan.columns);
  for (const { key, field } of usersOf(record, plans))
    if (erased.has(key)) faults.push({ field, fault: "is the id of an erased user" });
  return faults;
}

/** The plans of the tables that take records. */
async function openTables(tx: Tx, tables: ReadonlySet<string>): Promise<Map<string, RecordPlan>> {
  const mirrors = await readMirrors(tx);
  const plans = new Map<string, RecordPlan>();
  for (const table of tables) {
    const mirror = mirrors.find((each) => each.table === table);
    if (mirror && !mirror.ofRecords) continue;
    const plan = await planRecords(tx, table);
    await keepRecordPlan(tx, plan.plan);
    plans.set(table, plan);
  }
  return plans;
}

/** The users that a record refers to, and the fields with these references. */
function usersOf(
  { table, key, columns }: HostRecord,
  plans: ReadonlyMap<string, RecordPlan>,
): { readonly key: string; readonly field: string }[] {
  if (columns === null) return [];
  if (table === "users") return [{ key, field: "host_id" }];
  const references =
    plans.get(table)?.columns.filter(({ references }) => references?.table === "users") ?? [];
  return references.flatMap(({ name }) =>
    columns[name] === undefined || columns[name] === null
      ? []
      : [{ key: String(columns[name]), field: `columns.${name}` }],
  );
}

async function erasedAmong(tx: Tx, keys: readonly string[]): Promise<Set<string>> {
  const found = await rows<{ key: string }>(
    tx,
    sql`select k.key from unnest(${array(keys)}::text[]) as k(key)
        where exists (select 1 from erased_users e where e.hash = sha256(convert_to(k.key, 'UTF8')))`,
  );
  return new Set(found.map(({ key }) => key));
}
