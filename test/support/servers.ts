import pg from "pg";
import type { TestProject } from "vitest/node";
import { readDatabaseConfig } from "../../src/config/config.ts";
import { migrateDatabase } from "../../src/db/migrate.ts";
import { startEmbeddedServers } from "../../src/dev/servers/embedded-servers.ts";

declare module "vitest" {
  interface ProvidedContext {
    databaseUrl: string;
    redisUrl: string;
    template: string;
    databaseSchema: string;
  }
}

/** Once for the whole run: real servers, and a migrated template that each test clones. DB_SCHEMA names its schema. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = await startEmbeddedServers({
    name: "test",
    durable: false,
    ...(process.env["DATABASE_URL"] ? { databaseUrl: process.env["DATABASE_URL"] } : {}),
    ...(process.env["REDIS_URL"] ? { redisUrl: process.env["REDIS_URL"] } : {}),
  });
  const template = `cw_template_${process.pid}`;
  await onServer(servers.databaseUrl, `create database ${template}`);
  const url = new URL(servers.databaseUrl);
  url.pathname = `/${template}`;
  const { databaseSchema } = readDatabaseConfig({ ...process.env, DATABASE_URL: url.href });
  await migrateDatabase({ databaseUrl: url.href, databaseSchema });
  project.provide("databaseUrl", servers.databaseUrl);
  project.provide("redisUrl", servers.redisUrl);
  project.provide("template", template);
  project.provide("databaseSchema", databaseSchema);
  return async () => {
    await onServer(servers.databaseUrl, `drop database if exists ${template}`);
    await servers.stop();
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
