import pg from "pg";
import { describe, expect, it } from "vitest";
import { migrateDatabase } from "../../../src/db/migrate/migrate.ts";
import { createResultViews, dropResultViews } from "../../../src/db/results/create-views.ts";
import { RESULT_VIEWS } from "../../../src/db/results/views.ts";
import { roleNames } from "../../../src/db/roles.ts";
import { cli } from "../../support/cli.ts";
import {
  deployWithRoles,
  drawName,
  migratedDatabase,
  type ScratchDatabase,
  scratchDatabase,
} from "../../support/scratch-database.ts";

const NAMES = RESULT_VIEWS.map(({ name }) => name).sort();

const addressIn = ({ url }: { readonly url: string }) => ({ databaseUrl: url, databaseSchema: drawName() });

async function viewsIn(database: ScratchDatabase, schema: string): Promise<string[]> {
  const found = await database.query<{ name: string }>(
    "select relname as name from pg_class where relkind = 'v' and relnamespace = to_regnamespace($1) order by 1",
    [schema],
  );
  return found.map(({ name }) => name).sort();
}

const schemaExists = async (database: ScratchDatabase, schema: string): Promise<unknown> =>
  (await database.query("select to_regnamespace($1) is not null as exists", [schema]))[0]?.["exists"];

describe("the views of results", () => {
  it("are created by migrate in a schema of their own, and run with the rights of their readers", async () => {
    const database = await scratchDatabase();
    const address = addressIn(database);
    const schema = `${address.databaseSchema}_results`;
    expect((await migrateDatabase(address)).results).toEqual({
      schema,
      off: null,
      written: RESULT_VIEWS.map(({ name }) => name),
    });
    expect(await viewsIn(database, schema)).toEqual(NAMES);
    const others = await database.query(
      "select relname from pg_class where relnamespace = $1::regnamespace and reloptions is distinct from '{security_invoker=true}'",
      [schema],
    );
    expect(others).toEqual([]);
    expect((await migrateDatabase(address)).results.written).toEqual([]);
  });

  it("have the columns and types that are documented", async () => {
    const { database, address } = await migratedDatabase();
    for (const { name, columns } of RESULT_VIEWS) {
      const found = await database.query<{ name: string; type: string }>(
        "select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = $1::regclass and attnum > 0 order by attnum",
        [`${address.databaseSchema}_results.${name}`],
      );
      const declared = Object.entries(columns).map(([column, [type]]) => ({ name: column, type }));
      expect(found, name).toEqual(declared);
    }
  });

  it("are off without the right to create their schema, with the statement that grants it", async () => {
    const database = await scratchDatabase();
    const { name, url } = await database.createRole();
    const address = addressIn({ url });
    const schema = `${address.databaseSchema}_results`;
    await database.query(`create schema ${address.databaseSchema} authorization ${name}`);
    const { off } = (await migrateDatabase(address)).results;
    const host = new URL(database.url).pathname.slice(1);
    const run = `create schema "${schema}" authorization "${name}"`;
    expect(off).toBe(
      `The role ${name} may not create the schema ${schema} in the database ${host}. Its owner can run: ${run}`,
    );
    const environment = { DATABASE_URL: url, DB_SCHEMA: address.databaseSchema };
    expect(await cli(environment, "migrate")).toEqual({
      code: 0,
      out: `The schema is up to date.\nThe views of results are not up to date. ${off}\n`,
      err: "",
    });
    await database.query(`create schema "${schema}"`);
    expect((await migrateDatabase(address)).results.off).toBe(
      `The role ${name} may not create views in the schema ${schema}. The owner of the schema can run: grant usage, create on schema "${schema}" to "${name}"`,
    );
    await database.query(`grant usage, create on schema "${schema}" to "${name}"`);
    expect(await cli(environment, "migrate")).toMatchObject({
      out: `The schema is up to date.\nCreated ${NAMES.length} views of results in the schema ${schema}.\n`,
    });
    expect(await viewsIn(database, schema)).toEqual(NAMES);
  });

  it("move when DB_RESULTS_SCHEMA changes, and back from a schema that was renamed, with their readers", async () => {
    const { database, address } = await migratedDatabase();
    const reader = await database.createRole();
    const old = `${address.databaseSchema}_results`;
    await database.query(`grant select on ${old}.match_scores to ${reader.name}`);
    const moved = { ...address, resultsSchema: drawName() };
    await migrateDatabase(moved);
    expect(await schemaExists(database, old)).toBe(false);
    expect(await viewsIn(database, moved.resultsSchema)).toEqual(NAMES);
    const renamed = drawName();
    await database.query(
      `alter schema ${moved.resultsSchema} rename to ${renamed}; create table ${renamed}.own ()`,
    );
    await migrateDatabase(moved);
    expect(await viewsIn(database, moved.resultsSchema)).toEqual(NAMES);
    expect(await viewsIn(database, renamed)).toEqual([]);
    expect(await schemaExists(database, renamed)).toBe(true);
    const [right] = await database.query(
      "select has_table_privilege($1, $2, 'select') and has_schema_privilege($1, $3, 'usage') as reads",
      [reader.name, `${moved.resultsSchema}.match_scores`, moved.resultsSchema],
    );
    expect(right).toEqual({ reads: true });
  });

  it("leave a view of another role alone that has their comment", async () => {
    const database = await scratchDatabase();
    const { owner } = await deployWithRoles(database);
    const schema = `${owner.databaseSchema}_results`;
    await database.query(
      `create schema other; create view other.copy as select 1 as n;
       do $$ begin execute format('comment on view other.copy is %L', obj_description('${schema}.match_scores'::regclass)); end $$`,
    );
    expect((await migrateDatabase(owner)).results).toEqual({ schema, off: null, written: [] });
    expect(await viewsIn(database, "other")).toEqual(["copy"]);
  });

  it("are created again when their schema was dropped", async () => {
    const { database, address } = await migratedDatabase();
    await database.query(`drop schema ${address.databaseSchema}_results cascade`);
    await migrateDatabase(address);
    expect(await viewsIn(database, `${address.databaseSchema}_results`)).toEqual(NAMES);
  });

  it("of two deployments in one database do not take each other's place", async () => {
    const { database, address: one } = await migratedDatabase();
    const two = { ...addressIn(database), resultsSchema: drawName() };
    await migrateDatabase({ ...one, resultsSchema: two.resultsSchema });
    const first = (await migrateDatabase(two)).results;
    expect(first.off).toBe(
      `The schema ${two.resultsSchema} has a relation candidate_notifications that is not a view of this deployment. Set DB_RESULTS_SCHEMA to another schema.`,
    );
    const second = (
      await migrateDatabase({ databaseUrl: two.databaseUrl, databaseSchema: two.databaseSchema })
    ).results;
    expect(second.off).toBeNull();
    expect(await viewsIn(database, two.resultsSchema)).toEqual(NAMES);
    expect(await viewsIn(database, `${two.databaseSchema}_results`)).toEqual(NAMES);
  });

  it("leave a table of the host with the same name alone", async () => {
    const { database, address } = await migratedDatabase();
    const schema = `${address.databaseSchema}_results`;
    await database.query(
      `drop schema ${schema} cascade; create schema ${schema}; create table ${schema}.match_scores (kept int)`,
    );
    expect((await migrateDatabase(address)).results.off).toContain(
      `The schema ${schema} has a relation match_scores that is not a view of this deployment.`,
    );
    expect(await viewsIn(database, schema)).toEqual([]);
  });
});

describe("a view of results that another version declared", () => {
  /** As another version would have left a view: other columns, and its mark. */
  async function otherVersion(database: ScratchDatabase, schema: string, name: string, select: string) {
    await database.query(`drop view if exists ${schema}.${name}; create view ${schema}.${name} as ${select}`);
    const [other] = RESULT_VIEWS.filter((view) => view.name !== name);
    await database.query(
      `do $$ begin execute format('comment on view ${schema}.${name} is %L',
         (select regexp_replace(obj_description('${schema}.${other?.name}'::regclass), '[0-9a-f]+$', '0')));
       end $$`,
    );
  }

  it("is replaced when its columns differ, keeps its readers, and is dropped when it is no longer declared", async () => {
    const { database, address } = await migratedDatabase();
    const schema = `${address.databaseSchema}_results`;
    const reader = await database.createRole();
    await otherVersion(database, schema, "match_scores", "select 1 as user_id, 2 as old");
    await otherVersion(database, schema, "match_scores_of_old", "select 1 as user_id");
    await database.query(`grant select on ${schema}.match_scores to ${reader.name}`);
    const { results } = await migrateDatabase(address);
    expect(results).toEqual({ schema, off: null, written: ["match_scores"] });
    expect(await viewsIn(database, schema)).toEqual(NAMES);
    const [right] = await database.query("select has_table_privilege($1, $2, 'select') as reads", [
      reader.name,
      `${schema}.match_scores`,
    ]);
    expect(right).toEqual({ reads: true });
  });

  it("stays as it is, with the reason, while a view of the host depends on its columns", async () => {
    const { database, address } = await migratedDatabase();
    const schema = `${address.databaseSchema}_results`;
    await otherVersion(database, schema, "match_scores", "select 1 as user_id, 2 as old");
    await database.query(`create view public.best as select old from ${schema}.match_scores`);
    const { results } = await migrateDatabase(address);
    expect(results.written).toEqual([]);
    expect(results.off).toContain("view public.best depends on view");
    await database.query("drop view public.best");
    expect((await migrateDatabase(address)).results.off).toBeNull();
  });

  it("does not stop a migration that changes a column which it reads, and keeps its readers", async () => {
    const { database, address } = await migratedDatabase();
    const [schema, resultsSchema] = [address.databaseSchema, `${address.databaseSchema}_results`];
    const reader = await database.createRole();
    await database.query(`grant select on ${resultsSchema}.searchable_users to ${reader.name}`);
    const migration = `alter table ${schema}.searchable_users alter column completeness type int`;
    await expect(database.query(migration)).rejects.toMatchObject({ code: "0A000" });
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(`begin; set local search_path = ${schema}, pg_temp`);
    const readers = await dropResultViews(client, schema);
    await client.query(migration);
    const results = await createResultViews(client, { databaseSchema: schema, resultsSchema }, readers);
    await client.query("commit");
    await client.end();
    expect(results.off).toBeNull();
    const [right] = await database.query("select has_table_privilege($1, $2, 'select') as reads", [
      reader.name,
      `${resultsSchema}.searchable_users`,
    ]);
    expect(right).toEqual({ reads: true });
  });
});

describe("the rights of the reader", () => {
  async function readersOf(database: ScratchDatabase) {
    const { owner } = await deployWithRoles(database);
    const { reader } = roleNames(owner.databaseSchema);
    const host = await database.createRole();
    const environment = { DATABASE_URL: database.url, DB_SCHEMA: owner.databaseSchema };
    const printed = await cli(environment, "grants", "--print", "--to", host.name);
    await database.query(printed.out);
    await database.query(printed.out);
    return { schema: owner.databaseSchema, reader, host, owner };
  }

  it("let a role of the host read every view, and no table beyond what the views read", async () => {
    const database = await scratchDatabase();
    const { schema, reader, host } = await readersOf(database);
    const client = new pg.Client({ connectionString: host.url });
    await client.connect();
    try {
      for (const name of NAMES) await client.query(`select * from ${schema}_results.${name}`);
      await expect(client.query(`select email from ${schema}.users`)).rejects.toMatchObject({
        code: "42501",
      });
      await expect(client.query(`delete from ${schema}_results.match_scores`)).rejects.toBeDefined();
    } finally {
      await client.end();
    }
    const granted = await database.query<{ column: string }>(
      `select distinct c.relname || '.' || a.attname as column
       from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relnamespace = $1::regnamespace, aclexplode(a.attacl) r
       where r.grantee = $2::regrole order by 1`,
      [schema, reader],
    );
    const read = await database.query<{ column: string }>(
      `select distinct t.relname || '.' || a.attname as column
       from pg_class v join pg_rewrite w on w.ev_class = v.oid
       join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0
       join pg_class t on t.oid = d.refobjid and t.oid <> v.oid join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
       where v.relnamespace = $1::regnamespace
         or v.relnamespace = $2::regnamespace and v.relname in ('job_recommendations', 'match_scores', 'user_compatibility')`,
      [`${schema}_results`, schema],
    );
    // Functions in PL/pgSQL read these besides.
    const byFunctions = [
      "interests.label",
      "profile_access.owner_id",
      "profile_access.status",
      "profile_access.viewer_id",
      "posts.id",
      "skill_names.key",
      "skill_names.name",
      "user_blocks.blocked_id",
      "user_blocks.blocker_id",
      "user_interests.interest_id",
      "user_interests.user_id",
    ];
    const columns = new Set([...read.map(({ column }) => column), ...byFunctions]);
    expect(granted.map(({ column }) => column)).toEqual([...columns].sort());
  });

  it("are restored by a migration that creates views", async () => {
    const database = await scratchDatabase();
    const { schema, host, owner } = await readersOf(database);
    await database.query(
      `drop schema ${schema}_results cascade; create schema ${schema}_results authorization ${roleNames(schema).owner}`,
    );
    expect((await migrateDatabase(owner)).results.off).toBeNull();
    const client = new pg.Client({ connectionString: host.url });
    await client.connect();
    try {
      for (const name of NAMES) await client.query(`select * from ${schema}_results.${name}`);
    } finally {
      await client.end();
    }
  });
});
