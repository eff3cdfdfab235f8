import type pg from "pg";
import { describe, expect, it } from "vitest";
import type { ChangeCursor } from "../../../src/db/results/change-cursor.ts";
import { CHANGE_FEEDS } from "../../../src/db/results/change-feeds.ts";
import { readChangePage } from "../../../src/db/results/read-changes.ts";
import { RESULT_VIEWS } from "../../../src/db/results/views.ts";
import { inTransaction } from "../../../src/db/transaction.ts";
import { serveVersion } from "../../../src/db/versions.ts";
import { pruneHistory } from "../../../src/workers/maintenance/prune-history.ts";
import { copyOf, feedOf, viewRows } from "../../support/change-feeds.ts";
import { eventually } from "../../support/eventually.ts";
import { performRun } from "../../support/jobs.ts";
import { block, insertRow } from "../../support/platform.ts";
import { hostProject, pairLists, people } from "../../support/result-rows.ts";
import { createWorld, type World } from "../../support/world.ts";

/** Reads until the copy equals the view: transactions of other tests may hold back the newest changes. */
const converges = (world: World, table: string, copy: ReturnType<typeof copyOf>) =>
  eventually(async () => {
    await copy.read();
    expect(copy.rows).toEqual(await viewRows(world, table));
  });

const noted = async (world: World): Promise<unknown[]> =>
  (await world.query("select source, keys, former_ids from result_changes order by id")).map((row) => row);

/** A transaction that is committed by hand. */
async function open(world: World): Promise<pg.PoolClient> {
  const client = await world.db.pool.connect();
  await client.query("begin");
  return client;
}

async function commit(client: pg.PoolClient): Promise<void> {
  await client.query("commit");
  client.release();
}

describe("a change feed", () => {
  it("exists for every view of lists and computed rows", () => {
    const others = RESULT_VIEWS.map(({ name }) => name).filter((name) => !CHANGE_FEEDS.has(name));
    expect(others).toEqual([
      "volunteer_project_matches",
      "candidate_notifications",
      "notifications",
      "meeting_reminders_sent",
      "unread_thread_stale_log",
      "resume_nudge_log",
      "volunteer_profiles",
      "scicent_transactions",
      "referral_commissions",
      "feed_presorted",
      "media_thumbnails",
    ]);
  });

  it("begins with all rows, and goes on with the rows of keys that changed", async () => {
    const world = await createWorld();
    const [one, two] = await people(world, 2);
    await world.query("insert into searchable_users values ($1, true, 90, '{}', now())", [one]);
    const copy = copyOf(world, "searchable_users");
    await converges(world, "searchable_users", copy);
    expect([...copy.rows.keys()]).toEqual(["u-1"]);
    await world.query("insert into searchable_users values ($1, true, 80, '{}', now())", [two]);
    await world.query("delete from searchable_users where user_id = $1", [one]);
    await converges(world, "searchable_users", copy);
    expect([...copy.rows.keys()]).toEqual(["u-2"]);
    expect(copy.pages.filter(({ snapshot }) => snapshot !== null)).toHaveLength(1);
  });

  it("misses no transaction that commits late, though later ones were read", async () => {
    const world = await createWorld();
    const [one, two] = await people(world, 2);
    const copy = copyOf(world, "searchable_users");
    await converges(world, "searchable_users", copy);
    const late = await open(world);
    await late.query("insert into searchable_users values ($1, true, 90, '{}', now())", [one]);
    await world.query("insert into searchable_users values ($1, true, 80, '{}', now())", [two]);
    for (let n = 0; n < 3; n++) await copy.read();
    await commit(late);
    await converges(world, "searchable_users", copy);
    expect([...copy.rows.keys()].sort()).toEqual(["u-1", "u-2"]);
  });

  it("begins after the transactions that were open when it was opened", async () => {
    const world = await createWorld();
    const [one] = await people(world, 1);
    const early = await open(world);
    await early.query("insert into searchable_users values ($1, true, 90, '{}', now())", [one]);
    const copy = copyOf(world, "searchable_users");
    await copy.read();
    expect(copy.pages).toMatchObject([{ changes: [], snapshot: null, more: false }]);
    await commit(early);
    await converges(world, "searchable_users", copy);
    expect([...copy.rows.keys()]).toEqual(["u-1"]);
  });

  it("contains the users whose pair lists somebody entered or left", async () => {
    const world = await createWorld();
    const ids = await people(world, 5);
    const version = await pairLists(world, ids, "served", 0.5);
    const copy = copyOf(world, "match_scores");
    await converges(world, "match_scores", copy);
    // The third is placed: first of the first one, and no longer on the lists of the others.
    await world.query(
      `insert into pair_entries (version, part, change, lists, candidates, scores, components)
       values ($1, 0, 1, '{0}', '{2}', '{0.75}', decode('ff00ff00ff00', 'hex')), ($1, -1, 1, '{2,6,8}', '{}', '{}', '')`,
      [version],
    );
    await world.query("update pair_people set changed = 1 where version = $1 and position = 2", [version]);
    await converges(world, "match_scores", copy);
    const listed = await world.query<{ user: string; candidate: string }>(
      `select user_id as user, candidate_id as candidate from match_scores where user_id = $1 or candidate_id = $2
       order by score desc, candidate_id`,
      [ids[0], ids[2]],
    );
    expect(listed).toEqual([2, 1, 3, 4].map((n) => ({ user: ids[0], candidate: ids[n] })));
  });

  it("contains a swap of all lists as one change, and none of lists that are not served", async () => {
    const world = await createWorld();
    const ids = await people(world, 20);
    await pairLists(world, ids, "served", 0.5);
    const copy = copyOf(world, "match_scores");
    await converges(world, "match_scores", copy);
    const next = await pairLists(world, ids.slice(0, 10), "building", 0.25);
    expect(await noted(world)).toEqual([]);
    await inTransaction(world.db, (tx) => serveVersion(tx, "pairs", next, world.clock.now()));
    expect(new Set((await noted(world)).map((row) => JSON.stringify(row)))).toEqual(
      new Set([JSON.stringify({ source: "pair_lists", keys: null, former_ids: null })]),
    );
    await converges(world, "match_scores", copy);
    expect(copy.rows.size).toBe(10);
    await world.query("delete from list_versions where state = 'retired'");
    expect(await noted(world)).toHaveLength(2);
  });

  it("has the lists of others when somebody is hidden, shown again, erased, or known by another id", async () => {
    const world = await createWorld();
    const ids = await people(world, 4);
    await pairLists(world, ids, "served", 0.5);
    const copy = copyOf(world, "match_scores");
    await converges(world, "match_scores", copy);
    for (const statement of [
      "update profiles set visible = false where user_id = $1",
      "update profiles set visible = true where user_id = $1",
      "update users set host_id = 'new' where id = $1",
      "update users set deactivated_at = now() where id = $1",
      "update users set deactivated_at = null where id = $1",
      "update users set erased_at = now(), host_id = null where id = $1",
    ]) {
      await world.query(statement, [ids[1]]);
      await converges(world, "match_scores", copy);
    }
    expect([...copy.rows.keys()].sort()).toEqual(["u-1", "u-3", "u-4"]);
    await block(world, ids[0]!, ids[2]!);
    await converges(world, "match_scores", copy);
    expect(copy.pages.filter(({ snapshot }) => snapshot !== null)).toHaveLength(1);
  });

  it("has the rows of posts, projects and files that were hidden, renamed or deleted", async () => {
    const world = await createWorld();
    const [one, two] = await people(world, 2);
    const posts = [];
    for (const n of [1, 2, 3])
      posts.push((await insertRow(world, "posts", { host_id: `p-${n}`, author_id: one })).id);
    await world.query("insert into post_features select unnest($1::bigint[]), '{}', 0.5, 'en', '1', now()", [
      posts,
    ]);
    const project = await hostProject(world, "h-1", two!);
    await world.query("insert into volunteers (user_id) values ($1)", [one]);
    await world.query(
      "insert into volunteer_initiative_matches values ($1, $2, 0.5, 0.5, 0.5, 0.25, null, '{}', 0, now())",
      [project, one],
    );
    const file = await insertRow(world, "media", { host_id: "m-1", owner_id: one, kind: "IMAGE" });
    const tables = ["post_features", "volunteer_initiative_matches", "media"];
    const copies = tables.map((table) => copyOf(world, table));
    const all = async () => {
      for (const [n, table] of tables.entries()) await converges(world, table, copies[n]!);
    };
    await all();
    expect(copies.map(({ rows }) => rows.size)).toEqual([3, 1, 1]);
    await world.query("update posts set hidden_at = now() where id = $1", [posts[0]]);
    await world.query("delete from posts where id = $1", [posts[1]]);
    await world.query("update projects set host_id = 'h-2' where id = $1", [project]);
    await world.query("update media set status = 'READY' where id = $1", [file.id]);
    await all();
    expect([...copies[0]!.rows.keys()]).toEqual(["p-3"]);
    expect([...copies[1]!.rows.keys()]).toEqual(["h-2"]);
    await world.query("update profiles set banned = true where user_id = $1", [one]);
    await world.query("update volunteers set skills_visible = false where user_id = $1", [one]);
    await world.query("delete from media where id = $1", [file.id]);
    await all();
    expect(copies.map(({ rows }) => rows.size)).toEqual([0, 0, 0]);
  });

  it("has at most 1,000 rows on a page, or those of one key", async () => {
    const world = await createWorld();
    const ids = await people(world, 60);
    await pairLists(world, ids, "served", 0.5);
    const copy = copyOf(world, "match_scores");
    await converges(world, "match_scores", copy);
    const rowsOf = (from: number) =>
      copy.pages.slice(from).map(({ changes }) => changes.reduce((sum, { rows }) => sum + rows.length, 0));
    expect(rowsOf(0).reduce((sum, count) => sum + count)).toBe(60 * 59);
    expect(Math.max(...rowsOf(0))).toBeLessThanOrEqual(1_000);
    const before = copy.pages.length;
    await world.query("update pair_lists set scored_at = now()");
    await converges(world, "match_scores", copy);
    expect(Math.max(...rowsOf(before))).toBeLessThanOrEqual(1_000);
    expect(copy.pages.length - before).toBeGreaterThanOrEqual(4);
    expect(copy.pages.filter(({ snapshot }) => snapshot?.begins)).toHaveLength(1);
  });

  it("records nothing before it is first read, and nothing once it is no longer read", async () => {
    const world = await createWorld();
    const ids = await people(world, 3);
    await pairLists(world, ids, "served", 0.5);
    await world.query("update profiles set visible = false");
    expect(await noted(world)).toEqual([]);
    await copyOf(world, "match_scores").read();
    await world.query("update profiles set visible = true");
    expect(await noted(world)).toHaveLength(3);
    await world.query(
      "update change_feeds set read_at = now() - interval '9 days'; update result_changes set at = now() - interval '9 days'",
    );
    await performRun(world, pruneHistory, {});
    expect(await noted(world)).toEqual([]);
    expect(await world.query("select 1 from change_feeds")).toEqual([]);
    await world.query("update profiles set visible = false");
    expect(await noted(world)).toEqual([]);
  });

  it("refuses cursors behind which changes may be missing", async () => {
    const world = await createWorld();
    const feed = feedOf("match_scores");
    const [{ xid }] = (await world.query<{ xid: string }>("select pg_current_xact_id()::text as xid")) as [
      { xid: string },
    ];
    const cursor = (ageMs: number, of = xid): ChangeCursor => ({
      kind: "changes",
      from: { xid: of, id: "0", at: Date.now() - ageMs },
    });
    const day = 86_400_000;
    expect(await readChangePage(world.db, feed, cursor(0))).toBeNull();
    await readChangePage(world.db, feed, null);
    expect(await readChangePage(world.db, feed, cursor(0))).not.toBeNull();
    expect(await readChangePage(world.db, feed, cursor(6.9 * day))).not.toBeNull();
    expect(await readChangePage(world.db, feed, cursor(7.1 * day))).toBeNull();
    expect(await readChangePage(world.db, feed, cursor(0, String(BigInt(xid) + 1_000_000_000n)))).toBeNull();
  });
});

describe("copies of change feeds", () => {
  /** A small generator of numbers. */
  const numbers = (seed: number) => () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };

  type Write = (client: pg.PoolClient, pick: (count: number) => number) => Promise<unknown>;

  it("equal the views after random writes of several connections that commit late, roll back, or deadlock", async () => {
    const world = await createWorld({ poolMax: 16 });
    const ids = await people(world, 12);
    const projects: string[] = [];
    for (const n of [1, 2, 3]) projects.push(await hostProject(world, `h-${n}`, ids[0]!));
    await world.query("insert into volunteers (user_id) select unnest($1::bigint[])", [ids]);
    const posts: string[] = [];
    for (let n = 0; n < 8; n++)
      posts.push((await insertRow(world, "posts", { host_id: `p-${n}`, author_id: ids[n] })).id);
    await pairLists(world, ids, "served", 0.5);
    const tables = ["match_scores", "volunteer_initiative_matches", "post_features"];
    const copies = tables.map((table) => copyOf(world, table));

    const writes: Write[] = [
      (client, pick) =>
        client.query(
          `update pair_lists l set scores = array_fill($2::real, array[cardinality(scores)]) from list_versions v
           where v.state = 'served' and v.id = l.version and l.user_id = $1 and (select true from list_versions s where s.id = v.id for share)`,
          [ids[pick(12)], pick(100) / 100],
        ),
      async (client, pick) => {
        await client.query("select pg_advisory_xact_lock(77)");
        const query = async (text: string, values?: unknown[]) => (await client.query(text, values)).rows;
        const next = await pairLists({ query } as never, ids.slice(pick(6)), "building", pick(100) / 100);
        await client.query(
          "update list_versions set state = 'retired' where area = 'pairs' and state = 'served'",
        );
        await client.query("update list_versions set state = 'served' where id = $1", [next]);
      },
      (client) => client.query("delete from list_versions where state = 'retired'"),
      (client, pick) =>
        client.query("update profiles set visible = not visible where user_id = $1", [ids[pick(12)]]),
      (client, pick) =>
        client.query("update profiles set banned = not banned where user_id = $1", [ids[pick(12)]]),
      (client, pick) =>
        client.query(
          "update users set deactivated_at = case when deactivated_at is null then now() end where id = $1",
          [ids[pick(12)]],
        ),
      (client, pick) =>
        client.query("update users set host_id = nullif('n-' || $2::int, 'n-0') where id = $1", [
          ids[pick(12)],
          pick(30),
        ]),
      (client, pick) =>
        client.query(
          "insert into user_blocks (blocker_id, blocked_id) values ($1, $2) on conflict do nothing",
          [ids[pick(12)], ids[pick(12)]],
        ),
      (client) => client.query("delete from user_blocks where id in (select min(id) from user_blocks)"),
      (client, pick) =>
        client.query(
          `insert into volunteer_initiative_matches values ($1, $2, $3, 0.5, 0.5, 0.25, null, '{}', 0, now())
           on conflict (project_id, volunteer_id) do update set match_score = excluded.match_score`,
          [projects[pick(3)], ids[pick(12)], pick(100) / 100],
        ),
      (client, pick) =>
        client.query("delete from volunteer_initiative_matches where volunteer_id = $1", [ids[pick(12)]]),
      (client, pick) =>
        client.query("update volunteers set skills_visible = not skills_visible where user_id = $1", [
          ids[pick(12)],
        ]),
      (client, pick) =>
        client.query("update projects set host_id = 'q-' || $2::int where id = $1", [
          projects[pick(3)],
          pick(30),
        ]),
      (client, pick) =>
        client.query(
          `insert into post_features select $1, '{}', $2, 'en', '1', now() where exists (select from posts where id = $1)
           on conflict (post_id) do update set quality = excluded.quality`,
          [posts[pick(8)], pick(100) / 100],
        ),
      (client, pick) =>
        client.query(
          "update posts set hidden_at = case when hidden_at is null then now() end where id = $1",
          [posts[pick(8)]],
        ),
      (client, pick) => client.query("delete from posts where id = $1", [posts[pick(8)]]),
      (client, pick) =>
        client.query(
          "insert into posts (id, host_id, author_id) values ($1, 'p-' || $2::int, $3) on conflict do nothing",
          [posts[pick(8)], pick(12), ids[pick(12)]],
        ),
    ];

    const failures = new Map<string, number>();
    const write = async (seed: number) => {
      const next = numbers(seed);
      const pick = (count: number) => Math.floor(next() * count);
      for (let n = 0; n < 40; n++) {
        const client = await world.db.pool.connect();
        await client.query("begin; set local deadlock_timeout = '10ms'");
        try {
          for (let k = 0; k <= pick(3); k++) await writes[pick(writes.length)]!(client, pick);
          // Others commit in between.
          for (let k = 0; k < pick(12); k++) await client.query("select 1");
          await client.query(pick(5) === 0 ? "rollback" : "commit");
        } catch (error) {
          const { code = "" } = error as { code?: string };
          failures.set(code, (failures.get(code) ?? 0) + 1);
          await client.query("rollback");
        } finally {
          client.release();
        }
      }
    };
    let writing = true;
    const readers = copies.map(async (copy) => {
      while (writing) await copy.read();
    });
    await Promise.all([11, 23, 37, 53].map(write));
    writing = false;
    await Promise.all(readers);
    // Deadlocks, two rows with one id of the host, a post that is gone: as in any database.
    expect([...failures.keys()].filter((code) => !["40P01", "23503", "23505"].includes(code))).toEqual([]);
    for (const [n, table] of tables.entries()) await converges(world, table, copies[n]!);
    expect(copies.map(({ pages }) => pages.length > 3)).toEqual([true, true, true]);
  });
});
