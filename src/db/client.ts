import { sql } from "drizzle-orm";
import { drizzle, type NodePgDatabase, type NodePgQueryResultHKT } from "drizzle-orm/node-postgres";
import type { PgTransaction } from "drizzle-orm/pg-core";
import pg from "pg";
import { isOutdatedPlan } from "./faults.ts";
import { PREPARED_MARK, prepareStatements, streamOf } from "./prepared.ts";

/** An open transaction. Everything that a job reads and writes goes through it. */
export type Tx = PgTransaction<NodePgQueryResultHKT, Record<string, never>, Record<string, never>>;

/** Something that answers one statement: a transaction, or the pool for a read of its own. */
export type Queryable = Pick<Tx, "execute">;

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

/**
 * Runs `work` in one transaction on one connection. Commits when it resolves, rolls back when it rejects.
 *
 * When `signal` aborts, the connection is destroyed at once: whatever the abandoned work still sends goes nowhere,
 * instead of running outside its transaction. Rejects with the signal's reason.
 */
export async function inTransaction<T>(
  db: Database,
  work: (tx: Tx) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const client = await db.pool.connect();
  let released = false;
  const release = (broken: boolean) => {
    if (!released) client.release(broken);
    released = true;
  };
  // The wait for a connection may have outlasted the patience of whoever asked; no event tells of that any more.
  if (signal?.aborted) {
    release(false);
    throw signal.reason;
  }
  const abandon = () => {
    release(true);
    // Ending a connection waits for what was sent over it; here nobody waits any more.
    streamOf(client).destroy();
  };
  // A connection lost while it is checked out is reported by the statement that meets it.
  client.on("error", ignoreLostConnection);
  signal?.addEventListener("abort", abandon, { once: true });
  try {
    return (await drizzle(client).transaction(work as Parameters<NodePgDatabase["transaction"]>[0])) as T;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    // Its prepared statements are of a schema that was changed meanwhile: the next connection prepares them anew.
    if (isOutdatedPlan(error)) release(true);
    throw error;
  } finally {
    signal?.removeEventListener("abort", abandon);
    client.off("error", ignoreLostConnection);
    release(false);
  }
}

function ignoreLostConnection(): void {
  // Intentionally empty: see inTransaction.
}

/** Runs one statement and returns its rows. Integers of 8 bytes and numerics arrive as strings. */
export async function rows<Row extends Record<string, unknown>>(
  on: Queryable,
  query: ReturnType<typeof sql>,
): Promise<Row[]> {
  return (await on.execute<Row>(query)).rows as Row[];
}

/**
 * A statement that each connection prepares once and keeps with its plan: for those that run for each piece of work. Its plan may be
 * older than the data, so it has to be one that goes by an index whatever the sizes.
 */
export const prepared: typeof sql = ((strings: TemplateStringsArray, ...values: unknown[]) =>
  sql`${PREPARED}${sql(strings, ...values)}`) as typeof sql;

const PREPARED = sql.raw(PREPARED_MARK);

/**
 * An array as one parameter, in the notation of Postgres; the statement says its type (`::bigint[]`). Drizzle would spread it into a
 * list, and the driver quotes each element with two regular expressions: a tenth of the time that a group of sales takes.
 */
export const array = (values: readonly unknown[]) => sql.param(arrayLiteral(values));

/** Nothing of it means anything to the array notation. */
const PLAIN = /^[\w.:+-]+$/;

function arrayLiteral(values: readonly unknown[]): string {
  let literal = "{";
  for (let i = 0; i < values.length; i++) {
    if (i > 0) literal += ",";
    literal += elementOf(values[i]);
  }
  return `${literal}}`;
}

function elementOf(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (Buffer.isBuffer(value)) return `"\\\\x${value.toString("hex")}"`;
  const text = value instanceof Date ? value.toISOString() : String(value);
  if (PLAIN.test(text) && text.toUpperCase() !== "NULL") return text;
  return text.includes('"') || text.includes("\\") ? `"${text.replace(/["\\]/g, "\\$&")}"` : `"${text}"`;
}
