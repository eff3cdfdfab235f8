import { randomBytes } from "node:crypto";
import pg from "pg";
import { readConfig, readDatabaseConfig } from "../../src/config/config.ts";
import { type Database, openDatabase } from "../../src/db/client.ts";
import { migrateDatabase } from "../../src/db/migrate/migrate.ts";
import { SECRET } from "./sale-requests.ts";

/** A database for one run, on the server of the benchmark. */
export type Scratch = {
  readonly url: string;
  readonly db: Database;
  /** Runs a statement of the set-up, without a statement timeout. */
  sql(statement: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
};

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

const named = (serverUrl: string, name: string): string => {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
};

/** Creates a migrated database, or a clone of a template of `makeTemplate`. */
export async function openScratch(serverUrl: string, template?: string): Promise<Scratch> {
  const name = `bench_${randomBytes(5).toString("hex")}`;
  await onServer(
    serverUrl,
    `create database ${name} ${template ? `template ${template} strategy file_copy` : ""}`,
  );
  const url = named(serverUrl, name);
  const address = readDatabaseConfig({ DATABASE_URL: url });
  if (!template) await migrateDatabase(address);
  const db = openDatabase(address, { max: 4, applicationName: "bench", statementTimeoutMs: 0 });
  return {
    url,
    db,
    sql: async (statement, values = []) => (await db.pool.query(statement, values)).rows,
    async drop() {
      await db.close();
      await onServer(serverUrl, `drop database ${name} with (force)`);
    },
  };
}

/**
 * Vacuums and analyzes the tables with rows, which their sizes tell: the counters of rows are some seconds
 * late. Empty ones stay as migrations leave them, as in a real deployment: a table that was vacuumed while it
 * was empty is known to be empty, and plans that are cached then scan it sequentially.
 */
export async function vacuumLoaded(scratch: Pick<Scratch, "sql">): Promise<void> {
  const tables = await scratch.sql(
    "select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables where pg_relation_size(relid) > 0",
  );
  for (const { name } of tables) await scratch.sql(`vacuum analyze ${String(name)}`);
}

/** Loads a database that runs are cloned from. @returns its name. */
export async function makeTemplate(
  serverUrl: string,
  load: (scratch: Scratch) => Promise<void>,
): Promise<string> {
  const scratch = await openScratch(serverUrl);
  await load(scratch);
  await vacuumLoaded(scratch);
  await scratch.db.close();
  return new URL(scratch.url).pathname.slice(1);
}

/** Runs `work` on a clone of the template after a checkpoint, and drops the clone. */
export async function withClone<T>(
  context: { readonly databaseUrl: string },
  template: string,
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  const scratch = await openScratch(context.databaseUrl, template);
  try {
    await scratch.sql("checkpoint");
    return await work(scratch);
  } finally {
    await scratch.drop();
  }
}

/** The configuration of a measured process: defaults, apart from addresses and `extra`. */
export function benchConfig(databaseUrl: string, redisUrl: string, extra: Record<string, string> = {}) {
  return readConfig({
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    REDIS_PREFIX: `bench-${randomBytes(5).toString("hex")}`,
    SCICENT_WEBHOOK_SECRET: SECRET,
    HOST: "127.0.0.1",
    LOG_LEVEL: "warn",
    ...extra,
  });
}

/** Due entries of several queues, and some that are due later. */
export async function loadBacklog(scratch: Scratch, entries: number): Promise<void> {
  await scratch.sql(
    `insert into outbox (queue, job, key, payload, run_at)
     select (array['matching', 'feeds', 'media'])[1 + g % 3], 'place-volunteer', 'waiting-' || g, '{}',
            now() + (g - $1::int * 0.9) * interval '1 millisecond' from generate_series(1, $1::int) g`,
    [entries],
  );
  await vacuumLoaded(scratch);
  await scratch.sql("checkpoint");
}
