import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { DatabaseAddress } from "../../src/db/client.ts";
import { roleNames } from "../../src/db/roles.ts";
import { cli, environmentOf } from "../support/cli.ts";
import { hostPlatform, MAPPINGS, reconcile } from "../support/host-platform.ts";
import { onServer } from "../support/on-server.ts";
import { deployWithRoles, scratchDatabase } from "../support/scratch-database.ts";
import { createWorld } from "../support/world.ts";

/** A world with a host platform, and a folder with its mapping files. */
async function scene() {
  const world = await createWorld();
  await hostPlatform(world);
  const folder = await mkdtemp(join(tmpdir(), "mappings-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(folder, { recursive: true });
  for (const [table, text] of Object.entries(MAPPINGS)) await writeFile(join(folder, `${table}.sql`), text);
  return { world, folder, run: (...argv: string[]) => cli(environmentOf(world), "connect", ...argv) };
}

const USERS = MAPPINGS["users"] as string;

describe("commonwork connect", () => {
  it("checks, installs, shows, compares again, resumes and uninstalls mirrors", async () => {
    const { world, folder, run } = await scene();
    expect(await run("check", folder)).toMatchObject({
      code: 0,
      out: expect.stringContaining("users: reads app.accounts, app.profiles; gone: tombstone\n"),
    });
    expect(await world.query("select 1 from mirrors")).toEqual([]);
    const printed = await run("install", folder, "--print");
    const { databaseSchema } = world.config;
    expect(printed.out).toContain(
      `create trigger "${databaseSchema}_users_ins" after insert on "app"."accounts"`,
    );
    expect(printed.out).toContain(`grant select on "app"."accounts" to "${databaseSchema}_app";`);
    expect(await world.query("select 1 from mirrors")).toEqual([]);
    expect(await run("install", folder, "--dry-run")).toMatchObject({
      code: 0,
      out: expect.stringContaining("Would install users, with triggers on app.accounts, app.profiles.\n"),
    });
    expect(await world.query("select 1 from mirrors")).toEqual([]);
    expect(await run("install", folder)).toMatchObject({
      code: 0,
      out: expect.stringContaining("Installed users."),
    });
    expect((await run("status")).out).toContain("users: 0 rows of the host are compared so far\n");
    await reconcile(world);
    const shown = await run("status");
    expect(shown).toMatchObject({ code: 0, out: expect.stringMatching(/messages +active +0/) });
    await world.query(
      "alter table app.posts rename column words to text; insert into app.companies (title) values (null)",
    );
    expect(await run("backfill", "messages", "organizations")).toMatchObject({ code: 0 });
    await reconcile(world);
    const wrong = await run("status");
    expect(wrong.code).toBe(1);
    expect(wrong.out).toContain("messages: 42703 a column that the mapping reads does not exist\n");
    expect(JSON.parse((await run("status", "--json")).out)).toEqual(
      expect.arrayContaining([expect.objectContaining({ mirror: "organizations", faults: 1 })]),
    );
    await world.query("alter table app.posts rename column text to words");
    expect(await run("resume", "messages")).toMatchObject({ code: 0, out: "messages is resumed.\n" });
    expect(await run("uninstall")).toMatchObject({
      code: 1,
      err: "Not a terminal: pass --yes to confirm.\n",
    });
    expect(await run("uninstall", "--yes")).toMatchObject({
      code: 0,
      out: expect.stringContaining("Uninstalled users."),
    });
    expect(await run("status")).toMatchObject({ code: 0, out: "There are no mirrors.\n" });
    expect(await world.query("select distinct action from audit_log order by 1")).toEqual([
      { action: "mirror.backfill" },
      { action: "mirror.install" },
      { action: "mirror.resume" },
      { action: "mirror.uninstall" },
    ]);
  });

  it("prints JSON, and changes nothing in a dry run", async () => {
    const { world, folder, run } = await scene();
    const json = async (...argv: string[]) => JSON.parse((await run(...argv, "--json")).out);
    const users = { mirror: "users", sources: ["app.accounts", "app.profiles"] };
    expect(await json("check", folder)).toContainEqual({
      ...users,
      gone: "tombstone",
      hidden: [],
      zoneless: [],
      unreached: [],
      unreadable: [],
      unfit: [],
    });
    const install = {
      ...users,
      gone: "tombstone",
      hidden: [],
      zoneless: [],
      unreached: [],
      unreadable: [],
      unfit: [],
      replaces: false,
      triggers: true,
    };
    expect(await json("install", folder, "--dry-run")).toContainEqual(install);
    expect(await world.query("select 1 from mirrors")).toEqual([]);
    expect(await json("install", folder)).toContainEqual(install);
    expect(await json("install", folder, "--dry-run", "--without-triggers")).toContainEqual({
      ...install,
      replaces: true,
      triggers: false,
    });
    await reconcile(world);
    const state = () => world.query("select table_name, resync, stopped_at from mirrors order by 1, 2, 3");
    await world.query(
      "insert into app.companies (title) values ('Late'); update mirrors set stopped_at = now(), stopped_because = 'why' where table_name = 'users'",
    );
    const before = await state();
    expect(await json("backfill", "organizations", "--dry-run")).toMatchObject([
      { mirror: "organizations", rows: 1, count: 1 },
    ]);
    const resumed = [{ mirror: "users", was: "stopped", reason: "why", acceptsRemovals: true }];
    expect(await json("resume", "users", "--accept-removals", "--dry-run")).toEqual(resumed);
    expect((await run("resume", "users", "--dry-run")).out).toBe(
      "users would continue. It is stopped: why.\nDry run: nothing was changed.\n",
    );
    expect(await json("uninstall", "users", "--dry-run")).toEqual([users]);
    expect(await state()).toEqual(before);
    expect(await world.query("select 1 from organizations where name = 'Late'")).toEqual([]);
    expect(await json("backfill", "organizations")).toEqual([{ mirror: "organizations" }]);
    expect(await json("resume", "users", "--accept-removals")).toEqual(resumed);
    expect(await json("uninstall", "users", "--yes")).toEqual([users]);
    expect(await state()).not.toContainEqual(expect.objectContaining({ table_name: "users" }));
  });

  it("names sources whose changes lead to no row of the select", async () => {
    const { world, folder, run } = await scene();
    const company = "insert into app.companies (title) values ('Tulip') returning id";
    await world.query(
      `with company as (${company}), ada as (insert into app.accounts (mail) values ('ada') returning id)
       insert into app.ventures (company, founder, name) select company.id, ada.id, 'Greenhouse' from company, ada`,
    );
    expect((await run("check", folder)).out).not.toContain("matches a row");
    const file = join(folder, "projects.sql");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace("app.ventures by id", "app.ventures by founder"));
    expect(await run("check", folder)).toMatchObject({
      code: 0,
      out: expect.stringContaining(
        "projects: none of the first 1,000 rows of app.ventures matches a row of the select",
      ),
    });
    await writeFile(file, text.replace("where v.company = any($1)", "where v.founder = any($1)"));
    expect((await run("check", folder)).out).toContain(
      "projects: none of the first 1,000 rows of app.companies",
    );
  });

  it("names times without a zone", async () => {
    const { world, folder, run } = await scene();
    await world.query("alter table app.posts alter column sent_at type timestamp");
    expect(await run("check", folder)).toMatchObject({
      code: 0,
      out: expect.stringContaining(
        `messages: created_at has no time zone and is read as UTC; in another zone, select it as "created_at at time zone '...'"\n`,
      ),
    });
  });

  it("is installed by separate roles: the printed SQL by the administrator, the rest by the service", async () => {
    const { folder } = await scene();
    const database = await scratchDatabase();
    const { owner, app } = await deployWithRoles(database);
    const by = ({ databaseUrl, databaseSchema }: DatabaseAddress) => {
      const environment = { DATABASE_URL: databaseUrl, DB_SCHEMA: databaseSchema };
      return (...argv: string[]) => cli(environment, "connect", ...argv);
    };
    const admin = { ...app, databaseUrl: database.url };
    await hostPlatform(await createWorld({ database: admin }));
    const printed = await by(admin)("install", folder, "--print");
    // A role that may read the tables, and not let others read them.
    const { owner: role } = roleNames(owner.databaseSchema);
    await database.query(
      `grant usage on schema app to ${role}; grant select on all tables in schema app to ${role}`,
    );
    expect(await by(owner)("install", folder, "--without-triggers")).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /^The service may not read the tables yet\. Their owner must run: grant usage/,
      ),
    });
    await database.query(printed.out);
    expect(await by(app)("check", folder)).toMatchObject({ code: 0 });
    expect(await by(app)("install", folder, "--without-triggers")).toMatchObject({ code: 0, err: "" });
    const host = await database.createRole();
    await database.query(
      `grant usage on schema app to ${host.name}; grant insert on app.companies to ${host.name}`,
    );
    await onServer(host.url, "insert into app.companies (title) values ('Helpers')");
    const world = await createWorld({ database: app });
    await reconcile(world);
    expect(await world.query("select name from organizations where host_id is not null")).toEqual([
      { name: "Helpers" },
    ]);
    expect(await by(app)("status")).toMatchObject({ code: 0 });
  });

  it("shows why rows are refused, and fails the check of a mapping whose values would be refused", async () => {
    const { world, folder, run } = await scene();
    await world.query("insert into app.companies (title) values (null), (null), (null), (null)");
    expect(await run("check", folder)).toMatchObject({
      code: 1,
      out: expect.stringContaining(
        "organizations: name: 4 of the first 1,000 rows break the rule name is not null\n",
      ),
    });
    await run("install", folder);
    await reconcile(world);
    const { code, out } = await run("status");
    expect(code).toBe(1);
    expect(out.match(/^organizations: row [-0-9a-f]{36}: name must not be null \(23502\)$/gm)).toHaveLength(
      3,
    );
    expect(out).toContain(
      `organizations: more: select * from ${world.config.databaseSchema}.mirror_faults where mirror = 'organizations'\n`,
    );
  });

  it("names the faults of a mapping, and mirrors that do not exist", async () => {
    const { folder, run } = await scene();
    await writeFile(join(folder, "users.sql"), "select 1");
    expect(await run("check", folder)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^users\.sql: needs one line/),
    });
    await writeFile(join(folder, "organizations.sql"), "select 1");
    expect((await run("check", folder)).err.match(/^\w+\.sql: needs one line/gm)).toHaveLength(2);
    await writeFile(join(folder, "users.sql"), USERS.replace("as email", "as mail"));
    await writeFile(join(folder, "organizations.sql"), MAPPINGS["organizations"] as string);
    await writeFile(join(folder, "project.sql"), MAPPINGS["projects"] as string);
    const { err } = await run("check", folder);
    expect(err).toContain("users.sql: the table has no column mail (did you mean email?)");
    expect(err).toContain(
      "project.sql: Commonwork has no such table to mirror into (did you mean projects?)",
    );
    await writeFile(join(folder, "Users.sql"), USERS);
    expect(await run("check", folder)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^Users\.sql: a mapping file has the name of a table/),
    });
    expect(await run("check", join(folder, "empty"))).toMatchObject({
      code: 1,
      err: expect.stringContaining("no mapping files"),
    });
    for (const argv of [
      ["resume", "users"],
      ["backfill", "users"],
      ["uninstall", "users", "--yes"],
    ])
      expect(await run(...argv)).toMatchObject({ code: 1, err: "There is no mirror users.\n" });
  });
});
