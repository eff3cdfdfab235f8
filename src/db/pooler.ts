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
export const poolsTransactions = (db: Database): Promise<boolean> =>
  withConnection(db, (first) => withConnection(db, (second) => changesServer(first, second)));

async function changesServer(first: pg.PoolClient, second: pg.PoolClient): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await serverProcess(first);
    await second.query("begin");
    const held = await serverProcess(second);
    const after = await serverProcess(first);
    await second.query("rollback");
    if (held === before || after !== before) return true;
  }
  return false;
}

const ignoreLostConnection = () => undefined;

/** Lends a connection of the pool, which is closed if the work fails. */
async function withConnection<T>(db: Database, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await db.pool.connect();
  // The statement under way is rejected too; without a listener a lost connection would end the process.
  client.on("error", ignoreLostConnection);
  let broken = true;
  try {
    const result = await work(client);
    broken = false;
    return result;
  } finally {
    client.off("error", ignoreLostConnection);
    client.release(broken);
  }
}

async function serverProcess(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid ?? 0;
}
