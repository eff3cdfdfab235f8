import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { expect, inject } from "vitest";
import { cli } from "./cli.ts";
import { reconcile } from "./host-platform.ts";
import { read, root } from "./pages.ts";
import { deployWithRoles, drawName, type ScratchDatabase, scratchDatabase } from "./scratch-database.ts";
import { createWorld, type World } from "./world.ts";

// Runs an example of the folder examples/ as its page tells a reader to, in a database of its own. Roles
// belong to the whole server, so those of the example get other names: its files are read with these in
// place.

export type Example = {
  readonly world: World;
  /** Runs a file of the example as an administrator of the host's database. */
  run(file: string): Promise<void>;
  /** Runs the scenario step by step, as the host's application. */
  play(): Promise<void>;
  /**
   * The same by a program of the example, which runs one step at a time.
   *
   * @param files those of the example that it consists of, put into a folder of their own.
   */
  playBy(files: readonly string[], run: (step: ProgramStep) => Promise<unknown>): Promise<void>;
  /** Waits until what the host wrote is mirrored, and everything that it leads to is done. */
  settle(): Promise<void>;
  /** Runs `commonwork`. */
  commonwork(...argv: string[]): Promise<string>;
  /** Runs a statement as an administrator of the host's database. */
  query(statement: string): Promise<Record<string, unknown>[]>;
  /** Imports what an old job has sent, by a query that gives its lines. */
  importHistory(query: string): Promise<void>;
  /** What the example's `results.sql` gives. */
  results(): Promise<string>;
  /** The mirrors hold what their selects give. */
  expectVerified(): Promise<void>;
  /** Runs files of the example and removes Commonwork, and expects the host's database to be as it was. */
  uninstall(...files: string[]): Promise<void>;
};

/** A step of a scenario, its name as in the comment above it. */
export type ProgramStep = { readonly name: string; readonly folder: string; readonly databaseUrl: string };

export type ExampleOptions = {
  /** The role that the host's application connects with. */
  readonly role: string;
  /** The host's schemas. */
  readonly schemas: readonly string[];
};

/** Creates the host of an example, and installs Commonwork beside it. */
export async function installExample(name: string, { role, schemas }: ExampleOptions): Promise<Example> {
  const folder = `examples/${name}`;
  const database = await scratchDatabase();
  const names = { role: drawName(), schema: "" };
  const text = (file: string) =>
    read(`${folder}/${file}`)
      .replaceAll(new RegExp(`\\b${role}\\b`, "g"), names.role)
      .replaceAll(/\bcommonwork(?=[._]|\))/g, names.schema);
  await database.query(text("schema.sql"));
  const before = await describeDatabase(database, schemas, names.role);
  const { owner, app } = await deployWithRoles(database);
  names.schema = owner.databaseSchema;
  const admin = {
    DATABASE_URL: database.url,
    DB_SCHEMA: names.schema,
    REDIS_URL: inject("redisUrl"),
    LOG_LEVEL: "silent",
  };
  const commonwork = async (...argv: string[]) => {
    const result = await cli(admin, ...argv);
    expect(result, argv.join(" ")).toMatchObject({ code: 0, err: "" });
    return result.out;
  };
  // Drivers of other languages refuse the passwords of the embedded server, which are quick to check.
  await database.query(
    "select set_config('scram_iterations', '4096', false) where current_setting('server_version_num')::int >= 160000",
  );
  const hostUrl = await database.urlAs(names.role);
  const host = new pg.Client({ connectionString: hostUrl });
  await database.query(await commonwork("grants", "--print"));
  await database.query(text("grants.sql"));
  await commonwork("connect", "check", join(root, folder, "mappings"));
  await commonwork("connect", "install", join(root, folder, "mappings"));
  const world = await createWorld({ database: app });
  await host.connect();
  world.closing(() => host.end());
  const settle = () => settled(world);
  return {
    world,
    settle,
    commonwork,
    run: async (file) => void (await database.query(text(file))),
    async play() {
      for (const step of text("scenario.sql").split(PAUSE)) {
        await host.query(step);
        await settle();
      }
    },
    async playBy(files, run) {
      const copy = await mkdtemp(join(tmpdir(), "commonwork-example-"));
      world.closing(() => rm(copy, { recursive: true, force: true }));
      for (const file of files) await writeFile(join(copy, file), text(file));
      for (const [, step = ""] of text("scenario.sql").matchAll(/^-- (\w+): /gm)) {
        await run({ name: step, folder: copy, databaseUrl: hostUrl });
        await settle();
      }
    },
    query: (statement) => database.query(statement),
    async importHistory(query) {
      const rows = await database.query<{ line: unknown }>(query);
      const history = join(await mkdtemp(join(tmpdir(), "commonwork-example-")), "history.ndjson");
      world.closing(() => rm(dirname(history), { recursive: true, force: true }));
      await writeFile(history, rows.map(({ line }) => JSON.stringify(line)).join("\n"));
      await commonwork("import", "notification-history", history);
    },
    async results() {
      const rows = await database.query<{ line: string }>(text("results.sql"));
      return rows.map(({ line }) => `${line}\n`).join("");
    },
    async expectVerified() {
      const { out } = await cli(admin, "connect", "verify", "--json");
      const verified: { count: number }[] = JSON.parse(out);
      expect(verified.length).toBeGreaterThan(0);
      expect(verified.filter(({ count }) => count > 0)).toEqual([]);
    },
    async uninstall(...files) {
      const rows = await describeRows(database, schemas);
      for (const file of files) await database.query(text(file));
      await commonwork("connect", "uninstall", "--yes");
      // Taken back afterwards: when the test ends, the ledger is looked at.
      await database.query("begin");
      for (const statement of removalOf(read(`${folder}/README.md`)))
        await database.query(statement.replaceAll(/\bcommonwork(?=[_, ])/g, names.schema));
      expect(await describeDatabase(database, schemas, names.role)).toEqual(before);
      expect(await describeRows(database, schemas)).toEqual(rows);
      expect(
        await database.query("select rolname from pg_roles where starts_with(rolname, $1)", [names.schema]),
      ).toEqual([]);
      await database.query("rollback");
    },
  };
}

const PAUSE = /^select pg_sleep\(\d+\);$/m;

/** Waits until what the host wrote is mirrored, and everything that it leads to is done. */
export async function settled(world: World): Promise<void> {
  for (;;) {
    // What the host wrote was written now.
    world.at(new Date().toISOString());
    await reconcile(world);
    await world.skipBackOff();
    if ((await world.drain()).length === 0) return;
  }
}

/** The statements that remove everything, as the page of an example and docs/connect.md have them. */
function removalOf(page: string): string[] {
  const of = (text: string) =>
    [...text.slice(text.indexOf("\n## Uninstall\n")).matchAll(/-c '([^']+)'/g)].map(
      ([, statement]) => statement,
    );
  const statements = of(page);
  expect(statements).toHaveLength(4);
  expect(statements).toEqual(of(read("docs/connect.md")));
  return statements as string[];
}

/** Everything in a database but the rows, as far as it is the host's; and what its role may do. */
export const describeDatabase = (database: ScratchDatabase, schemas: readonly string[], role: string) =>
  database.query(DESCRIBED, [schemas, role]);

const DESCRIBED = `
  with host as (select oid from pg_namespace where nspname = any($1::text[]))
  select 'schema' as kind, n.nspname as name, n.nspacl::text as rights, '' as definition from pg_namespace n where n.nspname !~ '^pg_(temp|toast)'
  union all
  select 'database', datname, datacl::text, '' from pg_database where datname = current_database()
  union all
  select 'default rights', d.oid::text, d.defaclacl::text, d.defaclobjtype::text from pg_default_acl d
  union all
  select 'setting', s.setrole::regrole::text, s.setconfig::text, '' from pg_db_role_setting s join pg_database b on b.oid = s.setdatabase
  where b.datname = current_database()
  union all
  select 'membership', m.roleid::regrole::text, m.member::regrole::text, m.admin_option::text from pg_auth_members m
  where m.member = $2::regrole or m.roleid = $2::regrole
  union all
  select 'extension', extname, extversion, '' from pg_extension
  union all
  select c.relkind::text, c.oid::regclass::text, c.relacl::text, c.relrowsecurity::text || c.relforcerowsecurity::text
  from pg_class c join host h on h.oid = c.relnamespace
  union all
  select 'column', a.attrelid::regclass || '.' || a.attname, a.attacl::text, format_type(a.atttypid, a.atttypmod) || a.attnotnull::text
  from pg_attribute a join pg_class c on c.oid = a.attrelid join host h on h.oid = c.relnamespace where a.attnum > 0
  union all
  select 'trigger', t.tgrelid::regclass || '.' || t.tgname, t.tgenabled::text, pg_get_triggerdef(t.oid)
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join host h on h.oid = c.relnamespace
  union all
  select 'function', p.oid::regprocedure::text, p.proacl::text, pg_get_functiondef(p.oid)
  from pg_proc p join host h on h.oid = p.pronamespace where p.prokind = 'f'
  union all
  select 'policy', y.polrelid::regclass || '.' || y.polname, y.polroles::text, pg_get_expr(y.polqual, y.polrelid)
  from pg_policy y join pg_class c on c.oid = y.polrelid join host h on h.oid = c.relnamespace
  order by 1, 2, 3, 4`;

/** The rows of the host's tables, as texts. */
async function describeRows(database: ScratchDatabase, schemas: readonly string[]) {
  const tables = await database.query<{ name: string }>(
    "select c.oid::regclass::text as name from pg_class c where c.relkind = 'r' and c.relnamespace::regnamespace::text = any($1::text[]) order by 1",
    [schemas],
  );
  const rows: Record<string, unknown> = {};
  for (const { name } of tables)
    rows[name] = await database.query(`select t::text as row from ${name} t order by 1`);
  return rows;
}
