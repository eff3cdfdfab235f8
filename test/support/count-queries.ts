import type { PoolClient } from "pg";
import type { World } from "./world.ts";

/**
 * Counts the statements that the pool sends to Postgres while `work` runs, including those of transactions.
 */
export async function countQueries(world: World, work: () => Promise<unknown>): Promise<number> {
  let sent = 0;
  const undo: (() => void)[] = [];
  const seen = new Set<PoolClient>();
  const acquired = (client: PoolClient) => {
    // The pool returns the same client several times.
    if (seen.has(client)) return;
    seen.add(client);
    const query = client.query as (...words: unknown[]) => unknown;
    const counted = (...words: unknown[]) => {
      sent += 1;
      return query.apply(client, words);
    };
    client.query = counted as typeof client.query;
    undo.push(() => Object.assign(client, { query }));
  };
  world.db.pool.on("acquire", acquired);
  try {
    await work();
  } finally {
    world.db.pool.off("acquire", acquired);
    for (const one of undo.reverse()) one();
  }
  if (sent === 0) throw new Error("No statement was seen, so a comparison of counts would prove nothing.");
  return sent;
}
