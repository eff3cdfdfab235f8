import { describe, expect, it } from "vitest";
import { type DatabaseAddress, openDatabase } from "../../src/db/client.ts";
import { roleNames, rolesSql } from "../../src/db/roles.ts";
import { checkServers } from "../../src/roles/boot-checks.ts";
import { UnsuitableServer } from "../../src/unsuitable-server.ts";
import { cli } from "../support/cli.ts";
import { deployWithRoles, scratchDatabase } from "../support/scratch-database.ts";
import { createWorld } from "../support/world.ts";

const environmentFor = ({ databaseUrl, databaseSchema }: DatabaseAddress) => ({
  DATABASE_URL: databaseUrl,
  DB_SCHEMA: databaseSchema,
});

describe("the roles of migrate --print-roles", () => {
  it("are printed for the configured schema and database, and can be created again", async () => {
    const database = await scratchDatabase();
    const { owner } = await deployWithRoles(database);
    const superuser = { ...owner, databaseUrl: database.url };
    const printed = await cli(environmentFor(superuser), "migrate", "--print-roles");
    expect(printed).toEqual({ code: 0, out: rolesSql(superuser), err: "" });
    await database.query(printed.out);
    expect(await cli(environmentFor(owner), "migrate")).toMatchObject({
      code: 0,
      out: "The schema is up to date.\n",
    });
  });

  it("let the owner migrate, and the app read and write rows but not create, alter or drop anything", async () => {
    const { app } = await deployWithRoles(await scratchDatabase());
    const world = await createWorld({ database: app });
    await expect(checkServers(world)).resolves.toBeUndefined();
    await world.query("insert into users (name) values ('Ada')");
    await world.query("select last_value from users_id_seq");
    for (const statement of [
      "create table extra (id int)",
      "alter table users add column extra int",
      "alter table ledger_entries disable trigger all",
      "drop trigger ledger_entries_append_only on ledger_entries",
      "create or replace function refuse_change() returns trigger language plpgsql as 'begin return new; end'",
      "truncate users cascade",
      "create schema extra",
      "set session_replication_role = replica",
    ]) {
      await expect(world.query(statement), statement).rejects.toMatchObject({ code: "42501" });
    }
  });

  it("give the host role no rights yet", async () => {
    const database = await scratchDatabase();
    const { app } = await deployWithRoles(database);
    const host = roleNames(app.databaseSchema).host;
    const [rights] = await database.query(
      `select has_schema_privilege($1, $2, 'USAGE') as usage,
              (select count(*)::int from pg_class c where c.relnamespace = quote_ident($2)::regnamespace and c.relkind in ('r', 'S')
                 and has_table_privilege($1, c.oid, 'SELECT, INSERT, UPDATE, DELETE')) as tables,
              (select count(*)::int from pg_proc p where p.pronamespace = quote_ident($2)::regnamespace and has_function_privilege($1, p.oid, 'EXECUTE')
                 and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')) as functions`,
      [host, app.databaseSchema],
    );
    expect(rights).toEqual({ usage: false, tables: 0, functions: 0 });
  });

  it("are what start points to if the role may not read the tables", async () => {
    const database = await scratchDatabase();
    const { app } = await deployWithRoles(database);
    const { name, url } = await database.createRole();
    await database.query(`grant usage on schema ${app.databaseSchema} to ${name}`);
    const world = await createWorld({ database: app });
    const db = openDatabase({ ...app, databaseUrl: url }, { max: 2 });
    world.closing(() => db.close());
    const refusal = await checkServers({ ...world, db }).catch((error: Error) => error);
    expect(refusal).toBeInstanceOf(UnsuitableServer);
    expect((refusal as UnsuitableServer).message).toBe(
      "The role in DATABASE_URL lacks a right (42501): permission denied for table migrations. `commonwork migrate --print-roles` prints the grants for the tables of Commonwork; the owner of other tables must grant the right.",
    );
    expect(await cli(environmentFor({ ...app, databaseUrl: url }), "runs")).toMatchObject({
      code: 1,
      err: expect.stringContaining("lacks a right (42501): permission denied for table job_runs"),
    });
  });
});
