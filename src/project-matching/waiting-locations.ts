import { sql } from "drizzle-orm";
import type { Tx } from "../db/transaction.ts";

/**
 * Moves volunteers to their current cell, if their change of location had to wait: it counts once the first
 * of the two changes before it is a day old. A trigger computes the cell.
 */
export async function moveWaitingLocations(tx: Tx): Promise<void> {
  await tx.execute(
    sql`update volunteers set grid_waiting = true
        where grid_waiting and grid_moves[1] <= now() - interval '1 day'`,
  );
}
