import type pg from "pg";
import type { Database } from "./client.ts";

/** Each attempt can miss a pooler that gives both connections the same server connection again. */
const ATTEMPTS = 3;

/**
 * Whether a pooler assigns a server connection to each transaction, and not to each client. Session settings,
 * session locks and LISTEN are lost there without an error, and an unqualified name may mean a table of the
 * host.
 *
 * A connection that asks for the id of its server process in two statements sees it change once another
 * one holds a transaction.
 */
export async function poolsTransactions(db: Database): Promise<boolean> {
  const [first, second] = await Promise.all([db.pool.connect(), db.pool.connect()]);
  let broken = true;
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = await serverProcess(first);
      await second.query("begin");
      const held = await serverProcess(second);
      const after = await serverProcess(first);
      await second.query("rollback");
      if (held === before || after !== before) return true;
    }
    broken = false;
    return false;
  } finally {
    first.release(broken);
    second.release(broken);
  }
}

async function serverProcess(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid ?? 0;
}
