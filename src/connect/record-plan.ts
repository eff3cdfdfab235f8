import { sql } from "drizzle-orm";
import pg from "pg";
import type { Tx } from "../db/transaction.ts";
import { hostTable } from "./host-tables.ts";
import { GONE_BY_TABLE, type MirrorPlan, type OwnColumn, ownColumnsOf } from "./plan.ts";

/** The columns of a table that records may write, and the plan by which they are written. */
export type RecordPlan = { readonly plan: MirrorPlan; readonly columns: readonly OwnColumn[] };

/**
 * How records of a table are written: as the rows of a mirror whose select reads those that are pending.
 *
 * @param table one of HOST_TABLES.
 */
export async function planRecords(tx: Tx, table: string): Promise<RecordPlan> {
  const writes = hostTable(table)?.writes ?? [];
  const columns = (await ownColumnsOf(tx, table)).filter(({ name }) => writes.includes(name));
  const plan: MirrorPlan = {
    table,
    select: selectPending(table, columns),
    key: [{ name: "host_id", type: "text" }],
    columns: columns.map(({ name, type, references }) => ({ name, type, references })),
    sources: [],
    reads: [],
    gone: GONE_BY_TABLE[table] ?? "delete",
    granted: [],
  };
  return { plan, columns };
}

/** References are the host's ids; Postgres reads the other values as JSON of a row of the table. */
function selectPending(table: string, columns: readonly OwnColumn[]): string {
  const { escapeIdentifier: quote, escapeLiteral: literal } = pg;
  const references = columns.flatMap(({ name, references }) => (references ? [name] : []));
  const values = columns.map(({ name, references }) =>
    references ? `p.columns ->> ${literal(name)} as ${quote(name)}` : `r.${quote(name)}`,
  );
  return `select ${["p.key as host_id", ...values].join(", ")} from pending_records p
cross join lateral jsonb_populate_record(null::${quote(table)}, p.columns - array[${references.map(literal).join(", ")}]::text[]) r
where p.mirror = ${literal(table)}`;
}

/** Marks a table as filled by records, until a mapping is installed for it. */
export const keepRecordPlan = (tx: Tx, { table, ...plan }: MirrorPlan): Promise<unknown> =>
  tx.execute(
    sql`insert into mirrors as m (table_name, mapping, plan, of_records, accepts_removals)
        values (${table}, '', ${JSON.stringify({ table, ...plan })}::jsonb, true, true)
        on conflict (table_name) do update set plan = excluded.plan
        where m.of_records and m.plan is distinct from excluded.plan`,
  );
