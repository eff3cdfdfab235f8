import type { World } from "./world.ts";

/** A transaction that the test holds open. */
export type OpenTransaction = {
  query(statement: string): Promise<unknown>;
  /** Ends it and returns its connection to the pool. */
  end(how: "commit" | "rollback"): Promise<void>;
};

/**
 * Begins a transaction on a connection of its own. It is rolled back when the test ends, also if the test
 * fails or is cut off before it ends the transaction itself.
 */
export async function openTransaction(world: World): Promise<OpenTransaction> {
  const client = await world.db.pool.connect();
  let open = true;
  const end = async (how: "commit" | "rollback") => {
    if (!open) return;
    open = false;
    // An error leaves the connection in an unknown state: the pool then closes it.
    await client.query(how).then(
      () => client.release(),
      (error: Error) => client.release(error),
    );
  };
  world.closing(() => end("rollback"));
  await client.query("begin");
  return { query: (statement) => client.query(statement), end };
}
