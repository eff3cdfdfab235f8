import { type SQL, sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { PendingItem, Rechecked } from "./notification-type.ts";

/** The items as `i`: delivery_id, user_id, project_id, payload. */
export const itemsAsTable = (items: readonly PendingItem[]): SQL => sql`
  jsonb_to_recordset(${JSON.stringify(
    items.map(({ deliveryId, userId, event: { projectId, payload } }) => ({
      delivery_id: deliveryId,
      user_id: userId,
      project_id: projectId,
      payload,
    })),
  )}::jsonb) as i(delivery_id bigint, user_id bigint, project_id bigint, payload jsonb)`;

/**
 * Rechecks items by a condition over `i`: those for which it does not hold no longer apply. One statement.
 */
export async function keepWhere<P>(
  tx: Tx,
  items: readonly PendingItem<P>[],
  condition: SQL,
): Promise<Rechecked<P>> {
  const found = await rows<{ id: string }>(
    tx,
    sql`select i.delivery_id as id from ${itemsAsTable(items)} where ${condition}`,
  );
  const kept = new Set(found.map(({ id }) => id));
  return new Map(items.map(({ deliveryId, event }) => [deliveryId, kept.has(deliveryId) ? event : null]));
}
