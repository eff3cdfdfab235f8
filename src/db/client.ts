import type { Socket } from "node:net";
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import pg from "pg";
import { settlesWithin } from "../deadlines.ts";
import { prepareStatements, streamOf } from "./prepared.ts";
import { noticeRefusedWrites, type RefusedWrites } from "./refused-writes.ts";
import { sessionSetUp, TRANSACTION_LIMIT_MS } from "./session.ts";
import { closeWhenUnanswered } from "./unanswered.ts";

/** Where the tables are: a database, and a schema in it. Both are part of the configuration. */
export type DatabaseAddress = {
  readonly databaseUrl: string;
  readonly databaseSchema: string;
  /** The schema of the views of results. Default: the schema of the tables with the suffix `_results`. */
  readonly resultsSchema?: string;
};

export const resultsSchemaOf = ({
  databaseSchema,
  resultsSchema = `${databaseSchema}_results`,
}: Omit<DatabaseAddress, "databaseUrl">): string => resultsSchema;

export type Database = {
  readonly pool: pg.Pool;
  readonly schema: string;
  readonly drizzle: NodePgDatabase<Record<string, never>>;
  readonly refusedWrites: RefusedWrites;
  close(): Promise<void>;
};

/**
 * Connections are reopened at this age, so that no cached plan gets much older than the statistics it was
 * made from.
 */
const CONNECTION_LIFETIME_S = 300;

const CONNECT_WITHIN_MS = 5_000;

/**
 * How long a command waits for a connection: longer than a service, which tries again and must answer its
 * callers meanwhile.
 */
export const COMMAND_CONNECTS_WITHIN_MS = 15_000;

/** How much longer than its server a client waits for a statement to end. */
export const UNANSWERED_MARGIN_MS = 2_500;

export type DatabaseOptions = {
  readonly max?: number;
  readonly applicationName?: string;
  /** How long a statement waits for a connection. Default: 5 s. */
  readonly connectWithinMs?: number | undefined;
  /** 0: no limit, for loading benchmarks. Default: TRANSACTION_LIMIT_MS. */
  readonly statementTimeoutMs?: number;
  readonly onError?: (error: Error) => void;
};

/**
 * Opens a pool. No connection is made before the first statement. Unqualified names in statements mean the
 * schema of the address; a connection for which they would mean another one is refused with UnsuitableServer.
 */
export function openDatabase(address: DatabaseAddress, options: DatabaseOptions = {}): Database {
  const schema = address.databaseSchema;
  const limitMs = options.statementTimeoutMs ?? TRANSACTION_LIMIT_MS;
  const setUp = sessionSetUp(address, limitMs);
  const refusedWrites = noticeRefusedWrites();
  const pool = new pg.Pool({
    connectionString: address.databaseUrl,
    max: options.max ?? 10,
    application_name: options.applicationName ?? "commonwork",
    connectionTimeoutMillis: options.connectWithinMs ?? CONNECT_WITHIN_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    maxLifetimeSeconds: CONNECTION_LIFETIME_S,
    // Statements that do not wait for each other's result are sent together: Promise.all in a transaction is
    // one round trip.
    pipeline: true,
    onConnect: async (client) => {
      if (limitMs > 0) closeWhenUnanswered(client, limitMs + UNANSWERED_MARGIN_MS);
      refusedWrites.watch(client);
      prepareStatements(client);
      await setUp(client);
    },
  });
  // A connection that is lost while idle is replaced at the next use; without a listener it would end the
  // process.
  let closing = false;
  pool.on("error", (error) => {
    // A server that stops right after us may cut connections that are still closing.
    if (!closing) options.onError?.(error);
  });
  const sockets = new Set<Socket>();
  pool.on("connect", (client) => {
    const socket = streamOf(client);
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const close = async () => {
    closing = true;
    if (await settlesWithin(TRANSACTION_LIMIT_MS, pool.end())) return;
    // A server that is gone does not end its side of a connection.
    for (const socket of sockets) socket.destroy();
  };
  return { pool, schema, drizzle: drizzle(pool), refusedWrites, close };
}
