import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { sql } from "drizzle-orm";
import { openDatabase } from "../../db/client.ts";
import { migrateDatabase } from "../../db/migrate.ts";
import { rows } from "../../db/statement.ts";
import { startEmbeddedServers } from "../servers/embedded-servers.ts";
import { differences } from "./line-diff.ts";
import { dumpSchema } from "./schema-dump.ts";

const SCHEMA_FILE = fileURLToPath(new URL("../../../drizzle/schema.sql", import.meta.url));

const dumped = await dumpOfMigrations();
if (process.argv.includes("--check")) {
  const written = await readFile(SCHEMA_FILE, "utf8").catch(() => "");
  if (written === dumped) process.stdout.write("drizzle/schema.sql shows what the migrations make.\n");
  else {
    process.stdout.write(
      `drizzle/schema.sql does not show what the migrations make (- written, + made). Run \`npm run schema:dump\`.\n\n${differences(written, dumped)}`,
    );
    process.exitCode = 1;
  }
} else {
  await writeFile(SCHEMA_FILE, dumped);
  process.stdout.write("drizzle/schema.sql was written.\n");
}

/** Migrates a database of its own, and dumps it. */
async function dumpOfMigrations(): Promise<string> {
  const given = process.env.DATABASE_URL;
  // Redis has no part in it: naming one keeps it from being started.
  const servers = await startEmbeddedServers({
    name: "test",
    durable: false,
    redisUrl: "redis://unused",
    ...(given ? { databaseUrl: given } : {}),
  });
  const name = `cw_schema_${process.pid}`;
  const server = openDatabase(servers.databaseUrl, { max: 1, statementTimeoutMs: 0 });
  try {
    await rows(server.drizzle, sql`create database ${sql.identifier(name)}`);
    const url = new URL(servers.databaseUrl);
    url.pathname = `/${name}`;
    await migrateDatabase(url.href);
    const db = openDatabase(url.href, { max: 1 });
    try {
      return await dumpSchema(db.drizzle);
    } finally {
      await db.close();
    }
  } finally {
    await rows(server.drizzle, sql`drop database if exists ${sql.identifier(name)} with (force)`);
    await server.close();
    await servers.stop();
  }
}
