import { recordStatements } from "./statements.ts";
import type { World } from "./world.ts";

/**
 * Counts the statements that the pool sends to Postgres while `work` runs, including those of transactions.
 */
export async function countQueries(world: World, work: () => Promise<unknown>): Promise<number> {
  const sent = (await recordStatements(world, work)).length;
  if (sent === 0) throw new Error("No statement was seen, so a comparison of counts would prove nothing.");
  return sent;
}
