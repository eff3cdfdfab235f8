import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import pg from "pg";
import { prepareStatements } from "./prepared.ts";

export type Database = {
  readonly pool: pg.Pool;
  readonly drizzle: NodePgDatabase<Record<string, never>>;
  close(): Promise<void>;
};

/** No transaction lives longer: a held snapshot halves the rate at which others settle. */
export const TRANSACTION_LIMIT_MS = 5_000;

/**
 * So soon the server stops a statement whose client is gone: abandoned work and killed workers let go of their locks, instead of
 * keeping them until the statement ends.
 */
const NOTICE_LOST_CLIENT_MS = 500;

/** A connection keeps the plans of its statements; after this it is opened anew, so that none outlives the data it was made for. */
const CONNECTION_LIFETIME_S = 300;

export type DatabaseOptions = {
  readonly max?: number;
  readonly applicationName?: string;
  /** 0 takes the limit away: migrations and the loading of benchmarks need more than a job may have. */
  readonly statementTimeoutMs?: number;
  readonly onError?: (error: Error) => void;
};

/** Opens a pool. No connection is made before the first statement. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 10,
    application_name: options.applicationName ?? "commonwork",
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeoutMs ?? TRANSACTION_LIMIT_MS,
    idle_in_transaction_session_timeout: 2 * TRANSACTION_LIMIT_MS,
    keepAlive: true,
    maxLifetimeSeconds: CONNECTION_LIFETIME_S,
    // Statements that do not wait for each other's answer travel together: Promise.all in a transaction is one way there and back.
    pipeline: true,
    onConnect: async (client) => {
      prepareStatements(client);
      // A server older than 14 does not know it and goes on as it always did.
      await client
        .query(`set client_connection_check_interval = ${NOTICE_LOST_CLIENT_MS}`)
        .catch(() => undefined);
    },
  });
  // A connection that dies while idle is replaced at the next use; without a listener it would end the program.
  let closing = false;
  pool.on("error", (error) => {
    // A server that stops right after us cuts connections that are still saying goodbye: nobody's trouble.
    if (!closing) options.onError?.(error);
  });
  const close = () => {
    closing = true;
    return pool.end();
  };
  return { pool, drizzle: drizzle(pool), close };
}
