import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Mirror } from "./installed.ts";
import { selected } from "./mirror-statements.ts";
import { readHost } from "./read-host.ts";

type Explained = { readonly "QUERY PLAN": readonly [{ readonly Plan: { readonly "Plan Rows": number } }] };

/**
 * How many rows the selects of mirrors give by the planner's estimate, which reads none of them. A mirror
 * whose select cannot be planned is left out.
 */
export async function estimateRows(
  db: Database,
  mirrors: readonly Pick<Mirror, "table" | "plan">[],
): Promise<ReadonlyMap<string, number>> {
  const estimates = new Map<string, number>();
  for (const { table, plan } of mirrors) {
    const statement = sql`explain (format json) select from ${selected(plan)}`;
    const found = await inTransaction(db, (tx) => readHost<Explained>(tx, plan, statement)).catch(() => []);
    const rows = found[0]?.["QUERY PLAN"][0].Plan["Plan Rows"];
    if (rows !== undefined) estimates.set(table, rows);
  }
  return estimates;
}
