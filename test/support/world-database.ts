import { setTimeout as delay } from "node:timers/promises";
import { inject } from "vitest";
import type { DatabaseAddress } from "../../src/db/client.ts";
import { dumpHost, hostPathSql, hostSql } from "./host-decoys.ts";
import { onServer } from "./on-server.ts";

/** Creates a database from the migrated template. */
export async function cloneTemplate(name: string): Promise<DatabaseAddress> {
  await onServer(
    inject("databaseUrl"),
    `create database ${name} template ${inject("template")} strategy file_copy`,
  );
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
export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await onServer(serverUrl, `drop database ${name}`);
    } catch (error) {
      if (tries >= 50) throw error;
      await delay(20 * Math.min(tries, 10));
    }
  }
}
