import { databaseFault } from "../database-fault.ts";
import type { Tx } from "../db/transaction.ts";
import type { Mirror } from "./installed.ts";
import type { RefusedKey } from "./isolate.ts";
import { columnValues } from "./mirror-statements.ts";
import type { MirrorPlan, PlanColumn } from "./plan.ts";
import { readHost } from "./read-host.ts";
import { faultsOfRows } from "./record-faults.ts";

/** Values that our columns cannot have: Postgres does not say which column. */
const VALUE_FAULT = /^22/;
/** At most this many rows of a round are checked column by column: the others fail in the same way. */
const MAX_LOOKED_AT = 20;

/** A refused row with its fault, without values of the row. */
export type DescribedKey = RefusedKey & { readonly reason: string };

/** Finds the columns at fault of refused rows, and their faults. */
export async function describeRefused(
  tx: Tx,
  { plan, ofRecords }: Pick<Mirror, "plan" | "ofRecords">,
  refused: readonly RefusedKey[],
): Promise<DescribedKey[]> {
  const located: RefusedKey[] = [];
  for (const [index, one] of refused.entries())
    located.push(
      !ofRecords && index < MAX_LOOKED_AT && VALUE_FAULT.test(one.code)
        ? { ...one, column: await unfitColumn(tx, plan, one.key) }
        : one,
    );
  const faults = await faultsOfRows(tx, located);
  return located.map((one, index) => {
    const [first, ...others] = faults[index] ?? [];
    const columns = [first, ...others].flatMap(
      (fault) => /^columns\.(.+)$/.exec(fault?.field ?? "")?.[1] ?? [],
    );
    return { ...one, column: columns.join(", ") || null, reason: first?.fault ?? one.code };
  });
}

/** The first column of a row whose value cannot be converted to ours; null if all can. */
async function unfitColumn(tx: Tx, plan: MirrorPlan, key: string): Promise<string | null> {
  for (const column of plan.columns)
    if (column.references === null && !(await fits(tx, plan, column, [key]))) return column.name;
  return null;
}

async function fits(tx: Tx, plan: MirrorPlan, column: PlanColumn, keys: readonly string[]): Promise<boolean> {
  try {
    await tx.transaction((savepoint) => readHost(savepoint, plan, columnValues(plan, column, keys)));
    return true;
  } catch (error) {
    if (!VALUE_FAULT.test(databaseFault(error)?.code ?? "")) throw error;
    return false;
  }
}
