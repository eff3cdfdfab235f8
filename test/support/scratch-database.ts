import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject, onTestFinished } from "vitest";
import type { DatabaseAddress } from "../../src/db/client.ts";
import { migrateDatabase } from "../../src/db/migrate/migrate.ts";
import { roleNames, rolesSql } from "../../src/db/roles.ts";
import { onServer } from "./on-server.ts";

/** An empty database, dropped after the test together with the roles that were created for it. */
export type ScratchDatabase = {
  readonly url: string;
  /** Runs statements as the superuser. */
  query<Row extends Record<string, unknown>>(statement: string, values?: unknown[]): Promise<Row[]>;
  /** Creates a role that can log in, without further rights. @returns its address. */
  createRole(): Promise<{ readonly name: string; readonly url: string }>;
  /** The address for a role that exists. Its password is set. */
  urlAs(role: string): Promise<string>;
};

const PASSWORD = "scratch";

export const drawName = (): string => `cw_test_${randomBytes(5).toString("hex")}`;

export async function scratchDatabase(template = "template1"): Promise<ScratchDatabase> {
  const name = drawName();
  await onServer(inject("databaseUrl"), `create database ${name} template ${template} strategy file_copy`);
  const url = urlOf(inject("databaseUrl"), { database: name });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const roles = new Set<string>();
  onTestFinished(async () => {
    for (const role of roles) await client.query(`drop owned by ${role} cascade`);
    await client.end();
    await onServer(inject("databaseUrl"), `drop database ${name} with (force)`);
    for (const role of roles) await onServer(inject("databaseUrl"), `drop role ${role}`);
  });
  const urlAs = async (role: string) => {
    roles.add(role);
    await client.query(`alter role ${role} password '${PASSWORD}'`);
    return urlOf(url, { role });
  };
  return {
    url,
    async query<Row extends Record<string, unknown>>(statement: string, values: unknown[] = []) {
      return (await client.query(statement, values)).rows as Row[];
    },
    async createRole() {
      const role = drawName();
      await client.query(`create role ${role} login`);
      return { name: role, url: await urlAs(role) };
    },
    urlAs,
  };
}

/** A database in which the superuser has deployed, a clone of the migrated template. */
export async function migratedDatabase(): Promise<{
  readonly database: ScratchDatabase;
  readonly address: DatabaseAddress;
}> {
  const database = await scratchDatabase(inject("template"));
  return { database, address: { databaseUrl: database.url, databaseSchema: inject("databaseSchema") } };
}

/** A deployment with the roles that `migrate --print-roles` creates, migrated by the owner. */
export async function deployWithRoles(database: ScratchDatabase): Promise<{
  readonly owner: DatabaseAddress;
  readonly app: DatabaseAddress;
}> {
  const databaseSchema = drawName();
  await database.query(rolesSql({ databaseUrl: database.url, databaseSchema }));
  const names = roleNames(databaseSchema);
  const [owner, app] = [
    { databaseUrl: await database.urlAs(names.owner), databaseSchema },
    { databaseUrl: await database.urlAs(names.app), databaseSchema },
  ];
  await database.urlAs(names.host);
  await database.urlAs(names.reader);
  await migrateDatabase(owner);
  return { owner, app };
}

function urlOf(base: string, { database, role }: { database?: string; role?: string }): string {
  const url = new URL(base);
  if (database !== undefined) url.pathname = `/${database}`;
  if (role !== undefined) Object.assign(url, { username: role, password: PASSWORD });
  return url.href;
}
