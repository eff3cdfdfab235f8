import pg from "pg";
import { describe, expect, inject, it } from "vitest";
import { type DatabaseAddress, openDatabase } from "../../src/db/client.ts";
import { isDatabaseAbsent } from "../../src/db/faults.ts";
import { migrateDatabase } from "../../src/db/migrate/migrate.ts";
import { directAddress } from "../../src/db/pooler-fault.ts";
import { sessionSetUp } from "../../src/db/session.ts";
import { checkServers } from "../../src/roles/boot-checks.ts";
import { UnsuitableServer } from "../../src/unsuitable-server.ts";
import { chain, organization } from "../support/factories.ts";
import { startPooler } from "../support/pooler.ts";
import { saleOf, takeSale } from "../support/sales.ts";
import { drawName, scratchDatabase } from "../support/scratch-database.ts";
import { createWorld } from "../support/world.ts";

/** What the first connection to this address is refused with, and the rows of a statement if it is not. */
async function connectTo(address: DatabaseAddress): Promise<string> {
  const db = openDatabase(address, { max: 1 });
  try {
    const { rows } = await db.pool.query("select current_schema() as name");
    return `uses ${rows[0].name}`;
  } catch (error) {
    expect(error).toBeInstanceOf(UnsuitableServer);
    expect(isDatabaseAbsent(error)).toBe(true);
    return (error as UnsuitableServer).message;
  } finally {
    await db.close();
  }
}

describe("a connection", () => {
  it("resolves names in the schema first, and temporary tables last", async () => {
    const world = await createWorld({ besideHost: true });
    const schema = world.config.databaseSchema;
    expect(
      await world.query("select current_schema() as current, current_setting('search_path') as path"),
    ).toEqual([{ current: schema, path: `${schema}, pg_temp` }]);
    const holder = await world.db.pool.connect();
    await holder.query("create temp table outbox (id int)");
    await expect(holder.query("select key from outbox")).resolves.toBeDefined();
    holder.release(true);
  });

  it("is refused in one sentence if the schema is missing, may not be used, or its triggers would not fire", async () => {
    const database = await scratchDatabase();
    const address = { databaseUrl: database.url, databaseSchema: drawName() };
    const schema = address.databaseSchema;
    const name = new URL(database.url).pathname.slice(1);
    expect(await connectTo(address)).toBe(
      `The database ${name} has no schema ${schema}. Run \`commonwork migrate\` first, or correct DB_SCHEMA.`,
    );
    await migrateDatabase(address);
    expect(await connectTo(address)).toBe(`uses ${schema}`);

    const role = await database.createRole();
    const asRole = { ...address, databaseUrl: role.url };
    expect(await connectTo(asRole)).toBe(
      `The role ${role.name} may not use the schema ${schema}. Run: grant usage on schema ${schema} to ${role.name}`,
    );
    await database.query(`grant usage on schema ${schema} to ${role.name}`);
    expect(await connectTo(asRole)).toBe(`uses ${schema}`);
    await database.query(`alter role ${role.name} set session_replication_role = replica`);
    expect(await connectTo(asRole)).toBe(
      `session_replication_role is replica for the role ${role.name}, so that no trigger fires. Run: alter role ${role.name} reset session_replication_role`,
    );
  });

  it("is set up and checked in one round trip after the login; the first of a pool in two", async () => {
    const pooler = await startPooler(inject("databaseUrl"), "session");
    const world = await createWorld();
    const url = new URL(pooler.url);
    url.pathname = new URL(world.config.databaseUrl).pathname;
    const db = openDatabase({ ...world.config, databaseUrl: url.href }, { max: 2 });
    world.closing(() => db.close());
    const first = await db.pool.connect();
    expect(pooler.flights).toEqual([2]);
    const second = await db.pool.connect();
    expect(pooler.flights).toEqual([2, 1]);
    await second.query("select 1");
    expect(pooler.flights).toEqual([2, 2]);
    first.release();
    second.release();
  });
});

describe("settings of the database and the role", () => {
  const HOSTILE = {
    search_path: "public",
    datestyle: "German, DMY",
    intervalstyle: "sql_standard",
    timezone: "Pacific/Kiritimati",
    bytea_output: "escape",
    extra_float_digits: "-3",
    array_nulls: "off",
    standard_conforming_strings: "off",
    transform_null_equals: "on",
    gin_fuzzy_search_limit: "1",
    default_transaction_isolation: "serializable",
    default_transaction_read_only: "on",
    default_transaction_deferrable: "on",
    row_security: "off",
    lock_timeout: "1",
    statement_timeout: "20",
    idle_session_timeout: "1s",
    idle_in_transaction_session_timeout: "1s",
    tcp_keepalives_idle: "3600",
    tcp_keepalives_interval: "600",
    tcp_keepalives_count: "9",
    synchronous_commit: "off",
  };

  /**
   * A deployment in a database, and used by a role, whose defaults break whatever relies on the usual ones.
   */
  async function hostileAddress(): Promise<DatabaseAddress> {
    const database = await scratchDatabase();
    const role = await database.createRole();
    const address = { databaseUrl: role.url, databaseSchema: drawName() };
    const name = new URL(database.url).pathname.slice(1);
    await database.query(`create schema ${address.databaseSchema} authorization ${role.name}`);
    for (const [setting, value] of Object.entries(HOSTILE)) {
      await database.query(`alter database ${name} set ${setting} = '${value}'`);
      await database.query(`alter role ${role.name} set ${setting} = '${value}'`);
    }
    await migrateDatabase(address);
    return address;
  }

  it("do not affect statements: a sale sent again with DateStyle German is a duplicate, not a conflict", async () => {
    const world = await createWorld({ database: await hostileAddress(), at: "2026-03-09T00:10:00Z" });
    const people = await chain(world, await organization(world), 3);
    const sale = {
      buyer: people[2]!,
      amount: 100_123_456n,
      externalId: "tx-1",
      soldAt: new Date("2026-03-08T23:59:59.123Z"),
    };
    const first = await takeSale(world, sale);
    expect(first).toMatchObject({ status: "accepted" });
    expect(await takeSale(world, sale)).toMatchObject({ status: "duplicate", saleId: first.saleId });
    expect(await takeSale(world, { ...sale, amount: 7n })).toMatchObject({ status: "conflict" });
    await world.drain();
    expect(await saleOf(world, first.saleId)).toMatchObject({ status: "applied" });
    const [paid] = await world.query(
      "select count(*)::int as n from ledger_transactions where kind = 'commission'",
    );
    expect(paid).toEqual({ n: 1 });
    const [settings] = await world.query(
      `select ${Object.keys(HOSTILE)
        .map((name) => `current_setting('${name}') as ${name}`)
        .join(", ")}`,
    );
    for (const [name, hostile] of Object.entries(HOSTILE))
      expect([name, settings?.[name]]).not.toEqual([name, hostile]);
  });
});

describe("a pooler", () => {
  it("that refuses startup parameters works in session mode", async () => {
    const world = await createWorld({ besideHost: true });
    const pooler = await startPooler(world.config.databaseUrl, "session");
    const through = openDatabase({ ...world.config, databaseUrl: pooler.url }, { max: 2 });
    world.closing(() => through.close());
    await through.pool.query("insert into users (name) values ('Ada')");
    expect(await world.query("select name from users where id > 0")).toEqual([{ name: "Ada" }]);
    await expect(checkServers({ ...world, db: through })).resolves.toBeUndefined();
    expect(await migrateDatabase({ ...world.config, databaseUrl: pooler.url })).toMatchObject({
      applied: [],
    });
  });

  it("that is busy, so that the settings and the check meet different sessions, is named with the direct address", async () => {
    const world = await createWorld();
    const [set, looked] = [await world.db.pool.connect(), await world.db.pool.connect()];
    const query = (text: string, values?: unknown[]) =>
      (text.startsWith("set ") ? set : looked).query(text, values);
    try {
      await looked.query("set search_path = public");
      const setUp = sessionSetUp({
        databaseSchema: world.config.databaseSchema,
        databaseUrl: "postgres://u:p@aws-0-eu.pooler.supabase.com:6543/postgres",
      });
      await expect(setUp({ query } as unknown as pg.ClientBase)).rejects.toThrow(
        /^DATABASE_URL leads to a pooler in transaction mode.*Use aws-0-eu\.pooler\.supabase\.com:5432 instead\.$/,
      );
    } finally {
      set.release(true);
      looked.release(true);
    }
  });

  it("in transaction mode is refused by start", async () => {
    const world = await createWorld({ besideHost: true });
    const pooler = await startPooler(world.config.databaseUrl, "transaction");
    const through = openDatabase({ ...world.config, databaseUrl: pooler.url }, { max: 4 });
    world.closing(() => through.close());
    const refusal = await checkServers({ ...world, db: through }).catch((error: Error) => error);
    expect(refusal).toBeInstanceOf(UnsuitableServer);
    expect((refusal as UnsuitableServer).message).toBe(
      "DATABASE_URL leads to a pooler in transaction mode, which loses session settings, session locks and LISTEN. Use the address of Postgres itself, or a pooler in session mode.",
    );
  });

  it("in transaction mode works for migrate, which leaves no settings behind", async () => {
    const database = await scratchDatabase();
    const pooler = await startPooler(database.url, "transaction");
    const address = { databaseUrl: pooler.url, databaseSchema: drawName() };
    expect((await migrateDatabase(address)).applied).not.toEqual([]);
    // The pooler hands out the server connection that migrate had.
    const next = new pg.Client({ connectionString: pooler.url });
    await next.connect();
    const { rows } = await next.query(
      "select current_setting('search_path') as path, current_setting('row_security') as security",
    );
    await next.end();
    expect(rows).toEqual([{ path: '"$user", public', security: "on" }]);
    expect(
      await database.query(
        "select 1 from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
      ),
    ).toEqual([]);
  });

  it.each([
    [
      "postgres://u:p@aws-0-eu-central-1.pooler.supabase.com:6543/postgres",
      "aws-0-eu-central-1.pooler.supabase.com:5432",
    ],
    [
      "postgres://u:p@ep-cool-1-pooler.eu-central-1.aws.neon.tech/neondb",
      "ep-cool-1.eu-central-1.aws.neon.tech",
    ],
    ["postgres://u:p@db.example.org:6432/host", null],
  ])("of a hosted Postgres has a known direct address: %s", (url, direct) => {
    expect(directAddress(url)).toBe(direct);
  });
});
