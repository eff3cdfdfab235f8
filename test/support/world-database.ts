import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { inject } from "vitest";
import type { DatabaseAddress } from "../../src/db/client.ts";
import { streamOf } from "../../src/db/prepared.ts";
import { dumpHost, hostPathSql, hostSql } from "./host-decoys.ts";
import { onServer } from "./on-server.ts";

/** Creates a database from the migrated template. */
export async function cloneTemplate(name: string): Promise<DatabaseAddress> {
  await administer(`create database ${name} template ${inject("template")} strategy file_copy`);
  const url = new URL(inject("databaseUrl"));
  url.pathname = `/${name}`;
  return { databaseUrl: url.href, databaseSchema: inject("databaseSchema") };
}

/**
 * Puts a host platform into the database if asked to, or if the template has one.
 * @returns the contents of the host's schemas, which no test may change; null without a host.
 */
export async function hostIn(
  { databaseUrl }: DatabaseAddress,
  options: { readonly besideHost?: true },
): Promise<string | null> {
  const planted = inject("hostDump");
  if (planted === null && !options.besideHost) return null;
  await onServer(databaseUrl, hostPathSql(new URL(databaseUrl).pathname.slice(1)));
  if (planted !== null) return planted;
  await onServer(databaseUrl, hostSql());
  return dumpHost(databaseUrl);
}

/**
 * Drops a database, without FORCE, since an open connection is a bug of the test. The server needs a moment
 * to notice that one has closed.
 */
export async function dropDatabase(name: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await administer(`drop database ${name}`);
    } catch (error) {
      if (tries >= 50) throw error;
      await delay(20 * Math.min(tries, 10));
    }
  }
}

let administrator: Promise<pg.Client> | null = null;

/**
 * Runs a statement over a connection that this process keeps for creating and dropping databases: one for
 * each took a tenth of the time of a small test.
 */
async function administer(statement: string): Promise<void> {
  administrator ??= openAdministrator();
  const client = await administrator;
  await client.query(statement);
}

async function openAdministrator(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: inject("databaseUrl") });
  client.on("error", forgetAdministrator);
  client.on("end", forgetAdministrator);
  try {
    await client.connect();
  } catch (error) {
    forgetAdministrator();
    throw error;
  }
  // It ends with the process, which it must not keep alive.
  streamOf(client).unref();
  return client;
}

function forgetAdministrator(): void {
  administrator = null;
}
