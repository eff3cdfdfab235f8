import { describe, expect, it } from "vitest";
import { applyNoted } from "../../src/connect/mirroring.ts";
import { compareMirrors } from "../../src/connect/verify.ts";
import { cli, environmentOf } from "../support/cli.ts";
import { referralCode } from "../support/factories.ts";
import { hostPlatform, installMappings, MAPPINGS, mirrored, reconcile } from "../support/host-platform.ts";
import { createWorld, type World } from "../support/world.ts";

const verify = (world: World, repair = false) =>
  compareMirrors(world.db, { repair, actor: "test", catchUp: () => applyNoted(world.db) });

async function scene() {
  const world = await createWorld();
  await mirrored(world);
  await world.query("insert into app.companies (title) select 'C' || n from generate_series(1, 30) n");
  await world.query("insert into app.accounts (mail) select 'm' || n from generate_series(1, 20) n");
  await reconcile(world);
  return world;
}

it("a verification finds changes that no trigger recorded, and repairs them", async () => {
  const world = await scene();
  expect(await verify(world)).toEqual(
    expect.arrayContaining([
      { mirror: "organizations", rows: 30, differing: [], count: 0 },
      { mirror: "users", rows: 20, differing: [], count: 0 },
    ]),
  );
  await world.query(`
    alter table app.companies disable trigger user;
    alter table app.accounts disable trigger user;
    update app.companies set title = 'Changed' where title = 'C7';
    insert into app.companies (title) values ('New');
    update app.accounts set deleted_at = now() where mail = 'm3';
    alter table app.companies enable trigger user;
    alter table app.accounts enable trigger user`);
  const found = await verify(world, true);
  expect(found.filter(({ count }) => count > 0).map(({ mirror, count }) => [mirror, count])).toEqual(
    expect.arrayContaining([
      ["organizations", 2],
      ["users", 1],
    ]),
  );
  await reconcile(world);
  expect((await verify(world)).every(({ count }) => count === 0)).toBe(true);
  expect(
    await world.query("select name from organizations where name in ('Changed', 'New') order by 1"),
  ).toEqual([{ name: "Changed" }, { name: "New" }]);
  expect(
    await world.query(
      "select action, details from audit_log where action = 'mirror.repair' order by subject",
    ),
  ).toEqual([
    { action: "mirror.repair", details: { rows: 2 } },
    { action: "mirror.repair", details: { rows: 1 } },
  ]);
});

it("a change that is not applied yet is not a difference", async () => {
  const world = await scene();
  await world.query("update app.companies set title = 'Soon' where title = 'C7'");
  expect((await verify(world)).every(({ count }) => count === 0)).toBe(true);
});

it("commonwork connect verify lists what differs, with exit code 1", async () => {
  const world = await scene();
  const run = (...argv: string[]) => cli(environmentOf(world), "connect", "verify", ...argv);
  expect(await run("organizations")).toMatchObject({
    code: 0,
    out: expect.stringMatching(/organizations +30 +0/),
  });
  await world.query("update organizations set name = 'Ours' where name = 'C7'");
  const wrong = await run("--json");
  expect(wrong.code).toBe(1);
  expect(JSON.parse(wrong.out)).toEqual(
    expect.arrayContaining([expect.objectContaining({ mirror: "organizations", count: 1 })]),
  );
});

describe("nothing differs although Commonwork writes beside the host", () => {
  const expectEqual = async (world: World) => {
    await reconcile(world);
    for (const verified of await verify(world)) expect(verified).toMatchObject({ differing: [], count: 0 });
  };

  /** Topics of the host, mirrored with the time of their change or without. */
  async function topics(updatedAt: string) {
    const world = await createWorld();
    await hostPlatform(world);
    await world.query(
      "create table app.topics (id serial primary key, code text, title text, changed_at timestamptz not null default '2020-01-01Z')",
    );
    await installMappings(world, {
      interest_subjects: `-- key: host_id integer
-- source: app.topics by id
select t.id as host_id, t.code as key, t.title as label${updatedAt} from app.topics t`,
    });
    await world.query("insert into app.topics (code, title) values ('a', 'Arts'), ('b', 'Books')");
    await expectEqual(world);
    return world;
  }
  const years = async (world: World) =>
    (
      await world.query<{ year: number }>(
        "select extract(year from updated_at)::int as year from interest_subjects order by host_id",
      )
    ).map(({ year }) => year);

  it("the time of a change, which the host did not set", async () => {
    const world = await topics(", t.changed_at as updated_at");
    // As an update by hand does, beside an ORM that keeps the time.
    await world.query("update app.topics set title = 'Art' where code = 'a'");
    await expectEqual(world);
    expect(await years(world)).toEqual([2020, 2020]);
    await world.query("update app.topics set changed_at = '2021-01-01Z' where code = 'a'");
    await expectEqual(world);
    expect(await years(world)).toEqual([2021, 2020]);
    expect(await world.query("select label from interest_subjects where key = 'a'")).toEqual([
      { label: "Art" },
    ]);
  });

  it("the time of a change, which the mapping leaves to us", async () => {
    const world = await topics("");
    await world.query("update interest_subjects set updated_at = '2020-01-01Z'");
    await world.query("update app.topics set title = 'Art' where code = 'a'");
    await expectEqual(world);
    const [changed, same] = await years(world);
    expect(changed).toBeGreaterThan(2020);
    expect(same).toBe(2020);
  });

  it("a time that a mapping could give when it was installed, and no longer can", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    const users = MAPPINGS["users"] as string;
    const posts = `-- key: host_id uuid
-- source: app.posts by id
select p.id as host_id, p.author as author_id, p.words as body, '2020-01-01Z'::timestamptz as updated_at from app.posts p`;
    await installMappings(world, { users, posts: posts.replace(/, '2020.*updated_at/, "") });
    await world.query(
      `update mirrors set plan = jsonb_set(jsonb_set(plan, '{select}', to_jsonb($1::text)), '{columns}',
         plan -> 'columns' || '[{"name": "updated_at", "type": "timestamp with time zone", "references": null}]') where table_name = 'posts'`,
      [posts.split("\n").at(-1)],
    );
    await world.query(
      `with account as (insert into app.accounts (mail) values ('ada@host.test') returning id),
            room as (insert into app.rooms (subject) values ('Plans') returning id)
       insert into app.posts (room, author, words) select room.id, account.id, 'Hello' from account, room`,
    );
    await expectEqual(world);
    await world.query("update app.posts set words = 'Hi'");
    await expectEqual(world);
    expect(
      await world.query(
        "select body, updated_at > '2020-01-02' as ours from posts where host_id is not null",
      ),
    ).toEqual([{ body: "Hi", ours: true }]);
  });

  it("since when a profile is referred, which the host does not know", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    await world.query(
      "create table app.members (id serial primary key, account uuid, company uuid, inviter int, code text)",
    );
    await installMappings(world, {
      users: MAPPINGS["users"] as string,
      organizations: MAPPINGS["organizations"] as string,
      volunteer_profiles: `-- key: host_id integer
-- source: app.members by id
select m.id as host_id, m.account as user_id, m.company as organization_id, m.inviter as referrer_id, m.code as referral_code,
       null::timestamptz as referred_at from app.members m`,
    });
    await world.query(
      `with people as (insert into app.accounts (mail) values ('ada'), ('ben') returning id, mail),
            company as (insert into app.companies (title) values ('Helpers') returning id)
       insert into app.members (account, company, inviter, code)
       select people.id, company.id, case mail when 'ben' then 1 end, case mail when 'ada' then '${referralCode(1)}' else '${referralCode(2)}' end
       from people, company order by mail`,
    );
    await expectEqual(world);
    const since = "select referred_at from volunteer_profiles where referrer_id is not null";
    const [before] = await world.query(since);
    expect(before).toEqual({ referred_at: expect.any(Date) });
    await world.query("update app.members set code = code");
    await expectEqual(world);
    expect(await world.query(since)).toEqual([before]);
  });

  it("what a check has read of a file", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    await world.query(
      "create table app.files (id serial primary key, owner uuid, path text, state text not null default 'UPLOADED', width int, shown bool not null default false)",
    );
    await installMappings(world, {
      users: MAPPINGS["users"] as string,
      media: `-- key: host_id integer
-- source: app.files by id
select f.id as host_id, f.owner as owner_id, 'IMAGE' as kind, f.state as status, f.path as storage_key, f.width,
       case when f.shown then 'PUBLIC' else 'PRIVATE' end as visibility from app.files f`,
    });
    await world.query(
      `with ada as (insert into app.accounts (mail) values ('ada') returning id)
       insert into app.files (owner, path, width) select id, 'a.png', 1 from ada`,
    );
    await expectEqual(world);
    // As the check of media records it.
    await world.query("update media set status = 'READY', checked_at = now(), width = 800");
    await expectEqual(world);
    const media = async () => world.query("select status, width, visibility from media");
    await world.query("update app.files set shown = true, width = 2");
    await expectEqual(world);
    expect(await media()).toEqual([{ status: "READY", width: 800, visibility: "PUBLIC" }]);
    await world.query("update app.files set state = 'REJECTED'");
    await expectEqual(world);
    expect(await media()).toEqual([{ status: "REJECTED", width: 800, visibility: "PUBLIC" }]);
    await world.query("update app.files set path = 'b.png', state = 'UPLOADED', width = null");
    await expectEqual(world);
    expect(await media()).toEqual([{ status: "UPLOADED", width: null, visibility: "PUBLIC" }]);
  });

  it("a file that is replaced waits for a check, whatever the host's status goes on saying", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    await world.query(
      "create table app.files (id serial primary key, owner uuid, path text, state text not null default 'UPLOADED', width int, shown bool not null default false)",
    );
    await installMappings(world, {
      users: MAPPINGS["users"] as string,
      media: `-- key: host_id integer
-- source: app.files by id
select f.id as host_id, f.owner as owner_id, 'IMAGE' as kind, f.state as status, f.path as storage_key, f.width,
       case when f.shown then 'PUBLIC' else 'PRIVATE' end as visibility from app.files f`,
    });
    await world.query(
      `with ada as (insert into app.accounts (mail) values ('ada') returning id)
       insert into app.files (owner, path) select id, 'a.png' from ada`,
    );
    await expectEqual(world);
    const media = async () => world.query("select status, width, mime_type, details from media");
    await world.query(
      `update media set status = 'READY', checked_at = now(), width = 800, mime_type = 'image/png', details = '{"container": "png"}'`,
    );
    await world.query("update app.files set state = 'READY', width = 800");
    await expectEqual(world);
    await world.query("update app.files set path = 'b.png'");
    await expectEqual(world);
    const waits = [{ status: "UPLOADED", width: null, mime_type: null, details: {} }];
    expect(await media()).toEqual(waits);
    await world.query("update app.files set shown = true");
    await expectEqual(world);
    expect(await media()).toEqual(waits);
    await world.query("update media set status = 'READY', checked_at = now(), width = 9");
    await expectEqual(world);
    expect(await media()).toMatchObject([{ status: "READY", width: 9 }]);
    await world.query("update app.files set path = 'c.png', state = 'DELETED'");
    await expectEqual(world);
    // The width is the host's, which differs from what was found of the file before.
    expect(await media()).toMatchObject([{ status: "DELETED", width: 800, mime_type: null }]);
  });
});
