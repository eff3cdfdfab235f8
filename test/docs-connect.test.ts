import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, it, onTestFinished } from "vitest";
import { eventually } from "./support/eventually.ts";
import { onServer } from "./support/on-server.ts";
import { blocks, read, section } from "./support/pages.ts";
import { drawName, type ScratchDatabase, scratchDatabase } from "./support/scratch-database.ts";
import { startServiceProcess } from "./support/service-process.ts";
import { openShell } from "./support/shell.ts";

/** The platform that docs/connect.md assumes: users, and rooms in which they post. */
const HOST = `
  create table users (id uuid primary key, name text, email text);
  create table rooms (id uuid primary key, topic text);
  create table room_members (room_id uuid not null references rooms, user_id uuid not null references users,
    joined_at timestamptz not null default now(), primary key (room_id, user_id));
  create table posts (id uuid primary key, room_id uuid not null references rooms, author_id uuid not null references users,
    body text not null, created_at timestamptz not null default now());
  insert into users select md5(name)::uuid, name, lower(name) || '@example.com' from unnest(array['Ada', 'Ben', 'Cleo']) name;
  insert into rooms values (md5('room')::uuid, 'Spring');
  insert into room_members (room_id, user_id) select md5('room')::uuid, id from users where name <> 'Cleo';`;

type Names = { readonly schema: string; readonly role: string };

/** The commands and files of the page, for another schema and role of the application. */
function pageFor({ schema, role }: Names) {
  const page = read("docs/connect.md");
  const inPlace = (text: string) =>
    text
      .replaceAll(/^ {3}/gm, "")
      .replaceAll(/\bcommonwork_(owner|app|host|reader|results)\b/g, `${schema}_$1`)
      .replaceAll(/\bcommonwork\./g, `${schema}.`)
      .replaceAll("schema commonwork,", `schema ${schema},`)
      .replaceAll("my_app", role)
      .replaceAll("redis://localhost:6379", inject("redisUrl"));
  const part = section(page, "The first notification");
  const [setUp = "", install = "", again = "", ...moreCommands] = blocks(part, "sh").map(inPlace);
  const [
    users = "",
    threads = "",
    participants = "",
    messages = "",
    write = "",
    found = "",
    wishes = "",
    join = "",
    ...more
  ] = blocks(part, "pgsql").map(inPlace);
  const [remove = "", ...others] = blocks(section(page, "Uninstall"), "sh").map(inPlace);
  expect([...moreCommands, ...more, ...others]).toEqual([]);
  return {
    setUp,
    install,
    again,
    mappings: { users, chat_threads: threads, chat_thread_participants: participants, messages },
    write,
    found,
    wishes,
    join,
    remove,
  };
}

/**
 * A database whose owner is no superuser: it may create roles, and owns the tables of the platform. What the
 * test leaves of the roles of the deployment is dropped.
 */
async function platform(schema: string) {
  const database = await scratchDatabase();
  const [admin, app] = [await database.createRole(), await database.createRole()];
  const name = new URL(database.url).pathname.slice(1);
  await database.query(`alter role ${admin.name} createrole; alter database ${name} owner to ${admin.name}`);
  await onServer(admin.url, `${HOST} grant all on users, rooms, room_members, posts to ${app.name};`);
  onTestFinished(async () => {
    for (const { role } of await rolesOf(database, schema))
      await database.query(`drop owned by ${role} cascade; drop role ${role}`);
  });
  return { database, admin, app };
}

const rolesOf = (database: ScratchDatabase, schema: string) =>
  database.query<{ role: string }>("select rolname as role from pg_roles where starts_with(rolname, $1)", [
    `${schema}_`,
  ]);

/** Everything that an installation could leave: in the tables, schemas, roles and default rights. */
const traces = (database: ScratchDatabase, schema: string) =>
  database.query(
    `select array(select c.relname || coalesce(c.relacl::text, '') from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1) as tables,
            array(select t.tgname::text from pg_trigger t where not t.tgisinternal) as triggers,
            array(select n.nspname || coalesce(n.nspacl::text, '') from pg_namespace n where n.nspname !~ '^pg_(toast|temp)' order by 1) as schemas,
            array(select d.defaclrole::text from pg_default_acl d) as defaults,
            array(select r.rolname::text from pg_roles r where starts_with(r.rolname, $1)) as roles`,
    [`${schema}_`],
  );

/** A statement of the page with its ids filled in, in their order. */
function filled(statement: string, ids: readonly string[]): string {
  const left = [...ids];
  expect(statement.match(/\.\.\./g)).toHaveLength(ids.length);
  return statement.replaceAll("...", () => left.shift() as string);
}

it("docs/connect.md leads from a platform of its own to a notification and an e-mail, and back, without a superuser", async () => {
  const schema = drawName();
  const { database, admin, app } = await platform(schema);
  const before = await traces(database, schema);
  const page = pageFor({ schema, role: app.name });
  const asService = new URL(database.url);
  Object.assign(asService, { username: `${schema}_app`, password: "a password" });
  const shell = await openShell({
    ADMIN_DATABASE_URL: admin.url,
    APP_DATABASE_URL: asService.href,
    DB_SCHEMA: schema,
    REDIS_PREFIX: schema.replaceAll("_", "-"),
  });
  const asApp = async (statement: string) => {
    await writeFile(join(shell.folder, "statement.sql"), statement);
    return shell.run(`psql '${app.url}' -f statement.sql`);
  };
  const isCopied = () =>
    eventually(async () =>
      expect(await database.query(`select 1 from ${schema}.mirrors where resync is not null`)).toEqual([]),
    );
  const writeMapping = (table: string, text: string) =>
    writeFile(join(shell.folder, "connect", `${table}.sql`), text);

  await shell.run(page.setUp);
  await mkdir(join(shell.folder, "connect"));
  for (const [table, text] of Object.entries(page.mappings)) await writeMapping(table, text);
  const [, beforeStart = ""] = /^([\s\S]*)commonwork start\n$/.exec(page.install) ?? [];
  await shell.run(beforeStart);
  const emails = join(shell.folder, "emails");
  const service = await startServiceProcess({ ...shell.variables(), EMAIL_FOLDER: emails });
  onTestFinished(() => service.kill());
  await isCopied();
  for (const table of Object.keys(page.mappings))
    expect(await shell.run("commonwork connect status")).toMatch(new RegExp(`^${table} +active`, "m"));

  const [ids] = await database.query<Record<"post" | "room" | "ada" | "ben" | "cleo", string>>(
    `select md5('post')::uuid as post, md5('room')::uuid as room, md5('Ada')::uuid as ada, md5('Ben')::uuid as ben, md5('Cleo')::uuid as cleo`,
  );
  const { post, room, ada, ben, cleo } = ids!;
  // The page leaves the ids open: message, room, author, then the same in the event.
  await asApp(filled(page.write, [post, room, ada, post, ada, room]));
  await eventually(async () =>
    expect(await asApp(page.found)).toBe(`${ben}|1 new message in Spring|/chat/${room}\n`),
  );

  await writeMapping("notification_preferences", page.wishes);
  await shell.run(page.again);
  await isCopied();
  await asApp(filled(page.join, [room, cleo, cleo, ada, room]));
  await eventually(async () => {
    const files = await readdir(emails);
    const sent = await Promise.all(files.map((file) => readFile(join(emails, file), "utf8")));
    expect(sent.filter((email) => email.includes("cleo@example.com"))).toHaveLength(1);
  });

  await service.stop();
  await shell.run(page.remove);
  expect(await traces(database, schema)).toEqual(before);
});
