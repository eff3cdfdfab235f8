import { describe, expect, it } from "vitest";
import { checkMappings, uninstallMirror } from "../../src/connect/install.ts";
import { parseMapping } from "../../src/connect/mapping.ts";
import { checkSources } from "../../src/connect/source-check.ts";
import { mirrorStatus } from "../../src/connect/status.ts";
import {
  copyIn,
  expectMirrored,
  hostConnection,
  hostPlatform,
  installMappings,
  MAPPINGS,
  mirrored,
  reconcile,
  roomOf,
} from "../support/host-platform.ts";
import { createWorld, type World } from "../support/world.ts";

// What hosts do to their tables. Their writes never fail because of us, nothing is deleted that they still
// have, `connect status` names what is wrong, and mirrors recover. Renamed columns and row-level security are
// in mirrors.test.ts and install.test.ts.

const faultsOf = async (world: World) =>
  Object.fromEntries(
    (await mirrorStatus(world.db.drizzle, world.config.databaseSchema)).flatMap(
      ({ mirror, triggerFaults }) => (triggerFaults.length > 0 ? [[mirror, triggerFaults]] : []),
    ),
  );

const bodies = async (world: World) =>
  (await world.query<{ body: string }>("select body from messages order by body")).map(({ body }) => body);

const triggersOn = (world: World, ...tables: string[]) =>
  world.query(
    "select t.tgrelid::regclass::text as table from pg_trigger t where not t.tgisinternal and t.tgrelid = any($1::regclass[])",
    [tables],
  );

describe("tables that are swapped", () => {
  /**
   * A room with a message; then its table is replaced by a rebuilt one, as tools for online migrations do.
   */
  async function rebuilt() {
    const world = await createWorld();
    await mirrored(world);
    const { room, author } = await roomOf(world, 2);
    const host = await hostConnection(world);
    const post = (words: string, table = "app.posts") =>
      host.query(`insert into ${table} (room, author, words) values ($1, $2, $3)`, [room, author, words]);
    await post("Before");
    await reconcile(world);
    await host.query(`create table app.posts_new (like app.posts including all);
      insert into app.posts_new select * from app.posts;
      begin; alter table app.posts rename to posts_old; alter table app.posts_new rename to posts; commit`);
    return { world, host, post };
  }

  it("for a rebuilt one: it is named, and installing again makes up for what was missed", async () => {
    const { world, post } = await rebuilt();
    await post("Unnoted");
    await post("Into the old one", "app.posts_old");
    await reconcile(world);
    const fault = "app.posts lacks triggers, or they are disabled";
    expect(await faultsOf(world)).toEqual({ messages: [fault] });
    expect(await checkSources(world.db)).toEqual([{ mirror: "messages", fault }]);
    expect(await bodies(world)).toEqual(["Before"]);
    await installMappings(world);
    await post("After");
    await expectMirrored(world);
    expect(await bodies(world)).toEqual(["After", "Before", "Unnoted"]);
    expect(await faultsOf(world)).toEqual({});
    // The old table is the host's own business again.
    expect(await triggersOn(world, "app.posts_old")).toEqual([]);
  });

  it("and then uninstalled: no table keeps a trigger", async () => {
    const { world, post } = await rebuilt();
    expect(await uninstallMirror(world.db, "messages", "test")).toEqual([]);
    expect(await triggersOn(world, "app.posts", "app.posts_old")).toEqual([]);
    await post("Later");
    await post("Later", "app.posts_old");
    expect(await bodies(world)).toEqual(["Before"]);
  });

  it("among those of one mirror: it is named, and nothing is deleted", async () => {
    const world = await createWorld();
    await mirrored(world);
    const { author } = await roomOf(world, 2);
    await world.query("insert into app.profiles (account, display_name) values ($1, 'Ada')", [author]);
    await reconcile(world);
    const swap =
      "alter table app.accounts rename to x; alter table app.profiles rename to accounts; alter table app.x rename to profiles";
    await world.query(swap);
    expect((await faultsOf(world))["users"]).toEqual([
      "app.accounts lacks triggers, or they are disabled",
      "app.profiles lacks triggers, or they are disabled",
    ]);
    await world.query("update app.accounts set display_name = 'Eve'; update app.profiles set zone = 'UTC'");
    await checkSources(world.db);
    await reconcile(world);
    expect(await world.query("select stopped_because from mirrors where table_name = 'users'")).toEqual([
      { stopped_because: expect.stringContaining("42703") },
    ]);
    expect(await world.query("select name from users where host_id = $1", [author])).toEqual([
      { name: "Ada" },
    ]);
    await world.query(swap);
    await installMappings(world);
    await expectMirrored(world);
    expect(await faultsOf(world)).toEqual({});
    expect(await world.query("select name, time_zone from users where host_id = $1", [author])).toEqual([
      { name: "Eve", time_zone: "UTC" },
    ]);
  });

  it("for a view of another table: writes through it are mirrored, and it is named", async () => {
    const world = await createWorld();
    await mirrored(world);
    const { room, author } = await roomOf(world, 1);
    await world.query(
      "alter table app.posts rename to posts_v2; create view app.posts as select * from app.posts_v2",
    );
    await world.query(
      "insert into app.posts (id, room, author, words, sent_at) values (gen_random_uuid(), $1, $2, 'Hello', now())",
      [room, author],
    );
    await reconcile(world);
    expect(await bodies(world)).toEqual(["Hello"]);
    expect(await faultsOf(world)).toEqual({ messages: ["app.posts lacks triggers, or they are disabled"] });
    const renamed = (MAPPINGS["messages"] as string).replaceAll("app.posts", "app.posts_v2");
    await installMappings(world, { ...MAPPINGS, messages: renamed });
    await world.query("update app.posts set words = 'Hello again'");
    await reconcile(world);
    expect(await bodies(world)).toEqual(["Hello again"]);
    expect(await faultsOf(world)).toEqual({});
  });
});

describe("tables whose rows are changed through another one", () => {
  /** A mirrored message, whose table is then one of a family. */
  async function inFamily(statements: string) {
    const world = await createWorld();
    await mirrored(world);
    const { room, author } = await roomOf(world, 1);
    const host = await hostConnection(world);
    await host.query("insert into app.posts (room, author, words) values ($1, $2, 'Before')", [room, author]);
    await reconcile(world);
    await host.query(statements);
    return { world, host };
  }

  const FAMILIES = [
    [
      "a partition",
      `create table app.all_posts (like app.posts) partition by list (room);
       alter table app.all_posts attach partition app.posts default`,
      "update app.all_posts set words = 'After'",
      "app.posts is a partition of app.all_posts, and changes through app.all_posts are not noted: detach it, or send its rows as records",
      "alter table app.all_posts detach partition app.posts",
    ],
    [
      "a child",
      "create table app.texts (words text not null); alter table app.posts inherit app.texts",
      "update app.texts set words = 'After'",
      "app.posts inherits from app.texts, and changes through app.texts are not noted: end the inheritance, or send its rows as records",
      "alter table app.posts no inherit app.texts",
    ],
    [
      "a parent",
      "create table app.old_posts (like app.posts including defaults); alter table app.old_posts inherit app.posts",
      `insert into app.old_posts (room, author, words) select room, author, 'After' from app.posts;
       delete from only app.posts`,
      "app.old_posts inherits from app.posts, and changes of app.old_posts are not noted: end the inheritance, or send the rows of both as records",
      "alter table app.old_posts no inherit app.posts; insert into app.posts table app.old_posts",
    ],
  ] as const;

  it.each(FAMILIES)("%s since it was installed: it is named", async (_, join, change, fault, leave) => {
    const { world, host } = await inFamily(join);
    expect(await faultsOf(world)).toEqual({ messages: [fault] });
    expect(await checkSources(world.db)).toEqual([{ mirror: "messages", fault }]);
    await host.query(change);
    await reconcile(world);
    expect(await bodies(world)).not.toContain("After");
    await host.query(leave);
    await installMappings(world);
    await expectMirrored(world);
    expect(await bodies(world)).toEqual(["After"]);
    expect(await faultsOf(world)).toEqual({});
  });
});

describe("ids that are used again", () => {
  it("are other rows, also within one transaction", async () => {
    const world = await createWorld();
    await mirrored(world);
    const { room, author } = await roomOf(world, 2);
    const other = await roomOf(world, 1);
    const id = "00000000-0000-4000-8000-000000000001";
    const post = "insert into app.posts (id, room, author, words) values ($1, $2, $3, $4)";
    await world.query(post, [id, room, author, "First"]);
    await reconcile(world);
    const [first] = await world.query("select id from messages");
    await world.query("delete from app.posts where id = $1", [id]);
    await reconcile(world);
    await world.query(post, [id, other.room, other.author, "Second"]);
    await expectMirrored(world);
    const [second] = await world.query("select id from messages");
    expect(second?.["id"]).not.toBe(first?.["id"]);
    const host = await hostConnection(world);
    await host.query("begin");
    await host.query("delete from app.posts where id = $1", [id]);
    await host.query(post, [id, room, author, "Third"]);
    await host.query("commit");
    await expectMirrored(world);
    expect(await bodies(world)).toEqual(["Third"]);
  });

  it("of users give no rights that the user before had", async () => {
    const world = await createWorld();
    await mirrored(world);
    await world.query("insert into app.accounts (mail) values ('ada@host.test')");
    await reconcile(world);
    await world.query("update users set is_operator = true where host_id is not null");
    const [{ id }] = (await world.query<{ id: string }>(
      "delete from app.accounts returning id::text as id",
    )) as [{ id: string }];
    await reconcile(world);
    await world.query("insert into app.accounts (id, mail) values ($1, 'eve@host.test')", [id]);
    await expectMirrored(world);
    expect(await world.query("select email, is_operator from users where host_id is not null")).toEqual([
      { email: "eve@host.test", is_operator: false },
    ]);
  });
});

it("a dump whose rows are restored by COPY is mirrored, also into emptied tables", async () => {
  const world = await createWorld();
  await mirrored(world);
  const { room, author } = await roomOf(world, 2);
  const id = "00000000-0000-4000-8000-00000000000";
  const posts = [1, 2, 3].map((n) => `${id}${n}\t${room}\t${author}\tMessage ${n}\t2026-03-09 02:00:00+00`);
  const host = await hostConnection(world);
  const restore = () => copyIn(host, "copy app.posts (id, room, author, words, sent_at) from stdin", posts);
  await restore();
  await expectMirrored(world);
  expect(await bodies(world)).toEqual(["Message 1", "Message 2", "Message 3"]);
  await host.query("begin; delete from app.posts where words <> 'Message 2'; truncate app.posts");
  await restore();
  await host.query("commit");
  await expectMirrored(world);
  expect(await bodies(world)).toEqual(["Message 1", "Message 2", "Message 3"]);
});

it("clocks without a zone are read as UTC in every session, or in the zone of the mapping, and named by check", async () => {
  const world = await createWorld();
  await hostPlatform(world);
  await world.query(
    "alter table app.rooms add column opened timestamp; alter table app.posts add column written timestamp",
  );
  const threads = `-- key: host_id uuid
-- source: app.rooms by id
select r.id as host_id, '' as topic, r.opened as created_at from app.rooms r`;
  const messages = `-- key: host_id uuid
-- source: app.posts by id
select p.id as host_id, p.room as thread_id, p.author as sender_id, p.words as body, p.written at time zone 'Europe/Berlin' as created_at
from app.posts p`;
  const mappings = { users: MAPPINGS["users"] as string, chat_threads: threads, messages };
  const checked = await checkMappings(
    world.db,
    Object.entries(mappings).map(([table, text]) => parseMapping(table, text)),
  );
  expect(checked.map(({ plan, zoneless }) => [plan.table, zoneless])).toEqual(
    expect.arrayContaining([
      ["chat_threads", ["created_at"]],
      ["messages", []],
    ]),
  );
  await installMappings(world, mappings);
  const host = await hostConnection(world);
  await host.query("set timezone to 'America/New_York'");
  await host.query(
    `with ada as (insert into app.accounts (mail) values ('ada') returning id),
          room as (insert into app.rooms (subject, opened) values ('Plans', '2026-03-29 02:30') returning id)
     insert into app.posts (room, author, words, written) select room.id, ada.id, 'Hello', '2026-07-01 12:00' from room, ada`,
  );
  await reconcile(world);
  expect(
    await world.query(
      `select t.created_at = '2026-03-29T02:30Z' as opened, m.created_at = '2026-07-01T10:00Z' as written
       from messages m join chat_threads t on t.id = m.thread_id`,
    ),
  ).toEqual([{ opened: true, written: true }]);
});
