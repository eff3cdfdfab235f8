import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { resumeMirror } from "../../src/connect/install.ts";
import { lockMirrors } from "../../src/connect/installed.ts";
import { applyNotes } from "../../src/connect/reconcile.ts";
import { rows } from "../../src/db/statement.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { beginErasure } from "../../src/erasure/erase.ts";
import {
  expectMirrored,
  hostConnection,
  hostPlatform,
  installMappings,
  MAPPINGS,
  mirrored,
  reconcile,
} from "../support/host-platform.ts";
import { createWorld, type World } from "../support/world.ts";

/** Two accounts, a company, a venture, a room in it, and a post of the first account. */
async function scene(world: World) {
  const [row] = await world.query(
    `with people as (insert into app.accounts (mail) values ('ada@host.test'), ('ben@host.test') returning id, mail),
          company as (insert into app.companies (title) values ('Helpers') returning id),
          venture as (insert into app.ventures (company, founder, name)
                      select company.id, people.id, 'Garden' from company, people where mail like 'ada%' returning id),
          room as (insert into app.rooms (venture, subject) select id, 'Plans' from venture returning id),
          joined as (insert into app.room_people (room, account) select room.id, people.id from room, people),
          post as (insert into app.posts (room, author, words)
                   select room.id, people.id, 'Hello' from room, people where mail like 'ada%' returning id)
     select (select id from people where mail like 'ada%')::text as ada, (select id from people where mail like 'ben%')::text as ben,
            company.id::text as company, venture.id::text as venture, room.id::text as room, post.id::text as post
     from company, venture, room, post`,
  );
  return row as Record<"ada" | "ben" | "company" | "venture" | "room" | "post", string>;
}

const rowsOf = async (world: World, statement: string) =>
  (await world.query<{ v: unknown }>(statement)).map(({ v }) => v);

const states = (world: World) =>
  world.query("select table_name, stopped_because from mirrors where stopped_at is not null order by 1");

describe("a mirror", () => {
  it("equals its select: with existing, inserted, changed and deleted rows", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    const { ben, venture, room, post } = await scene(world);
    await installMappings(world);
    await expectMirrored(world);
    expect(await rowsOf(world, "select name as v from projects where host_id is not null")).toEqual([
      "Helpers: Garden",
    ]);
    await world.query("insert into app.profiles (account, display_name) values ($1, 'Ben')", [ben]);
    await world.query("update app.companies set title = 'Gardeners'");
    await world.query("update app.posts set words = 'Hi' where id = $1", [post]);
    await world.query("insert into app.rooms (venture, subject) values ($1, 'Tools')", [venture]);
    await expectMirrored(world);
    expect(await rowsOf(world, "select name as v from projects where host_id is not null")).toEqual([
      "Gardeners: Garden",
    ]);
    await world.query("delete from app.room_people where room = $1 and account = $2", [room, ben]);
    await world.query("delete from app.rooms where id = $1", [room]);
    await expectMirrored(world);
    expect(await rowsOf(world, "select count(*)::int as v from chat_thread_participants")).toEqual([0]);
  });

  it("writes nothing where nothing differs, and leaves columns that are not mapped alone", async () => {
    const world = await createWorld();
    await mirrored(world);
    const { ada } = await scene(world);
    await reconcile(world);
    await world.query("update users set last_active_at = '2026-01-01' where host_id = $1", [ada]);
    const before = await rowsOf(
      world,
      "select xmin::text || coalesce(last_active_at::text, '') as v from users where host_id is not null order by 1",
    );
    await world.query("update app.accounts set mail = mail");
    await reconcile(world);
    expect(
      await rowsOf(
        world,
        "select xmin::text || coalesce(last_active_at::text, '') as v from users where host_id is not null order by 1",
      ),
    ).toEqual(before);
  });

  it("records every change except those of ignored columns only", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    await world.query("alter table app.accounts add column seen_at timestamptz");
    const users = `-- key: host_id uuid
-- source: app.accounts by id
-- ignore: app.accounts (seen_at)
select a.id as host_id, '' as name, a.mail as email from app.accounts a`;
    await installMappings(world, { users });
    await world.query("insert into app.accounts (mail) select 'm' || n from generate_series(1, 5) n");
    await reconcile(world);
    const noted = async (statement: string) => {
      await world.query(statement);
      const [row] = await world.query<{ n: number }>(
        "select coalesce(sum(jsonb_array_length(keys)), 0)::int as n from dirty",
      );
      await reconcile(world);
      return row?.n;
    };
    expect(await noted("update app.accounts set seen_at = now()")).toBe(0);
    expect(
      await noted(
        "update app.accounts set seen_at = null, mail = mail || case mail when 'm3' then '!' else '' end",
      ),
    ).toBe(1);
    expect(await noted("update app.accounts set seen_at = now(), mail = 'new' where mail = 'm3!'")).toBe(1);
    expect(await noted("update app.accounts set id = gen_random_uuid() where mail = 'new'")).toBe(2);
    expect(await noted("update app.accounts set deleted_at = now() where mail = 'new'")).toBe(1);
    expect(
      await noted("alter table app.accounts drop column seen_at; update app.accounts set mail = mail"),
    ).toBe(0);
    expect(
      await rowsOf(world, "select email as v from users where host_id is not null and email = 'new'"),
    ).toEqual(["new"]);
  });

  it("records the changes of a transaction if it commits", async () => {
    const world = await createWorld();
    await mirrored(world);
    const host = await hostConnection(world);
    await host.query("begin");
    await host.query("insert into app.accounts (mail) values ('a@host.test')");
    await host.query("savepoint s");
    await host.query("insert into app.accounts (mail) values ('b@host.test')");
    await host.query("rollback to s");
    await host.query("commit");
    await host.query("begin");
    await host.query("insert into app.accounts (mail) values ('c@host.test')");
    await host.query("rollback");
    await expectMirrored(world);
    expect(await rowsOf(world, "select email as v from users where host_id is not null")).toEqual([
      "a@host.test",
    ]);
  });

  it("follows a changed key, a truncated table, and writes of a session without triggers", async () => {
    const world = await createWorld();
    await mirrored(world);
    const { ada, room, post } = await scene(world);
    await expectMirrored(world);
    await world.query("update app.posts set id = gen_random_uuid() where id = $1", [post]);
    await expectMirrored(world);
    const host = await hostConnection(world);
    await host.query("set session_replication_role = replica");
    await host.query("insert into app.posts (room, author, words) values ($1, $2, 'Replicated')", [
      room,
      ada,
    ]);
    await expectMirrored(world);
    expect(await rowsOf(world, "select body as v from messages order by 1")).toEqual(["Hello", "Replicated"]);
    await world.query("truncate app.posts");
    await expectMirrored(world);
    expect(await rowsOf(world, "select count(*)::int as v from messages")).toEqual([0]);
  });

  it("waits for the rows that it refers to, in whatever order they come", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    await installMappings(world);
    const { venture } = await scene(world);
    await world.query("update app.ventures set hidden = true");
    await reconcile(world);
    expect(await rowsOf(world, "select count(*)::int as v from messages")).toEqual([0]);
    expect(await rowsOf(world, "select distinct mirror as v from mirror_waiting order by 1")).toEqual([
      "chat_thread_participants",
      "chat_threads",
      "messages",
    ]);
    await world.query("update app.ventures set hidden = false where id = $1", [venture]);
    await expectMirrored(world);
    expect(await rowsOf(world, "select count(*)::int as v from mirror_waiting")).toEqual([0]);
    // A parent that is filtered out takes its rows with it, and brings them back.
    await world.query("update app.ventures set hidden = true");
    await expectMirrored(world);
    expect(await rowsOf(world, "select count(*)::int as v from chat_thread_participants")).toEqual([0]);
    await world.query("update app.ventures set hidden = false");
    await expectMirrored(world);
    expect(await rowsOf(world, "select count(*)::int as v from chat_thread_participants")).toEqual([2]);
  });

  it("empties and deactivates users who are deleted, and restores them", async () => {
    const world = await createWorld();
    await mirrored(world);
    const { ada } = await scene(world);
    await reconcile(world);
    const [id] = await rowsOf(world, `select id as v from users where host_id = '${ada}'`);
    await world.query("update app.accounts set deleted_at = now() where id = $1", [ada]);
    await reconcile(world);
    expect(
      await world.query(
        "select id, name, email, deactivated_at is not null as left from users where host_id = $1",
        [ada],
      ),
    ).toEqual([{ id, name: "", email: null, left: true }]);
    await world.query("update app.accounts set deleted_at = null where id = $1", [ada]);
    await reconcile(world);
    expect(
      await world.query("select id, email, deactivated_at from users where host_id = $1", [ada]),
    ).toEqual([{ id, email: "ada@host.test", deactivated_at: null }]);
  });

  it("does not bring back a user who was erased", async () => {
    const world = await createWorld();
    await mirrored(world);
    const { ada } = await scene(world);
    await reconcile(world);
    const [id] = await rowsOf(world, `select id as v from users where host_id = '${ada}'`);
    await inTransaction(world.db, (tx) => beginErasure(tx, id as string));
    await world.query("update users set host_id = null where id = $1", [id]);
    await world.query("update app.accounts set mail = 'ada@new.test' where id = $1", [ada]);
    await world.query(
      "insert into app.posts (room, author, words) select id, $1, 'Still here' from app.rooms",
      [ada],
    );
    await reconcile(world);
    expect(await rowsOf(world, "select count(*)::int as v from users where email like 'ada%'")).toEqual([0]);
    expect(await rowsOf(world, "select count(*)::int as v from mirror_waiting")).toEqual([0]);
  });

  it("leaves rows alone that Commonwork inserted", async () => {
    const world = await createWorld();
    await world.query("insert into organizations (name) values ('Own')");
    await hostPlatform(world);
    await installMappings(world);
    await scene(world);
    await reconcile(world);
    await world.query("insert into app.companies (title) values ('Theirs')");
    await reconcile(world);
    expect(await rowsOf(world, "select name as v from organizations where host_id is null")).toEqual(["Own"]);
  });

  it("passes over a row that does not fit, names it, and stores it once it is repaired", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    await installMappings(world);
    await world.query(
      "insert into app.companies (title) select case when n = 7777 then null else 'C' || n end from generate_series(1, 10000) n",
    );
    await reconcile(world);
    expect(
      await rowsOf(world, "select count(*)::int as v from organizations where host_id is not null"),
    ).toEqual([9_999]);
    expect(await world.query("select mirror, code, column_name, reason from mirror_faults")).toEqual([
      { mirror: "organizations", code: "23502", column_name: "name", reason: "must not be null" },
    ]);
    await world.query("update app.companies set title = 'Repaired' where title is null");
    await reconcile(world);
    expect(await world.query("select 1 from mirror_faults")).toEqual([]);
    expect(
      await rowsOf(world, "select count(*)::int as v from organizations where host_id is not null"),
    ).toEqual([10_000]);
  });

  it("names the column whose value cannot become ours", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    await world.query(
      "insert into app.accounts (mail, zone) values ('ada', 'yesterday, or so'), ('ben', '2026-01-01')",
    );
    const users = `-- key: host_id uuid
-- source: app.accounts by id
select a.id as host_id, a.mail as name, a.zone as created_at from app.accounts a`;
    await installMappings(world, { users });
    await reconcile(world);
    expect(await world.query("select code, column_name, reason from mirror_faults")).toEqual([
      { code: "22007", column_name: "created_at", reason: "is no date or time" },
    ]);
    expect(await rowsOf(world, "select name as v from users where host_id is not null")).toEqual(["ben"]);
  });

  it("withdraws a right whose row has an unknown value: it may have been a revocation", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    await world.query(
      "create table app.papers (id uuid primary key, venture uuid); create table app.paper_rights (paper uuid, account uuid, may text, primary key (paper, account))",
    );
    const { users, organizations, projects } = MAPPINGS as Record<string, string>;
    const rights = (table: string, of: string, column: string) => `-- key: ${column} uuid, user_id uuid
-- source: app.${table} by ${of}, account
select r.${of} as ${column}, r.account as user_id, r.may as permission from app.${table} r`;
    await world.query(
      "create table app.venture_rights (venture uuid, account uuid, may text, primary key (venture, account))",
    );
    await installMappings(world, {
      users: users!,
      organizations: organizations!,
      projects: projects!,
      project_access_grants: rights("venture_rights", "venture", "project_id"),
      resources:
        "-- key: host_id uuid\n-- source: app.papers by id\nselect p.id as host_id, p.venture as project_id, 'Plan' as name from app.papers p",
      resource_permissions: rights("paper_rights", "paper", "resource_id"),
    });
    await world.query(`
      with a as (insert into app.accounts (mail) values ('ada') returning id), c as (insert into app.companies (title) values ('C') returning id),
           v as (insert into app.ventures (company, founder, name) select c.id, a.id, 'V' from a, c returning id),
           p as (insert into app.papers select gen_random_uuid(), v.id from v returning id),
           r as (insert into app.venture_rights select v.id, a.id, 'edit' from v, a)
      insert into app.paper_rights select p.id, a.id, 'view' from p, a`);
    await reconcile(world);
    const allowed = async () => [
      await rowsOf(world, "select permission as v from project_access_grants"),
      await rowsOf(world, "select permission as v from resource_permissions"),
    ];
    expect(await allowed()).toEqual([["edit"], ["view"]]);
    await world.query(
      "update app.venture_rights set may = 'suspended'; update app.paper_rights set may = 'suspended'",
    );
    await reconcile(world);
    expect(await allowed()).toEqual([[], ["none"]]);
    expect(await world.query("select mirror, column_name, code from mirror_faults order by 1")).toEqual([
      { mirror: "project_access_grants", column_name: "permission", code: "23514" },
      { mirror: "resource_permissions", column_name: "permission", code: "23514" },
    ]);
    await world.query("update app.venture_rights set may = 'view'; update app.paper_rights set may = 'edit'");
    await reconcile(world);
    expect(await allowed()).toEqual([["view"], ["edit"]]);
    expect(await world.query("select 1 from mirror_faults")).toEqual([]);
  });

  it("removes the old row before it writes one in conflict with it", async () => {
    const world = await createWorld();
    await mirrored(world);
    const { room, ada } = await scene(world);
    await reconcile(world);
    // The same membership under another key: our table allows one row for both columns.
    const mapping = `-- key: host_id uuid
-- source: app.members by id
select m.id as host_id, m.room as thread_id, m.account as user_id from app.members m`;
    await world.query("delete from app.room_people");
    await reconcile(world);
    await world.query(
      "create table app.members (id uuid primary key default gen_random_uuid(), room uuid, account uuid)",
    );
    await world.query("insert into app.members (room, account) values ($1, $2)", [room, ada]);
    await installMappings(world, { ...MAPPINGS, chat_thread_participants: mapping });
    await reconcile(world);
    await world.query(
      "begin; delete from app.members; insert into app.members (room, account) values ('" +
        room +
        "', '" +
        ada +
        "'); commit",
    );
    await reconcile(world);
    expect(await world.query("select 1 from mirror_faults")).toEqual([]);
    expect(
      await world.query(
        "select p.host_id = m.id::text as same from chat_thread_participants p, app.members m",
      ),
    ).toEqual([{ same: true }]);
  });

  it("writes of a resync cause no nudge, changes do", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    const { ada, room } = await scene(world);
    await installMappings(world);
    await reconcile(world);
    expect(await rowsOf(world, "select count(*)::int as v from messages")).toEqual([1]);
    expect(await rowsOf(world, "select count(*)::int as v from unread_marks")).toEqual([0]);
    await world.query("insert into app.posts (room, author, words) values ($1, $2, 'New')", [room, ada]);
    await reconcile(world);
    expect(await rowsOf(world, "select count(*)::int as v from unread_marks")).toEqual([1]);
  });

  it("messages and participants that return with their project cause no nudge; new ones do", async () => {
    const world = await createWorld();
    await mirrored(world);
    const { room, ada } = await scene(world);
    await reconcile(world);
    await world.query("delete from unread_marks");
    await world.query("update app.ventures set hidden = true");
    await reconcile(world);
    // Written while the project is hidden: new when it returns.
    await world.query("insert into app.posts (room, author, words) values ($1, $2, 'Meanwhile')", [
      room,
      ada,
    ]);
    await reconcile(world);
    expect(await rowsOf(world, "select count(*)::int as v from messages")).toEqual([0]);
    await world.query("update app.ventures set hidden = false");
    await reconcile(world);
    expect(await rowsOf(world, "select body as v from messages order by 1")).toEqual(["Hello", "Meanwhile"]);
    expect(await rowsOf(world, "select count(*)::int as v from chat_thread_participants")).toEqual([2]);
    expect(
      await rowsOf(
        world,
        "select m.body as v from unread_marks u left join messages m on m.thread_id = u.thread_id and m.created_at = u.at",
      ),
    ).toEqual(["Meanwhile"]);
  });
});

describe("a mirror stops, the host goes on, and nothing is deleted", () => {
  const broken: readonly [string, string, string, string][] = [
    [
      "a mapped column is renamed",
      "alter table app.posts rename column words to text",
      "alter table app.posts rename column text to words",
      "42703",
    ],
    [
      "a mapped column is dropped",
      "alter table app.posts drop column words",
      "alter table app.posts add column words text not null default 'During'",
      "42703",
    ],
    [
      "a mapped column gets a type that is none of ours",
      "alter table app.posts alter column sent_at drop default, alter column sent_at type boolean using true, alter column sent_at set default true",
      "alter table app.posts alter column sent_at drop default, alter column sent_at type timestamptz using now(), alter column sent_at set default now()",
      "42846 a type that the mapping reads has changed",
    ],
    [
      "the column of the key is renamed",
      "alter table app.posts rename column id to uid",
      "alter table app.posts rename column uid to id",
      "42703",
    ],
    [
      "the type of the key is changed",
      "alter table app.posts alter column id drop default, alter column id type text",
      "alter table app.posts alter column id type uuid using id::uuid",
      "42883",
    ],
  ];

  /** Writes a post, whatever its columns are called by now. */
  const duringWrite = async (world: World, room: string, author: string) => {
    const [words] = await rowsOf(
      world,
      "select attname as v from pg_attribute where attrelid = 'app.posts'::regclass and attname in ('words', 'text') and not attisdropped",
    );
    const rest = words === undefined ? "" : ", 'During'";
    await world.query(`insert into app.posts select gen_random_uuid(), $1, $2${rest}`, [room, author]);
  };

  it.each(broken)("when %s, until it is repaired", async (_, change, repair, code) => {
    const world = await createWorld();
    await mirrored(world);
    const { room, ada } = await scene(world);
    await reconcile(world);
    await world.query(change);
    await duringWrite(world, room, ada);
    await world.query("insert into app.companies (title) values ('Others go on')");
    await reconcile(world);
    expect(await states(world)).toEqual([
      { table_name: "messages", stopped_because: expect.stringContaining(code) },
    ]);
    expect(await rowsOf(world, "select body as v from messages")).toEqual(["Hello"]);
    expect(await rowsOf(world, "select name as v from organizations where name like 'Others%'")).toEqual([
      "Others go on",
    ]);
    await world.query(repair);
    await resumeMirror(world.db, "messages", { actor: "test", acceptsRemovals: false });
    await expectMirrored(world);
    expect(await states(world)).toEqual([]);
  });

  it("when its select has two rows for a key, whether that row is there or not", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    await world.query("create table app.labels (company uuid, label text)");
    await installMappings(world, {
      organizations: `-- key: host_id uuid
-- source: app.companies by id
-- source: app.labels by company
select c.id as host_id, coalesce(l.label, c.title) as name from app.companies c left join app.labels l on l.company = c.id`,
    });
    await world.query("insert into app.companies (title) values ('Once')");
    await reconcile(world);
    await world.query(
      "insert into app.labels (company, label) select c.id, l from app.companies c, unnest(array['One', 'Two']) l",
    );
    await reconcile(world);
    const stopped = [
      { table_name: "organizations", stopped_because: expect.stringContaining("two rows with the same key") },
    ];
    expect(await states(world)).toEqual(stopped);
    expect(await rowsOf(world, "select name as v from organizations where host_id is not null")).toEqual([
      "Once",
    ]);
    await world.query("delete from app.labels where label = 'Two'");
    await resumeMirror(world.db, "organizations", { actor: "test", acceptsRemovals: false });
    await reconcile(world);
    expect(await states(world)).toEqual([]);
    expect(await rowsOf(world, "select name as v from organizations where host_id is not null")).toEqual([
      "One",
    ]);
    // A row that is new, with two labels from the beginning.
    await world.query(`with added as (insert into app.companies (title) values ('New') returning id)
                       insert into app.labels select added.id, l from added, unnest(array['Three', 'Four']) l`);
    await reconcile(world);
    expect(await states(world)).toEqual(stopped);
  });

  it("when a table is dropped", async () => {
    const world = await createWorld();
    await mirrored(world);
    await scene(world);
    await reconcile(world);
    await world.query("drop table app.profiles");
    await world.query("update app.accounts set zone = 'Europe/Berlin'");
    await reconcile(world);
    expect(await states(world)).toEqual([
      { table_name: "users", stopped_because: expect.stringContaining("42P01") },
    ]);
    expect(await rowsOf(world, "select count(*)::int as v from users where email is not null")).toEqual([2]);
  });

  it("when most rows of a large mirror are gone, unless an operator accepts it", async () => {
    const world = await createWorld();
    await mirrored(world);
    await world.query("insert into app.rooms (subject) select 'R' || n from generate_series(1, 400) n");
    await reconcile(world);
    await world.query("delete from app.rooms where subject <> 'R7'");
    await reconcile(world);
    expect(await states(world)).toEqual([
      {
        table_name: "chat_threads",
        stopped_because: expect.stringContaining("the host no longer has 399 of 400 rows"),
      },
    ]);
    expect(await rowsOf(world, "select count(*)::int as v from chat_threads")).toEqual([400]);
    await resumeMirror(world.db, "chat_threads", { actor: "test", acceptsRemovals: true });
    await expectMirrored(world);
    expect(await rowsOf(world, "select count(*)::int as v from chat_threads")).toEqual([1]);
    expect(
      await rowsOf(world, "select accepts_removals as v from mirrors where table_name = 'chat_threads'"),
    ).toEqual([false]);
  });
});

describe("reconcilers", () => {
  it("work one at a time, and one that was killed leaves the recorded changes", async () => {
    const world = await createWorld();
    await mirrored(world);
    await scene(world);
    await inTransaction(world.db, async (tx) => {
      expect(await lockMirrors(tx)).toBe(true);
      expect(await applyNotes(world.db)).toEqual({ kind: "busy" });
    });
    const killed = inTransaction(world.db, async (tx) => {
      await lockMirrors(tx);
      await tx.execute(sql`delete from dirty`);
      const [backend] = await rows<{ pid: number }>(tx, sql`select pg_backend_pid() as pid`);
      await world.query("select pg_terminate_backend($1)", [backend?.pid]);
      await tx.execute(sql`select 1`);
    });
    await expect(killed).rejects.toThrow();
    await expectMirrored(world);
    expect(await rowsOf(world, "select count(*)::int as v from messages")).toEqual([1]);
  });
});
