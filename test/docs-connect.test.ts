import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, it, onTestFinished } from "vitest";
import { eventually } from "./support/eventually.ts";
import { blocks, read, section } from "./support/pages.ts";
import { drawName, scratchDatabase } from "./support/scratch-database.ts";
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
  insert into users select md5(name)::uuid, name, lower(name) || '@example.com' from unnest(array['Ada', 'Ben']) name;
  insert into rooms values (md5('room')::uuid, 'Spring');
  insert into room_members (room_id, user_id) select md5('room')::uuid, id from users;`;

/** The commands and files of the section, for another schema and role of the application. */
function firstNotification(names: { readonly schema: string; readonly role: string }) {
  const part = section(read("docs/connect.md"), "The first notification");
  const inPlace = (text: string) =>
    text
      .replaceAll(/^ {3}/gm, "")
      .replaceAll(/\bcommonwork\./g, `${names.schema}.`)
      .replaceAll("my_app", names.role)
      .replaceAll("redis://localhost:6379", inject("redisUrl"));
  const commands = blocks(part, "sh").map(inPlace);
  const statements = blocks(part, "pgsql").map(inPlace);
  expect([commands.length, statements.length]).toEqual([2, 6]);
  return { commands: commands as [string, string], statements };
}

it("docs/connect.md leads from a platform of its own to a notification", async () => {
  const database = await scratchDatabase();
  const { name: role, url: asApp } = await database.createRole();
  const schema = drawName();
  await database.query(`${HOST} grant all on users, rooms, room_members, posts to ${role};`);
  const { commands, statements } = firstNotification({ schema, role });
  const [setUp, install] = commands;
  const shell = await openShell({
    ADMIN_DATABASE_URL: database.url,
    DB_SCHEMA: schema,
    REDIS_PREFIX: schema.replaceAll("_", "-"),
  });
  await shell.run(setUp);
  for (const suffix of ["owner", "app", "host", "reader"]) await database.urlAs(`${schema}_${suffix}`);

  const mappings = ["users", "chat_threads", "chat_thread_participants", "messages"];
  await mkdir(join(shell.folder, "connect"));
  for (const [n, table] of mappings.entries())
    await writeFile(join(shell.folder, "connect", `${table}.sql`), statements[n] as string);
  const [, beforeStart = ""] = /^([\s\S]*)commonwork start\n$/.exec(install) ?? [];
  await shell.run(beforeStart);
  const emails = { EMAIL_FOLDER: join(shell.folder, "emails") };
  const service = await startServiceProcess({ ...shell.variables(), ...emails });
  onTestFinished(() => service.kill());
  await eventually(async () =>
    expect(await database.query(`select 1 from ${schema}.mirrors where resync is not null`)).toEqual([]),
  );
  for (const table of mappings)
    expect(await shell.run("commonwork connect status")).toMatch(new RegExp(`^${table} +active`, "m"));

  // The page leaves the ids open: message, room, author and text, then the same in the event.
  const ids = await database.query<Record<"post" | "room" | "ada", string>>(
    "select md5('post')::uuid as post, md5('room')::uuid as room, md5('Ada')::uuid as ada",
  );
  const { post, room, ada } = ids[0] as Record<"post" | "room" | "ada", string>;
  const open = [post, room, ada, post, ada, room];
  const [write = "", found = ""] = statements.slice(mappings.length);
  expect(write.match(/\.\.\./g)).toHaveLength(open.length);
  await writeFile(
    join(shell.folder, "write.sql"),
    write.replaceAll("...", () => open.shift() as string),
  );
  await shell.run(`psql '${asApp}' -f write.sql`);
  await eventually(async () =>
    expect(await database.query(found)).toEqual([
      { email: "ben@example.com", title: "1 new message in Spring", link: `/chat/${room}` },
    ]),
  );
});
