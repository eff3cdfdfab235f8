import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readMigrationFiles } from "drizzle-orm/migrator";
import pg from "pg";
import { UnsuitableServer } from "../../unsuitable-server.ts";
import { type Database, type DatabaseAddress, resultsSchemaOf } from "../client.ts";
import { createResultViews, dropResultViews, type ResultsState } from "../results/create-views.ts";
import { roleNames } from "../roles.ts";
import { MIGRATION_LOCK_KEY } from "../schema-keys.ts";
import { readSettings, sessionFault } from "../session.ts";
import { connectPatiently, type Patience } from "./connect.ts";

/** The folder of migrations lies beside src and dist alike. */
const FOLDER = fileURLToPath(new URL("../../../drizzle", import.meta.url));

type Migration = { readonly name: string; readonly statements: readonly string[] };

/** The names of the migrations of this version, in order. */
function readNames(): string[] {
  const journal = JSON.parse(readFileSync(join(FOLDER, "meta", "_journal.json"), "utf8"));
  return (journal as { entries: { tag: string }[] }).entries.map(({ tag }) => tag);
}

function readMigrations(): Migration[] {
  const files = readMigrationFiles({ migrationsFolder: FOLDER });
  return readNames().map((name, index) => ({ name, statements: files[index]?.sql ?? [] }));
}

export type Migrated = {
  /** The migrations that were run now, in order. */
  readonly applied: readonly string[];
  readonly results: ResultsState;
};

/** How long `migrate` waits for its server by default. */
export const MIGRATE_WAIT_S = 60;

/**
 * Creates the schema if it is absent, migrates its tables and functions, and creates the views of results
 * where the role may, in one transaction. Callers at the same time wait for the first one and find nothing to
 * do.
 *
 * @throws UnsuitableServer when the role lacks a right, with the statement that grants it, or when the server
 * does not answer in time.
 */
export async function migrateDatabase(
  address: DatabaseAddress,
  patience: Patience = { waitMs: MIGRATE_WAIT_S * 1_000 },
): Promise<Migrated> {
  const client = await connectPatiently((limitMs) => openClient(address, limitMs), patience);
  try {
    // The settings below come too late for the transaction itself.
    await client.query("begin isolation level read committed, read write, not deferrable");
    // Nothing outlives the transaction, not even in a pooler's connection.
    const options = { statementTimeoutMs: 0, scope: "transaction" } as const;
    await client.query(await readSettings(client, address.databaseSchema, options));
    const migrated = await migrateWith(client, address);
    await client.query("commit");
    return migrated;
  } finally {
    await client.end();
  }
}

function openClient({ databaseUrl }: DatabaseAddress, limitMs: number): pg.Client {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: "commonwork-migrate",
    connectionTimeoutMillis: limitMs,
    keepAlive: true,
    pipeline: true,
  });
  // A lost connection also rejects the statement under way; without a listener it would end the process.
  client.on("error", () => undefined);
  return client;
}

async function migrateWith(client: pg.Client, address: DatabaseAddress): Promise<Migrated> {
  const { databaseUrl, databaseSchema: schema } = address;
  const quoted = pg.escapeIdentifier(schema);
  await client.query(`select pg_advisory_xact_lock(${MIGRATION_LOCK_KEY})`, [schema]);
  const role = await actAsOwner(client, schema, await readRole(client, schema));
  if (!role.schemaExists) await createSchema(client, quoted, role);
  const fault = await sessionFault(client, schema, databaseUrl);
  if (fault !== null) throw new UnsuitableServer(fault);
  const known = new Set(role.readsMigrations ? await appliedIn(client, quoted) : []);
  const pending = readMigrations().filter(({ name }) => !known.has(name));
  if (pending.length > 0 && role.schemaExists) refuseWithoutRights(quoted, role);
  const readers = pending.length > 0 ? await dropResultViews(client, schema) : undefined;
  if (pending.length > 0) {
    await client.query(
      `create table if not exists ${quoted}.migrations (name text primary key, applied_at timestamptz not null default now())`,
    );
    for (const migration of pending) await apply(client, quoted, migration);
    await pinFunctions(client, schema);
  }
  const results = await createResultViews(
    client,
    { databaseSchema: schema, resultsSchema: resultsSchemaOf(address) },
    readers,
  );
  return { applied: pending.map(({ name }) => name), results };
}

type Role = {
  readonly name: string;
  readonly database: string;
  readonly schemaExists: boolean;
  readonly createsSchemas: boolean;
  readonly createsTables: boolean;
  readonly readsMigrations: boolean;
  /** The owner of existing objects, if this role cannot act as it. */
  readonly otherOwner: string | null;
  /** The owner that `migrate --print-roles` created, if this role is another one that can act as it. */
  readonly actsAs: string | null;
};

async function readRole(client: pg.Client, schema: string): Promise<Role> {
  const found = await client.query<Role>(
    `select current_user as name, current_database() as database, n.oid is not null as "schemaExists",
            has_database_privilege(current_database(), 'CREATE') as "createsSchemas",
            coalesce(has_schema_privilege(n.oid, 'USAGE') and has_schema_privilege(n.oid, 'CREATE'), false) as "createsTables",
            coalesce(has_table_privilege(c.oid, 'SELECT'), true) as "readsMigrations",
            case when not pg_has_role(c.relowner, 'USAGE') then pg_get_userbyid(c.relowner) end as "otherOwner",
            (select o.rolname from pg_namespace s join pg_roles o on o.oid = s.nspowner
             where s.oid = n.oid and o.rolname = $2 and o.rolname <> current_user and coalesce(c.relowner = o.oid, true)
               and pg_has_role(o.oid, case when current_setting('server_version_num')::int < 160000 then 'MEMBER' else 'SET' end)) as "actsAs"
     from (select to_regnamespace(quote_ident($1))::oid as oid) n
     left join pg_class c on c.relnamespace = n.oid and c.relname = 'migrations'`,
    [schema, roleNames(schema).owner],
  );
  return found.rows[0] as Role;
}

/**
 * The role that `migrate --print-roles` created owns the migrated objects, whichever role migrates, so that
 * the rights of the service apply and the next migration may be run by another member of that role.
 */
async function actAsOwner(client: pg.Client, schema: string, role: Role): Promise<Role> {
  if (role.actsAs === null) return role;
  await client.query(`set local role ${pg.escapeIdentifier(role.actsAs)}`);
  return readRole(client, schema);
}

async function createSchema(client: pg.Client, quoted: string, role: Role): Promise<void> {
  if (!role.createsSchemas) {
    throw new UnsuitableServer(
      `The role ${role.name} may not create the schema ${quoted} in the database ${role.database}. Its owner can run: create schema ${quoted} authorization ${pg.escapeIdentifier(role.name)}`,
    );
  }
  await client.query(`create schema ${quoted}`);
}

function refuseWithoutRights(quoted: string, { name, createsTables, otherOwner }: Role): void {
  if (otherOwner !== null) {
    throw new UnsuitableServer(
      `The tables in the schema ${quoted} belong to the role ${otherOwner}, and ${name} may not change them. Migrate as ${otherOwner}, or run: grant ${pg.escapeIdentifier(otherOwner)} to ${pg.escapeIdentifier(name)}`,
    );
  }
  if (!createsTables) {
    throw new UnsuitableServer(
      `The role ${name} may not create tables in the schema ${quoted}. The owner of the schema can run: grant usage, create on schema ${quoted} to ${pg.escapeIdentifier(name)}`,
    );
  }
}

/** The names of the migrations that the schema has. */
async function appliedIn(client: Pick<pg.Client, "query">, quoted: string): Promise<string[]> {
  const table = await client.query("select to_regclass($1) is not null as exists", [`${quoted}.migrations`]);
  if (!table.rows[0]?.exists) return [];
  const found = await client.query<{ name: string }>(`select name from ${quoted}.migrations`);
  return found.rows.map(({ name }) => name);
}

async function apply(client: pg.Client, quoted: string, { name, statements }: Migration): Promise<void> {
  for (const statement of statements) await client.query(statement);
  await client.query(`insert into ${quoted}.migrations (name) values ($1)`, [name]);
}

/** Functions run in sessions of the host too: their search path must not be the session's. */
async function pinFunctions(client: pg.Client, schema: string): Promise<void> {
  const found = await client.query<{ statement: string }>(
    `select format('alter routine %s set search_path = %s', p.oid::regprocedure, current_setting('search_path')) as statement
     from pg_proc p
     where p.pronamespace = quote_ident($1)::regnamespace and p.prokind in ('f', 'p')
       and not exists (select 1 from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`,
    [schema],
  );
  for (const { statement } of found.rows) await client.query(statement);
}

export type MigrationState = {
  /** Migrations of this version that have not been applied, in order. */
  readonly missing: readonly string[];
  /** Migrations that were applied by a newer version. */
  readonly unknown: readonly string[];
};

/** Compares the migrations of this version with those of the schema. */
export async function migrationState({ pool, schema }: Database): Promise<MigrationState> {
  const applied = await appliedIn(pool, pg.escapeIdentifier(schema));
  const own = readNames();
  return {
    missing: own.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !own.includes(name)).sort(),
  };
}

/** True when every migration of this version has been applied. */
export const isMigrated = async (db: Database): Promise<boolean> =>
  (await migrationState(db)).missing.length === 0;
