import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { inject, onTestFinished } from "vitest";
import { migrateDatabase } from "../../src/db/migrate/migrate.ts";
import { startEmbeddedPostgres } from "../../src/dev/servers/embedded-postgres.ts";
import { folderOpenToOthers } from "../../src/dev/servers/locate-postgres.ts";

/**
 * A Postgres of the test's own, with the current schema, which it may stop, start again on the same port,
 * demote and promote.
 */
export type OwnPostgres = {
  readonly url: string;
  stop(): Promise<void>;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Restarts it as a standby: it answers, and refuses writes with 25006. */
  demote(): Promise<void>;
  /** Makes a standby the primary again, without a restart. */
  promote(): Promise<void>;
};

export type OwnPostgresOptions = {
  /** The folder that its own one is made in. */
  readonly parent?: string;
  /** Additional settings, each `name=value`. */
  readonly settings?: readonly string[];
  /** Additional variables of its process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The folder with the programs of another version than that of all tests. */
  readonly programs?: string;
};

/** To be opened before the world that uses it, so that it outlives that world. */
export async function ownPostgres(options: OwnPostgresOptions = {}): Promise<OwnPostgres> {
  const parent = options.parent ?? (await folderOpenToOthers());
  const folder = await mkdtemp(join(parent, "commonwork-own-postgres-"));
  const startOn = (port?: number) =>
    startEmbeddedPostgres({
      folder,
      durable: false,
      settings: options.settings,
      environment: options.environment,
      programs: options.programs,
      ...(port === undefined ? {} : { port }),
    });
  let server = await startOn();
  const { url } = server;
  const port = Number(new URL(url).port);
  const start = async () => {
    server = await startOn(port);
  };
  onTestFinished(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  await migrateDatabase({ databaseUrl: url, databaseSchema: inject("databaseSchema") });
  return {
    url,
    stop: () => server.stop(),
    async kill() {
      process.kill(server.pid, "SIGKILL");
      await server.stop();
    },
    start,
    async demote() {
      await server.stop();
      await writeFile(join(folder, "cluster", "standby.signal"), "");
      await start();
    },
    async promote() {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query("select pg_promote(wait => true)");
      await client.end();
    },
  };
}
