import type { TestProject } from "vitest/node";
import { readDatabaseConfig } from "../../src/config/config.ts";
import { migrateDatabase } from "../../src/db/migrate/migrate.ts";
import { startEmbeddedServers } from "../../src/dev/servers/embedded-servers.ts";
import { buildPrograms } from "./build-programs.ts";
import { dumpHost, hostPathSql, hostSql } from "./host-decoys.ts";
import { onServer } from "./on-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    databaseUrl: string;
    redisUrl: string;
    template: string;
    databaseSchema: string;
    hostDump: string | null;
    programs: string;
  }
}

/**
 * Once for the whole run: real servers, and a migrated template that each test clones. DB_SCHEMA names its
 * schema; with TEST_HOST_DECOYS=1 a host platform is in its `public`, and every test must leave that as it
 * was.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const programs = await buildPrograms();
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
  const hostDump = process.env["TEST_HOST_DECOYS"] === "1" ? await plantHost(url.href, template) : null;
  const { databaseSchema } = readDatabaseConfig({ ...process.env, DATABASE_URL: url.href });
  await migrateDatabase({ databaseUrl: url.href, databaseSchema });
  project.provide("databaseUrl", servers.databaseUrl);
  project.provide("redisUrl", servers.redisUrl);
  project.provide("template", template);
  project.provide("databaseSchema", databaseSchema);
  project.provide("hostDump", hostDump);
  project.provide("programs", programs.folder);
  return async () => {
    await onServer(servers.databaseUrl, `drop database if exists ${template}`);
    await servers.stop();
    await programs.remove();
  };
}

async function plantHost(url: string, database: string): Promise<string> {
  await onServer(url, hostPathSql(database));
  await onServer(url, hostSql());
  return dumpHost(url);
}
