import { describe, expect, it } from "vitest";
import {
  backfillMirrors,
  checkMappings,
  installMirror,
  resumeMirror,
  uninstallMirror,
} from "../../src/connect/install.ts";
import { installSql } from "../../src/connect/install-sql.ts";
import { MappingFault, parseMapping } from "../../src/connect/mapping.ts";
import { resyncPart } from "../../src/connect/reconcile.ts";
import { checkSources } from "../../src/connect/source-check.ts";
import { mirrorStatus } from "../../src/connect/status.ts";
import { roleNames } from "../../src/db/roles.ts";
import {
  hostConnection,
  hostPlatform,
  installMappings,
  MAPPINGS,
  mirrored,
  reconcile,
} from "../support/host-platform.ts";
import { deployWithRoles, scratchDatabase } from "../support/scratch-database.ts";
import { createWorld, type World } from "../support/world.ts";

/** Everything in the host's schema that an installation could change. */
const hostSchema = (world: World) =>
  world.query(
    `select c.relname, c.relacl::text, array(select t.tgname || t.tgenabled::text from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal) as triggers
     from pg_class c where c.relnamespace = 'app'::regnamespace order by 1`,
  );

const check = (world: World, table: string, text: string) =>
  checkMappings(world.db, [parseMapping(table, text)]);

describe("a mapping is refused", () => {
  const users = "-- key: host_id uuid\n-- source: app.accounts by id\n";
  const REFUSED: readonly (readonly [why: string, table: string, text: string, reason: RegExp])[] = [
    [
      "that reads a table no source names",
      "users",
      `${users}select a.id as host_id, p.display_name as name from app.accounts a join app.profiles p on p.account = a.id`,
      /reads app\.profiles, which no source names/,
    ],
    [
      "whose source does not exist",
      "users",
      "-- key: host_id uuid\n-- source: app.people by id\nselect gen_random_uuid() as host_id",
      /app\.people does not exist/,
    ],
    [
      "whose source lacks the column",
      "users",
      "-- key: host_id uuid\n-- source: app.accounts by uid\nselect a.id as host_id from app.accounts a",
      /has no column uid/,
    ],
    [
      "that gives columns our table does not have",
      "users",
      `${users}select a.id as host_id, a.mail as address from app.accounts a`,
      /the table has no column address/,
    ],
    [
      "that gives no key",
      "users",
      `${users}select a.mail as email from app.accounts a`,
      /no column host_id, which is in the key/,
    ],
    [
      "that gives rights",
      "users",
      `${users}select a.id as host_id, true as is_operator from app.accounts a`,
      /may not write is_operator/,
    ],
    [
      "that writes our ids",
      "users",
      `${users}select a.id as host_id, 1 as id from app.accounts a`,
      /may not write id/,
    ],
    [
      "that moves budgets",
      "organizations",
      `${users}select a.id as host_id, 1 as daily_pool_micro, '' as name from app.accounts a`,
      /may not write daily_pool_micro/,
    ],
    [
      "that sets the time by which changed rows are found",
      "posts",
      "-- key: host_id uuid\n-- source: app.posts by id\nselect p.id as host_id, p.author as author_id, p.sent_at as updated_at from app.posts p",
      /may not write updated_at: Commonwork alone sets it/,
    ],
    [
      "for a table that is not mirrored",
      "ledger_entries",
      `${users}select a.id as host_id from app.accounts a`,
      /no such table to mirror into/,
    ],
    [
      "for a table that does not exist",
      "people",
      `${users}select a.id as host_id from app.accounts a`,
      /no such table to mirror into/,
    ],
    [
      "that deletes users",
      "users",
      `-- gone: delete\n${users}select a.id as host_id from app.accounts a`,
      /gone must be one of tombstone, keep/,
    ],
    [
      "that ignores a column it reads",
      "users",
      `${users}-- ignore: app.accounts (zone)\nselect a.id as host_id, a.mail as email from app.accounts a where a.zone is not null`,
      /reads zone of app\.accounts, which it ignores/,
    ],
    [
      "that ignores a column and reads whole rows",
      "users",
      `${users}-- ignore: app.accounts (zone)\nselect a.id as host_id, to_jsonb(a) ->> 'mail' as email from app.accounts a`,
      /reads a whole row/,
    ],
    [
      "that ignores a column the table does not have",
      "users",
      `${users}-- ignore: app.accounts (seen_at)\nselect a.id as host_id from app.accounts a`,
      /has no column seen_at/,
    ],
    [
      "whose through Postgres cannot read",
      "users",
      `${users}-- source: app.companies by id through select v.leader from app.ventures v where v.company = any($1)\nselect a.id as host_id from app.accounts a`,
      /Postgres refuses the select after through: column v\.leader does not exist/,
    ],
    [
      "that Postgres cannot read",
      "users",
      `${users}select a.id as host_id, a.nothing as name from app.accounts a`,
      /Postgres refuses the select: column a\.nothing does not exist/,
    ],
    [
      "that reads our own tables",
      "users",
      `${users}select a.id as host_id, u.name from app.accounts a, users u`,
      /reads \w+\.users, a table of Commonwork/,
    ],
    [
      "whose key has another type than its column",
      "users",
      "-- key: host_id bigint\n-- source: app.accounts by id\nselect a.id as host_id from app.accounts a",
      /refuses the select with its key and the types of our columns: operator does not exist: uuid = bigint/,
    ],
    [
      "with a column that cannot become ours",
      "users",
      `${users}select a.id as host_id, a.id as last_active_at from app.accounts a`,
      /refuses the select with its key .*: cannot cast type uuid to timestamp with time zone/,
    ],
    [
      "that lacks a column without which no row can be written",
      "projects",
      "-- key: host_id uuid\n-- source: app.ventures by id\nselect v.id as host_id, v.company as organization_id from app.ventures v",
      /has no column name, created_by, which every row of projects needs/,
    ],
    [
      "that refers to a table without a mapping",
      "projects",
      "-- key: host_id uuid\n-- source: app.ventures by id\nselect v.id as host_id, v.company as organization_id, v.founder as created_by, '' as name from app.ventures v",
      /refers to \w+, which has no mapping/,
    ],
  ];

  it("where a table, a column, a key or a right of its select is wrong", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    for (const [why, table, text, reason] of REFUSED) {
      const refusal = await check(world, table, text).catch((error: unknown) => error);
      expect(refusal, why).toBeInstanceOf(MappingFault);
      expect((refusal as Error).message, why).toMatch(reason);
    }
  });

  it("with the reasons if values of its first rows would be faults", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    await world.query(
      "insert into app.accounts (mail, zone) values ('ada', 'yesterday, or so'), ('ben', null)",
    );
    await world.query("insert into app.companies (title) values (null), ('Helpers')");
    const unfitOf = async (table: string, text: string) => (await check(world, table, text))[0]?.unfit;
    const users = "-- key: host_id uuid\n-- source: app.accounts by id\n";
    expect(
      await unfitOf(
        "users",
        `${users}select a.id as host_id, a.mail as name, a.zone as created_at from app.accounts a`,
      ),
    ).toEqual(["created_at: a value of the first 1,000 rows cannot become timestamp with time zone (22007)"]);
    expect(await unfitOf("organizations", MAPPINGS["organizations"] as string)).toEqual([
      "name: 1 of the first 1,000 rows break the rule name is not null",
    ]);
    expect(await unfitOf("users", MAPPINGS["users"] as string)).toEqual([]);
  });

  it("whose source holds no keys", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    await world.query("insert into app.accounts (mail) values ('ada')");
    const byMail =
      "-- key: host_id uuid\n-- source: app.accounts by mail\nselect a.id as host_id from app.accounts a";
    await expect(check(world, "users", byMail)).rejects.toThrow(
      /does not read keys in the rows of app\.accounts: invalid input syntax for type uuid/,
    );
  });

  it("that reads a view, whose changes cannot be recorded", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    await world.query("create view app.people as select * from app.accounts");
    const text =
      "-- key: host_id uuid\n-- source: app.people by id\nselect p.id as host_id from app.people p";
    await expect(check(world, "users", text)).rejects.toThrow("reads app.people, which is not a plain table");
  });
});

const PEOPLE = "-- key: host_id uuid\n-- source: app.people by id\nselect p.id as host_id from app.people p";

/** Tables whose triggers do not fire for every change of their rows: how they are made, and the refusal. */
const MISSED = [
  [
    "a partition",
    `create table app.everybody (id uuid, kind text) partition by list (kind);
     create table app.people partition of app.everybody for values in ('person')`,
    "app.people is a partition of app.everybody, and changes through app.everybody are not noted: detach it",
  ],
  [
    "a table that inherits from another",
    "create table app.everybody (id uuid); create table app.people () inherits (app.everybody)",
    "app.people inherits from app.everybody, and changes through app.everybody are not noted: end the inheritance",
  ],
  [
    "a table that another inherits from",
    "create table app.people (id uuid); create table app.guests () inherits (app.people)",
    "app.guests inherits from app.people, and changes of app.guests are not noted: end the inheritance",
  ],
] as const;

it.each(MISSED)("a mapping is refused that reads %s, by check and install", async (_, tables, refusal) => {
  const world = await createWorld();
  await hostPlatform(world);
  await world.query(tables);
  await expect(check(world, "users", PEOPLE)).rejects.toThrow(`users.sql: ${refusal}`);
  await expect(installMappings(world, { users: PEOPLE })).rejects.toThrow(refusal);
});

it("a mapping is refused whose source is a view that the select does not read", async () => {
  const world = await createWorld();
  await hostPlatform(world);
  await world.query(
    "create view app.people as select id, display_name from app.accounts join app.profiles on account = id",
  );
  const text =
    "-- key: host_id uuid\n-- source: app.accounts by id\n-- source: app.people by id\nselect a.id as host_id from app.accounts a";
  await expect(check(world, "users", text)).rejects.toThrow(
    "users.sql: app.people is not a plain table: its changes cannot be noted",
  );
});

describe("an installation", () => {
  it("can be repeated and undone, and leaves the host as it was", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    const functions = () =>
      world.query(
        "select proname from pg_proc where pronamespace = current_schema()::regnamespace order by 1",
      );
    const before = await hostSchema(world);
    const ours = await functions();
    await installMappings(world);
    await installMappings(world);
    expect(await hostSchema(world)).not.toEqual(before);
    await world.query("insert into app.companies (title) values ('Helpers')");
    await reconcile(world);
    for (const table of Object.keys(MAPPINGS))
      expect(await uninstallMirror(world.db, table, "test")).toEqual([]);
    expect(await uninstallMirror(world.db, "users", "test")).toBeNull();
    expect(await hostSchema(world)).toEqual(before);
    await world.query("insert into app.companies (title) values ('Later')");
    expect(await functions()).toEqual(ours);
    expect(await world.query("select name from organizations where host_id is not null")).toEqual([
      { name: "Helpers" },
    ]);
    expect(await world.query("select 1 from dirty")).toEqual([]);
  });

  it("revokes the rights that it granted to the service once no mirror needs them, and no others", async () => {
    const database = await scratchDatabase();
    const { owner } = await deployWithRoles(database);
    const { app } = roleNames(owner.databaseSchema);
    const world = await createWorld({ database: { ...owner, databaseUrl: database.url } });
    await hostPlatform(world);
    await database.query(`grant select on app.profiles to ${app}`);
    const readable = async () =>
      (
        await database.query<{ name: string }>(
          `select c.relname as name from pg_class c where c.relnamespace = 'app'::regnamespace and c.relkind = 'r'
             and has_table_privilege('${app}', c.oid, 'select') order by 1`,
        )
      ).map(({ name }) => name);
    const mayUse = async () =>
      (await database.query<{ x: boolean }>(`select has_schema_privilege('${app}', 'app', 'usage') as x`))[0]
        ?.x;
    expect([await readable(), await mayUse()]).toEqual([["profiles"], false]);
    const pick = (...names: string[]) =>
      Object.fromEntries(names.map((name) => [name, MAPPINGS[name] as string]));
    await installMappings(world, pick("users", "organizations", "projects"));
    await installMappings(world, pick("users", "organizations", "projects"));
    expect([await readable(), await mayUse()]).toEqual([
      ["accounts", "companies", "profiles", "ventures"],
      true,
    ]);
    expect(await uninstallMirror(world.db, "organizations", "test")).toEqual([]);
    expect(await readable()).toEqual(["accounts", "companies", "profiles", "ventures"]);
    expect(await uninstallMirror(world.db, "users", "test")).toEqual([]);
    expect([await readable(), await mayUse()]).toEqual([["companies", "profiles", "ventures"], true]);
    expect(await uninstallMirror(world.db, "projects", "test")).toEqual([]);
    expect([await readable(), await mayUse()]).toEqual([["profiles"], false]);
  });

  it("names the rights that only the owner of the tables can revoke", async () => {
    const database = await scratchDatabase();
    const { owner } = await deployWithRoles(database);
    const { app } = roleNames(owner.databaseSchema);
    const world = await createWorld({ database: { ...owner, databaseUrl: database.url } });
    await hostPlatform(world);
    await installMappings(world, { organizations: MAPPINGS["organizations"] as string });
    // The owner of the schema may remove the mirror, and not the rights that a superuser gave.
    await database.query(
      `grant usage on schema app to ${roleNames(owner.databaseSchema).owner}; alter table app.companies owner to ${roleNames(owner.databaseSchema).owner}`,
    );
    const asOwner = await createWorld({ database: owner });
    expect(await uninstallMirror(asOwner.db, "organizations", "test")).toEqual([
      `revoke usage on schema "app" from "${app}"`,
    ]);
  });

  it("takes effect once it is committed: rows written meanwhile are copied or recorded", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    const host = await hostConnection(world);
    let written = 0;
    let installed = false;
    const writing = (async () => {
      while (!installed) {
        await host.query("insert into app.companies (title) values ('C')");
        written += 1;
      }
    })();
    await installMappings(world);
    installed = true;
    await writing;
    await reconcile(world);
    expect(
      await world.query("select count(*)::int as n from organizations where host_id is not null"),
    ).toEqual([{ n: written }]);
  });

  it("drops the trigger functions of a table that the host dropped, and host writes go on without our schema", async () => {
    const world = await createWorld();
    await mirrored(world);
    await world.query("drop table app.posts");
    expect(await uninstallMirror(world.db, "messages", "test")).toEqual([]);
    const schema = world.config.databaseSchema;
    const host = await hostConnection(world);
    await host.query("begin");
    await host.query(`drop schema ${schema} cascade`);
    await host.query("insert into app.companies (title) values ('Still here')");
    await host.query("rollback");
  });

  it("records changes as the owner of our schema, whatever rights and search path the host's role has", async () => {
    const database = await scratchDatabase();
    const { owner } = await deployWithRoles(database);
    const world = await createWorld({ database: { ...owner, databaseUrl: database.url } });
    await hostPlatform(world);
    const parsed = parseMapping("organizations", MAPPINGS["organizations"] as string);
    const [checked] = await checkMappings(world.db, [parsed]);
    await database.query(installSql(owner.databaseSchema, checked!.plan));
    await installMirror(world.db, checked!, { actor: "test", triggersExist: true });
    const role = await database.createRole();
    await database.query(
      `grant usage on schema app to ${role.name}; grant insert on app.companies to ${role.name}`,
    );
    const host = await hostConnection({ ...world, config: { ...world.config, databaseUrl: role.url } });
    await host.query("create temporary table dirty (id bigint, mirror text, source text, keys jsonb)");
    await host.query("insert into app.companies (title) values ('Helpers')");
    expect((await host.query("select 1 from pg_temp.dirty")).rows).toEqual([]);
    await reconcile(world);
    expect(await world.query("select name from organizations where host_id is not null")).toEqual([
      { name: "Helpers" },
    ]);
  });

  /** Three companies of the host, mirrored by a role that is subject to row-level security. */
  async function guarded() {
    const database = await scratchDatabase();
    const { app, owner } = await deployWithRoles(database);
    const installing = await createWorld({ database: { ...owner, databaseUrl: database.url } });
    await hostPlatform(installing);
    const mappings = {
      users: MAPPINGS["users"] as string,
      organizations: MAPPINGS["organizations"] as string,
      projects: MAPPINGS["projects"] as string,
    };
    // The role of the service may read what the mappings read from then on.
    await installMappings(installing, mappings);
    const role = `${owner.databaseSchema}_app`;
    await database.query(
      `insert into app.companies (title) select 'C' || n from generate_series(1, 3) n; insert into app.accounts (mail) values ('ada');
       insert into app.ventures (company, founder, name) select c.id, a.id, 'V' from app.companies c, app.accounts a`,
    );
    const world = await createWorld({ database: app });
    await reconcile(world);
    const hidden = async () => {
      const parsed = Object.entries(mappings).map(([table, text]) => parseMapping(table, text));
      const checked = await checkMappings(installing.db, parsed);
      return checked
        .filter(({ hidden }) => hidden.length > 0)
        .map(({ plan, hidden }) => [plan.table, hidden]);
    };
    const names = async () =>
      (
        await world.query<{ name: string }>(
          "select name from organizations where host_id is not null order by 1",
        )
      ).map(({ name }) => name);
    const stopped = () =>
      world.query("select table_name, stopped_because from mirrors where stopped_at is not null order by 1");
    const resume = async () => {
      for (const mirror of ["organizations", "projects"])
        await resumeMirror(world.db, mirror, { actor: "test", acceptsRemovals: false });
    };
    return { database, world, role, hidden, names, stopped, resume };
  }

  const HIDES = "42501 the role may not read a table, or row-level security would hide rows from it";

  it("stops a mirror where row-level security would hide rows, and removes nothing", async () => {
    const { database, world, hidden, names, stopped, resume } = await guarded();
    expect(await hidden()).toEqual([]);
    await database.query(
      "alter table app.companies enable row level security; update app.companies set title = title || '!'",
    );
    await reconcile(world);
    expect(await stopped()).toEqual([
      { table_name: "organizations", stopped_because: HIDES },
      { table_name: "projects", stopped_because: HIDES },
    ]);
    expect(await names()).toEqual(["C1", "C2", "C3"]);
    expect(await hidden()).toEqual([
      ["organizations", ["app.companies"]],
      ["projects", ["app.companies"]],
    ]);
    await database.query("alter table app.companies disable row level security");
    await resume();
    await reconcile(world);
    expect(await stopped()).toEqual([]);
    expect(await names()).toEqual(["C1!", "C2!", "C3!"]);
  });

  it("stops a mirror whose tables the service may not read any more, until it may again", async () => {
    const { database, world, role, names, stopped, resume } = await guarded();
    await database.query(
      `revoke select on app.companies from ${role}; update app.companies set title = title || '!'; delete from app.companies where title = 'none'`,
    );
    await reconcile(world);
    const lacks = `42501 the role ${role} may not read what the mapping reads; the owner of the tables can run: grant select on "app"."companies" to "${role}"`;
    expect(await stopped()).toEqual([
      { table_name: "organizations", stopped_because: lacks },
      { table_name: "projects", stopped_because: lacks },
    ]);
    expect(await names()).toEqual(["C1", "C2", "C3"]);
    await database.query(`grant select on app.companies to ${role}`);
    await resume();
    await reconcile(world);
    expect(await stopped()).toEqual([]);
    expect(await names()).toEqual(["C1!", "C2!", "C3!"]);
  });

  it("reads tables under row-level security where a policy shows every row, and no other hides some", async () => {
    const { database, world, role, hidden, names, stopped } = await guarded();
    await database.query(
      `alter table app.companies enable row level security; create policy seen on app.companies for select to ${role} using (true);
       update app.companies set title = title || '!'`,
    );
    await reconcile(world);
    expect(await stopped()).toEqual([]);
    expect(await hidden()).toEqual([]);
    expect(await names()).toEqual(["C1!", "C2!", "C3!"]);
    expect(await world.query("select name from projects where host_id is not null order by 1")).toEqual([
      { name: "C1!: V" },
      { name: "C2!: V" },
      { name: "C3!: V" },
    ]);
    for (const policy of [
      "create policy fewer on app.companies as restrictive for select using (title <> 'C1!')",
      `drop policy fewer on app.companies; drop policy seen on app.companies; create policy seen on app.companies for select to ${role} using (title <> 'C1!')`,
    ]) {
      await database.query(`${policy}; update app.companies set title = title`);
      await reconcile(world);
      expect((await stopped())[0], policy).toEqual({ table_name: "organizations", stopped_because: HIDES });
      expect(await hidden(), policy).toContainEqual(["organizations", ["app.companies"]]);
      expect(await names()).toEqual(["C1!", "C2!", "C3!"]);
      await resumeMirror(world.db, "organizations", { actor: "test", acceptsRemovals: false });
    }
  });

  it("trusts no policy where the select calls a function of the host, which may read anything", async () => {
    const { database, world, role, stopped } = await guarded();
    await database.query(
      `create function app.plain(text) returns text language sql as 'select $1';
       alter table app.companies enable row level security; create policy seen on app.companies to ${role} using (true)`,
    );
    const text = `-- key: host_id uuid
-- source: app.companies by id
select c.id as host_id, app.plain(c.title) as name from app.companies c`;
    const installing = await createWorld({ database: { ...world.config, databaseUrl: database.url } });
    await installMappings(installing, { organizations: text });
    await reconcile(world);
    expect(await stopped()).toContainEqual({ table_name: "organizations", stopped_because: HIDES });
  });
});

describe("the status of mirrors", () => {
  it("shows waiting changes, faults, and problems of triggers", async () => {
    const world = await createWorld();
    await mirrored(world);
    const statusOf = async (mirror: string) =>
      (await mirrorStatus(world.db.drizzle, world.config.databaseSchema)).find(
        (each) => each.mirror === mirror,
      );
    expect(await statusOf("users")).toEqual({
      mirror: "users",
      state: "active",
      resync: null,
      reason: null,
      sources: ["app.accounts", "app.profiles"],
      triggerFaults: [],
      notes: 0,
      oldestNote: null,
      waiting: 0,
      faults: 0,
      examples: [],
    });
    await world.query("insert into app.companies (title) values (null)");
    expect(await statusOf("organizations")).toMatchObject({ notes: 1, oldestNote: expect.any(Date) });
    await reconcile(world);
    expect(await statusOf("organizations")).toMatchObject({
      notes: 0,
      faults: 1,
      examples: [{ key: expect.any(String), why: "name must not be null (23502)" }],
    });
    await world.query("alter table app.rooms disable trigger all; alter table app.rooms enable trigger all");
    expect(await statusOf("chat_threads")).toMatchObject({
      triggerFaults: ["app.rooms lacks triggers, or they are disabled"],
    });
    await world.query(
      "drop table app.posts; create table app.posts (id uuid, room uuid, author uuid, words text, sent_at timestamptz)",
    );
    expect(await statusOf("messages")).toMatchObject({
      triggerFaults: ["app.posts lacks triggers, or they are disabled"],
    });
    await installMappings(world);
    await reconcile(world);
    expect(await statusOf("messages")).toMatchObject({ state: "active", triggerFaults: [] });
    expect(await statusOf("chat_threads")).toMatchObject({ triggerFaults: [] });
  });
});

it("the status of a mirror says how many rows its resync has compared", async () => {
  const world = await createWorld();
  await hostPlatform(world);
  await world.query("insert into app.companies (title) select 'C' || n from generate_series(1, 5) n");
  const { organizations = "" } = MAPPINGS;
  await installMappings(world, { organizations });
  const status = async () =>
    (await mirrorStatus(world.db.drizzle, world.config.databaseSchema)).map(({ state, resync }) => [
      state,
      resync?.of,
      resync?.rows,
    ]);
  const seen = [];
  for (let part = 0; part < 9; part++) {
    seen.push(...(await status()));
    await resyncPart(world.db, 2);
  }
  expect(seen).toEqual([
    ["resync", "host", 0],
    ["resync", "host", 2],
    ["resync", "host", 4],
    ["resync", "host", 5],
    ["resync", "own", 0],
    ["resync", "own", 2],
    ["resync", "own", 4],
    ["resync", "own", 5],
    ["active", undefined, undefined],
  ]);
  // Another one begins from the start.
  await backfillMirrors(world.db, ["organizations"], "test");
  await resyncPart(world.db, 2);
  expect(await status()).toEqual([["resync", "host", 2]]);
});

describe("a look at the sources", () => {
  it("names tables without triggers, and resyncs a table that was restored with them", async () => {
    const world = await createWorld();
    await mirrored(world);
    await world.query("insert into app.companies (title) values ('Before')");
    await reconcile(world);
    expect(await checkSources(world.db)).toEqual([]);
    expect(await world.query("select 1 from mirrors where resync is not null")).toEqual([]);
    // As pg_restore --clean does it: the rows first, then the triggers.
    const triggers = await world.query<{ text: string; name: string }>(
      "select pg_get_triggerdef(oid) as text, tgname as name from pg_trigger where tgrelid = 'app.companies'::regclass and not tgisinternal",
    );
    await world.query(`drop table app.companies cascade; create table app.companies (id uuid primary key default gen_random_uuid(), title text);
                       insert into app.companies (title) values ('Restored')`);
    expect(await checkSources(world.db)).toEqual(
      expect.arrayContaining([
        { mirror: "organizations", fault: "app.companies lacks triggers, or they are disabled" },
        { mirror: "projects", fault: "app.companies lacks triggers, or they are disabled" },
      ]),
    );
    for (const { text, name } of triggers)
      await world.query(`${text}; alter table app.companies enable always trigger "${name}"`);
    expect(await checkSources(world.db)).toEqual([]);
    await reconcile(world);
    expect(
      await world.query("select name from organizations where host_id is not null order by name"),
    ).toEqual([{ name: "Before" }, { name: "Restored" }]);
    expect(await checkSources(world.db)).toEqual([]);
    expect(await world.query("select 1 from mirrors where resync is not null")).toEqual([]);
  });
});
