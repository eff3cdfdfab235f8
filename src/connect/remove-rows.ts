import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { Mirror } from "./installed.ts";
import { isolate, type RefusedKey } from "./isolate.ts";
import { childrenOf, markReturning, tombstoneUsers, waitForRemoved } from "./mirror-statements.ts";
import { acceptAgain } from "./pending-records.ts";
import type { MirrorPlan } from "./plan.ts";

/** Why rows are removed: the host no longer has them, or they refer to a row that is not mirrored. */
type Removal = "gone" | "waiting";

/**
 * Removes rows. Rows of other mirrors that refer to them are removed before, and wait for them to return;
 * records do not wait, since their columns are stored nowhere any more.
 *
 * @param mirrors those that others refer to first.
 * @returns the keys of rows that are still referred to.
 */
export async function removeMirrorRows(
  tx: Tx,
  mirrors: readonly Mirror[],
  { plan, ofRecords }: Mirror,
  keys: readonly string[],
  removal: Removal,
): Promise<readonly RefusedKey[]> {
  if (keys.length === 0) return [];
  if (removal === "gone") await forget(tx, plan, keys);
  else await tx.execute(markReturning(plan, keys));
  if (plan.gone === "keep") return [];
  if (plan.gone === "tombstone") {
    await tx.execute(tombstoneUsers(keys));
    return [];
  }
  for (const child of mirrors) {
    for (const { references, ...column } of child.plan.columns) {
      if (references?.table !== plan.table) continue;
      const statement = child.ofRecords ? childrenOf : waitForRemoved;
      const children = await rows<{ key: string }>(
        tx,
        statement(child.plan, { ...column, references }, keys),
      );
      if (children.length === 0) continue;
      await removeMirrorRows(
        tx,
        mirrors,
        child,
        children.map(({ key }) => key),
        "waiting",
      );
    }
  }
  const { refused } = await isolate(tx, keys, (savepoint, some) =>
    savepoint.execute(
      sql`delete from ${sql.identifier(plan.table)} where host_id = any(${array(some)}::text[])`,
    ),
  );
  if (ofRecords && removal === "waiting") await acceptAgain(tx, plan.table, keys);
  return refused;
}

/** Removed rows neither wait nor have faults. */
async function forget(tx: Tx, { table }: MirrorPlan, keys: readonly string[]): Promise<void> {
  await tx.execute(
    sql`delete from mirror_waiting where mirror = ${table} and key = any(${array(keys)}::text[])`,
  );
  await tx.execute(
    sql`delete from mirror_faults where mirror = ${table} and key = any(${array(keys)}::text[])`,
  );
}

/** How many rows of a mirror have these keys, and how many it has. */
export async function countRemovals(
  tx: Tx,
  { table }: MirrorPlan,
  keys: readonly string[],
): Promise<{ removed: number; all: number }> {
  const [counted] = await rows<{ removed: number; all: number }>(
    tx,
    sql`select (select count(*)::int from ${sql.identifier(table)} where host_id = any(${array(keys)}::text[])) as removed,
               (select count(*)::int from ${sql.identifier(table)} where host_id is not null) as all`,
  );
  return counted ?? { removed: 0, all: 0 };
}
