import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { applyNotes, resyncPart } from "../../src/connect/reconcile.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import {
  expectMirrored,
  hostConnection,
  hostPlatform,
  installMappings,
  MAPPINGS,
  mirrored,
  reconcile,
  roomOf,
} from "../support/host-platform.ts";
import { isLong, size } from "../support/sizes.ts";
import { createWorld, type World } from "../support/world.ts";

const count = async (world: World, table: string) =>
  (await world.query<{ n: number }>(`select count(*)::int as n from ${table}`))[0]?.n;

describe("a backfill while the host writes", () => {
  const messages = size(10_000, 100_000);

  it(`of ${messages} messages is equal, and makes no nudge due`, async () => {
    const world = await createWorld();
    await hostPlatform(world);
    const { room: thread, author } = await roomOf(world, 2);
    const host = await hostConnection(world);
    await host.query(
      "insert into app.posts (room, author, words, sent_at) select $1::uuid, $2::uuid, 'M' || n, now() - interval '1 year' from generate_series(1, $3::int) n",
      [thread, author, messages],
    );
    await installMappings(world);
    const change = () =>
      host.query(
        `with picked as (select id from app.posts tablesample system (1) limit 200)
         update app.posts p set words = p.words || '!' from picked where p.id = picked.id`,
      );
    const remove = () =>
      host.query(
        "delete from app.posts where id in (select id from app.posts tablesample system (1) limit 20)",
      );
    for (let idle = false; !idle; ) {
      await change();
      await remove();
      const results = [await applyNotes(world.db), await resyncPart(world.db)];
      idle = results.every(({ kind }) => kind === "idle") || (await resynced(world));
    }
    await expectMirrored(world);
    expect(await count(world, "messages")).toBeLessThan(messages);
    // Messages that were deleted have marks without a time.
    expect(await count(world, "unread_marks where at > '-infinity'")).toBe(0);
    expect(await count(world, "deliveries")).toBe(0);
  });

  it("treats messages written meanwhile as new", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    const { room: thread, author } = await roomOf(world, 2);
    const { messages, ...others } = MAPPINGS;
    await installMappings(world, others);
    await reconcile(world);
    const old =
      "insert into app.posts (room, author, words, sent_at) values ($1, $2, 'Old', now() - interval '1 year')";
    await world.query(old, [thread, author]);
    await installMappings(world, { messages: messages as string });
    // Noted before the resync reaches it.
    await world.query("update app.posts set words = 'Changed'");
    await applyUntilIdle(world);
    expect(await count(world, "messages")).toBe(1);
    expect(await count(world, "unread_marks")).toBe(0);
    await world.query("insert into app.posts (room, author, words) values ($1, $2, 'New')", [thread, author]);
    await applyUntilIdle(world);
    expect(await count(world, "messages")).toBe(2);
    expect(await count(world, "unread_marks")).toBe(1);
    await expectMirrored(world);
  });
});

const resynced = async (world: World): Promise<boolean> =>
  (await world.query("select 1 from mirrors where resync is not null")).length === 0;

/** Applies what is noted, and nothing of a resync. */
async function applyUntilIdle(world: World): Promise<void> {
  while ((await applyNotes(world.db)).kind !== "idle");
}

describe("the host", () => {
  it("waits for nobody: neither for its own crossing transactions nor for a job that holds mirrored rows", async () => {
    const world = await createWorld();
    await mirrored(world);
    await world.query("insert into app.companies (title) select 'C' || n from generate_series(1, 2) n");
    const { room: thread } = await roomOf(world, 2);
    await reconcile(world);
    const [one, two] = await Promise.all([hostConnection(world), hostConnection(world)]);
    for (const host of [one, two]) await host.query("set lock_timeout = '1s'; begin");
    await inTransaction(world.db, async (tx) => {
      await tx.execute(sql`select from organizations for update`);
      await tx.execute(sql`select from users for update`);
      await tx.execute(sql`select from chat_threads for update`);
      await one.query("update app.companies set title = 'One' where title = 'C1'");
      await two.query("update app.rooms set subject = 'Two' where id = $1", [thread]);
      await one.query("update app.accounts set zone = 'UTC' where mail like '1@%'");
      await two.query("update app.companies set title = 'Two' where title = 'C2'");
      await two.query("update app.accounts set zone = 'UTC' where mail like '2@%'");
      await one.query("insert into app.rooms (subject) values ('One')");
      for (const host of [one, two]) await host.query("commit");
    });
    await expectMirrored(world);
    expect(await world.query("select name from organizations where host_id is not null order by 1")).toEqual([
      { name: "One" },
      { name: "Two" },
    ]);
  });

  it("may truncate with cascade, delete parents by cascade, and change types between two writes of a session", async () => {
    const world = await createWorld();
    await mirrored(world);
    const { room: thread, author } = await roomOf(world, 2);
    const host = await hostConnection(world);
    const post = "insert into app.posts (room, author, words) values ($1, $2, 'Hello')";
    await host.query(post, [thread, author]);
    await expectMirrored(world);
    await host.query("alter table app.posts alter column words type varchar(200)");
    await host.query(post, [thread, author]);
    await expectMirrored(world);
    expect(await count(world, "messages")).toBe(2);
    await host.query("delete from app.rooms");
    await expectMirrored(world);
    expect(await count(world, "messages")).toBe(0);
    const again = await roomOf(world, 2);
    await host.query(post, [again.room, again.author]);
    await expectMirrored(world);
    expect(await count(world, "messages")).toBe(1);
    await host.query("truncate app.rooms cascade");
    await expectMirrored(world);
    expect(await count(world, "messages")).toBe(0);
    expect(await count(world, "chat_thread_participants")).toBe(0);
  });

  const companies = size(20_000, 1_000_000);

  it(`may change ${companies} rows in a session that changed single ones before`, async () => {
    const world = await createWorld();
    await mirrored(world);
    await world.query("insert into app.companies (title) select 'C' || n from generate_series(1, $1) n", [
      companies,
    ]);
    await world.query("delete from dirty");
    const host = await hostConnection(world);
    // The plan of a function's statement is kept after some executions. One that joins the transition tables
    // would be that for one row, and run for hours.
    for (let n = 1; n <= 12; n++)
      await host.query("update app.companies set title = 'S' where title = $1", [`C${n}`]);
    await host.query("update app.companies set title = title || '!'");
    const noted = await world.query(
      "select jsonb_array_length(keys) as keys, count(*)::int as notes from dirty where mirror = 'organizations' group by 1 order by 1",
    );
    expect(noted).toEqual([
      { keys: 1, notes: 12 },
      { keys: 1_000, notes: companies / 1_000 },
    ]);
    if (!isLong) return;
    await reconcile(world);
    expect(
      await world.query(
        "select count(*)::int as rows, count(*) filter (where name like '%!')::int as changed from organizations where host_id is not null",
      ),
    ).toEqual([{ rows: companies, changed: companies }]);
  }, 600_000);
});
