import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { openDatabase } from "../../db/client.ts";
import { migrateDatabase } from "../../db/migrate/migrate.ts";
import { ERASURE_RULES } from "../../erasure/rules.ts";
import { startEmbeddedServers } from "../servers/embedded-servers.ts";
import { lineDiff } from "./line-diff.ts";
import { withoutRule } from "./personal-columns.ts";
import { readSchema } from "./schema-catalog.ts";
import { dumpSchema } from "./schema-dump.ts";

const SCHEMA_FILE = fileURLToPath(new URL("../../../drizzle/schema.sql", import.meta.url));

/** Not the default: a migration that names the schema fails. The dump does not show it. */
const SCHEMA = "cw_dump";

const { dumped, unruled } = await dumpOfMigrations();
if (process.argv.includes("--check")) {
  const written = await readFile(SCHEMA_FILE, "utf8").catch(() => "");
  if (written === dumped) process.stdout.write("drizzle/schema.sql matches the migrations.\n");
  else {
    process.stdout.write(
      `drizzle/schema.sql differs from what the migrations make (- file, + migrations). Run \`npm run schema:dump\`.\n\n${lineDiff(written, dumped)}`,
    );
    process.exitCode = 1;
  }
  if (unruled.length > 0) {
    process.stdout.write(
      `src/erasure/rules.ts does not say what becomes of ${unruled.join(", ")} when a user is erased. Add a line for each.\n`,
    );
    process.exitCode = 1;
  }
} else {
  await writeFile(SCHEMA_FILE, dumped);
  process.stdout.write("Wrote drizzle/schema.sql.\n");
}

/** Migrates a scratch database, dumps it, and looks for tables and columns without a rule of erasure. */
async function dumpOfMigrations(): Promise<{ dumped: string; unruled: string[] }> {
  const given = process.env.DATABASE_URL;
  // No Redis is needed: a given address keeps it from being started.
  const servers = await startEmbeddedServers({
    name: "test",
    durable: false,
    redisUrl: "redis://unused",
    ...(given ? { databaseUrl: given } : {}),
  });
  const name = `cw_schema_${process.pid}`;
  const server = new pg.Client({ connectionString: servers.databaseUrl });
  await server.connect();
  try {
    await server.query(`create database ${name}`);
    const url = new URL(servers.databaseUrl);
    url.pathname = `/${name}`;
    const address = { databaseUrl: url.href, databaseSchema: SCHEMA };
    await migrateDatabase(address);
    const db = openDatabase(address, { max: 1 });
    try {
      const { tables } = await readSchema(db.drizzle);
      return { dumped: await dumpSchema(db.drizzle), unruled: withoutRule(tables, ERASURE_RULES) };
    } finally {
      await db.close();
    }
  } finally {
    await server.query(`drop database if exists ${name} with (force)`);
    await server.end();
    await servers.stop();
  }
}
