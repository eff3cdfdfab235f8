import { describe, expect, it } from "vitest";
import { inTransaction } from "../../../src/db/transaction.ts";
import { explain } from "../../../src/explain/index.ts";
import { MAX_SEEN } from "../../../src/feeds/seen.ts";
import { DEFAULT_SEGMENTS, swapFeeds } from "../../../src/feeds/stored-feeds.ts";
import { feedPresort } from "../../../src/workers/feeds/feed-presort.ts";
import {
  engagement,
  feedPostIds,
  follow,
  hoursAgo,
  member,
  members,
  post,
  record,
  storedFeed,
} from "../../support/feeds.ts";
import { performRanged } from "../../support/jobs.ts";
import { INSTANTS } from "../../support/odd-people.ts";
import { block } from "../../support/platform.ts";
import { recordStatements, rowsRead } from "../../support/statements.ts";
import { JWT_SECRET, userToken } from "../../support/user-token.ts";
import { createWorld, type World } from "../../support/world.ts";
import { serve } from "../support.ts";

type Item = { kind: string; id: string; body?: string; author?: { id: string; name: string } };
type Body = { items: Item[]; cursor: string | null; error?: { code: string } } & Record<string, unknown>;

async function open() {
  const world = await createWorld({ environment: { AUTH_JWT_SECRET: JWT_SECRET } });
  const address = await serve(world);
  const call = async (method: string, path: string, userId: string, body?: unknown) => {
    const response = await fetch(`${address}/api/v1${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${await userToken(userId, world.clock.now())}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Body };
  };
  const [ada, bob] = (await members(world, 2)) as [string, string];
  await follow(world, ada, bob);
  return {
    world,
    ada,
    bob,
    get: (path: string, userId = ada) => call("GET", path, userId),
    send: (path: string, body: unknown, userId = ada) => call("POST", path, userId, body),
  };
}

const idsOf = ({ items }: Body) => items.map(({ id }) => id);

/** Posts of one author each, all followed by a user: the first is the newest. */
async function posts(world: World, viewerId: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 1; n <= count; n++) {
    const author = await member(world);
    await follow(world, viewerId, author);
    ids.push(await post(world, author, { created_at: hoursAgo(world, n) }));
  }
  return ids;
}

/** All pages of a session, from the first. */
async function pages(get: (path: string) => Promise<{ body: Body }>): Promise<string[]> {
  const ids: string[] = [];
  for (let path = "/feed?segment=0"; ; ) {
    const { body } = await get(path);
    ids.push(...idsOf(body));
    if (body.cursor === null) return ids;
    path = `/feed?cursor=${body.cursor}`;
  }
}

describe("GET /feed", () => {
  it("shows the posts that their host has dated infinity, or before Christ, since the feed was computed", async () => {
    const { world, ada, get } = await open();
    const ids = await posts(world, ada, 5);
    expect(idsOf((await get("/feed")).body)).toEqual(ids);
    for (const [index, at] of INSTANTS.entries())
      await world.query("update posts set created_at = $2 where id = $1", [ids[index], at]);
    const { status, body } = await get("/feed");
    expect(status).toBe(200);
    expect(idsOf(body)).toContain(ids.at(-1));
  });

  it("shows a feed that was never computed, with the texts as they are now", async () => {
    const { world, bob, get } = await open();
    await world.query("update users set host_id = 'user-bob', name = 'Bob' where id = $1", [bob]);
    await post(world, bob, { host_id: "post-1", body: "Hello" });
    const { status, body } = await get("/feed");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      items: [
        {
          kind: "post",
          id: "post-1",
          author: { id: "user-bob", name: "Bob" },
          body: "Hello",
          content_type: "text",
        },
      ],
      cursor: null,
      computed_at: world.clock.now().toISOString(),
    });
    await world.query("update posts set body = 'Hello again'");
    expect((await get("/feed")).body.items[0]!.body).toBe("Hello again");
    expect(await world.query("select 1 from feed_presorted")).toHaveLength(1);
  });

  it("pages through three segments of 20, each item once", async () => {
    const { world, ada, get } = await open();
    const ids = await posts(world, ada, 50);
    await world.query("insert into quiz_options (question_id) values ('q1'), ('q1'), ('q2')");
    const first = await get("/feed?segment=0");
    expect(first.body.items).toHaveLength(20);
    expect(first.body.items[19]).toEqual({ kind: "question", id: "q1" });
    const shown = await pages(get);
    expect(shown.filter((id) => ids.includes(id))).toEqual(ids);
    expect(shown).toHaveLength(52);
  });

  it("shows two devices nothing twice, while new posts arrive and feeds are computed again", async () => {
    const { world, ada, bob, get } = await open();
    const ids = await posts(world, ada, 45);
    const starts = [await get("/feed"), await get("/feed")];
    const shown = starts.map(({ body }) => idsOf(body));
    let cursors = starts.map(({ body }) => body.cursor);
    for (let n = 1; n <= 3; n++) {
      world.at(new Date(world.clock.now().getTime() + 60_000).toISOString());
      await post(world, bob, { created_at: hoursAgo(world, 0.01), updated_at: world.clock.now() });
      await performRanged(world, feedPresort, {
        userId: ada,
        batchSize: 100,
        ...DEFAULT_SEGMENTS,
        incremental: n % 2 === 0,
      });
      for (const [device, cursor] of cursors.entries()) {
        if (cursor === null) continue;
        const { body } = await get(`/feed?cursor=${cursor}`);
        shown[device]!.push(...idsOf(body));
        await seenBy(world, ada, idsOf(body));
        cursors = cursors.with(device, body.cursor);
      }
    }
    for (const each of shown) expect(each).toEqual(ids);
  });

  it("ends a session half an hour after its version was replaced", async () => {
    const { world, ada, get } = await open();
    await posts(world, ada, 25);
    const { body } = await get("/feed");
    await performRanged(world, feedPresort, {
      userId: ada,
      batchSize: 100,
      ...DEFAULT_SEGMENTS,
      incremental: false,
    });
    world.at(new Date(world.clock.now().getTime() + 29 * 60_000).toISOString());
    expect((await get(`/feed?cursor=${body.cursor}`)).status).toBe(200);
    world.at(new Date(world.clock.now().getTime() + 60_000).toISOString());
    expect(await get(`/feed?cursor=${body.cursor}`)).toMatchObject({
      status: 410,
      body: { error: { code: "session-over" } },
    });
  });

  it("does not show items that were blocked, hidden, deleted or made private since; the next ones take their places", async () => {
    const { world, ada, get } = await open();
    const ids = await posts(world, ada, 30);
    const authors = await world.query<{ author_id: string }>("select author_id from posts order by id");
    await get("/feed");
    await block(world, authors[0]!.author_id, ada);
    await block(world, ada, authors[1]!.author_id);
    await world.query("update posts set hidden_at = now() where id = $1", [ids[2]]);
    await world.query("update posts set deleted_at = now() where id = $1", [ids[3]]);
    await world.query("update posts set visibility = 'private' where id = $1", [ids[4]]);
    await world.query("delete from profile_access where owner_id = $1", [authors[4]!.author_id]);
    await world.query("update users set deactivated_at = now() where id = $1", [authors[5]!.author_id]);
    await world.query("insert into profiles (user_id, deleted_at) values ($1, now())", [
      authors[6]!.author_id,
    ]);
    await world.query("delete from posts where id = $1", [ids[7]]);
    const { body } = await get("/feed");
    expect(idsOf(body)).toEqual(ids.slice(8, 28));
  });

  it("shows posts of people who are hidden from others to those who follow them alone", async () => {
    const { world, ada, bob, get } = await open();
    const follower = await member(world);
    await follow(world, follower, ada);
    const [followed, hidden] = [await post(world, bob), await post(world, follower)];
    const listed = async () => idsOf((await get("/feed")).body).toSorted();
    expect(await listed()).toEqual([followed, hidden].toSorted());
    await world.query("insert into profiles (user_id, visible) select unnest($1::bigint[]), false", [
      [bob, follower],
    ]);
    expect(await listed()).toEqual([followed]);
    await performRanged(world, feedPresort, feedPresort.payload.parse({ userId: ada }));
    expect(await listed()).toEqual([followed]);
    expect(await feedPostIds(world, ada)).toEqual([followed]);
    expect(
      await world.query("select may_read($1, $2) as followed, may_read($1, $3) as hidden", [
        ada,
        followed,
        hidden,
      ]),
    ).toEqual([{ followed: true, hidden: false }]);
  });

  it("shows neither posts nor people that the user has hidden, until they are taken back", async () => {
    const { world, ada, get } = await open();
    const ids = await posts(world, ada, 4);
    const [author] = await world.query<{ author_id: string }>("select author_id from posts where id = $1", [
      ids[1],
    ]);
    const met = await member(world);
    await world.query("insert into profiles (user_id) values ($1)", [met]);
    await performRanged(world, feedPresort, feedPresort.payload.parse({ userId: ada }));
    const { feed } = await storedFeed(world, ada);
    await inTransaction(world.db, (tx) =>
      swapFeeds(
        tx,
        [{ userId: ada, feed: { ...feed, suggestions: [Number(met)] } }],
        DEFAULT_SEGMENTS,
        world.clock.now(),
      ),
    );
    expect(idsOf((await get("/feed")).body)).toEqual([...ids, met]);
    const hides = [
      engagement(world, ada, ids[0]!, { kind: "hide" }),
      engagement(world, ada, author!.author_id, { kind: "hide", target_kind: "user" }),
      engagement(world, ada, met, { kind: "hide", target_kind: "user" }),
    ];
    await record(world, hides);
    expect(idsOf((await get("/feed")).body)).toEqual(ids.slice(2));
    const inView = `select kind, item_id from ${world.config.resultsSchema}.feed_presorted where user_id = $1 order by position`;
    expect((await world.query(inView, [ada])).map(({ item_id }) => item_id)).toEqual(ids.slice(2));
    await record(
      world,
      hides.map((hide) => ({ ...hide, taken_back_at: world.clock.now().toISOString() })),
    );
    expect(idsOf((await get("/feed")).body)).toEqual([...ids, met]);
  });

  it("suggests only users whom the user may see by now", async () => {
    const { world, ada, get } = await open();
    const found = (await members(world, 8)) as string[];
    const [shown, invisible, banned, deleted, blocking, blocked, locked] = found;
    await world.query("insert into profiles (user_id) select unnest($1::bigint[])", [found.slice(0, 7)]);
    const feed = { posts: [], suggestions: found.map(Number), questions: [] };
    await inTransaction(world.db, (tx) =>
      swapFeeds(tx, [{ userId: ada, feed }], DEFAULT_SEGMENTS, world.clock.now()),
    );
    expect(idsOf((await get("/feed")).body)).toEqual(found.slice(0, 7));
    await world.query("update profiles set visible = false where user_id = $1", [invisible]);
    await world.query("update profiles set banned = true where user_id = $1", [banned]);
    await world.query("update profiles set deleted_at = now() where user_id = $1", [deleted]);
    await block(world, blocking!, ada);
    await block(world, ada, blocked!);
    await world.query("update users set deactivated_at = now() where id = $1", [locked]);
    expect(idsOf((await get("/feed")).body)).toEqual([shown]);
  });

  it("belongs to the user: the cursor of another one leads nowhere", async () => {
    const { world, ada, bob, get } = await open();
    await posts(world, ada, 25);
    const { body } = await get("/feed");
    expect((await get(`/feed?cursor=${body.cursor}`, bob)).status).toBe(410);
    for (const wrong of ["x", "1.2.3", `${"9".repeat(19)}.1.1.1.AA`])
      expect(await get(`/feed?cursor=${wrong}`)).toMatchObject({
        status: 422,
        body: { error: { code: "bad-cursor" } },
      });
    for (const wrong of ["segment=1", "segment=0&cursor=1.2.3.4.AA"])
      expect((await get(`/feed?${wrong}`)).status).toBe(422);
  });
});

const seenBy = (world: World, userId: string, ids: readonly string[]) =>
  world.query(
    "insert into feed_seen (user_id, kind, item_id, seen_at) select $1, 'post', unnest($2::bigint[]), $3 on conflict do nothing",
    [userId, ids, world.clock.now()],
  );

describe("POST /feed/seen", () => {
  it("items seen in the last 24 hours rank lower in the next session", async () => {
    const { world, ada, get, send } = await open();
    const [first, second, third] = (await posts(world, ada, 3)) as [string, string, string];
    expect(idsOf((await get("/feed")).body)).toEqual([first, second, third]);
    const seen = {
      items: [
        { kind: "post", id: first },
        { kind: "post", id: first },
      ],
    };
    expect((await send("/feed/seen", seen)).body).toEqual({ seen: 1 });
    expect((await send("/feed/seen", seen)).status).toBe(200);
    expect(await world.query("select kind, item_id from feed_seen")).toEqual([
      { kind: "post", item_id: first },
    ]);
    expect(idsOf((await get("/feed")).body)).toEqual([second, third, first]);
    world.at(new Date(world.clock.now().getTime() + 24 * 3_600_000).toISOString());
    expect(idsOf((await get("/feed")).body)).toEqual([first, second, third]);
  });

  it("takes the host's ids of posts, people and questions, and ignores unknown ones", async () => {
    const { world, bob, send } = await open();
    await world.query("update users set host_id = 'bob' where id = $1", [bob]);
    await post(world, bob, { host_id: "post-1" });
    await world.query("insert into quiz_options (question_id) values ('q1'), ('q1')");
    const { body } = await send("/feed/seen", {
      items: [
        { kind: "post", id: "post-1" },
        { kind: "suggestion", id: "bob" },
        { kind: "question", id: "q1" },
        { kind: "question", id: "q\u0000" },
        { kind: "post", id: "post-2" },
      ],
    });
    expect(body).toEqual({ seen: 3 });
  });

  it("does not let a user make each of their requests read all that they ever reported", async () => {
    const { world, ada, get } = await open();
    const ids = await posts(world, ada, 3);
    await get("/feed");
    await world.query(
      "insert into feed_seen (user_id, kind, item_id, seen_at) select $1, 'post', n, $2 from generate_series(1, 5000) n",
      [ada, world.clock.now()],
    );
    const pages: string[][] = [];
    const statements = await recordStatements(world, async () =>
      pages.push(idsOf((await get("/feed")).body)),
    );
    expect(pages).toEqual([ids]);
    const reading = statements.filter(({ text }) => text.includes("feed_seen"));
    expect(reading).toHaveLength(1);
    expect(await rowsRead(world, reading[0]!, "feed_seen")).toBe(3);
  });

  it("keeps a bounded number of reports of a user", async () => {
    const { world, ada, bob, send } = await open();
    await world.query(
      "insert into feed_seen (user_id, kind, item_id, seen_at) select $1, 'question', n, $2 from generate_series(1, $3) n",
      [ada, world.clock.now(), MAX_SEEN - 1],
    );
    const report = async (userId: string) =>
      send("/feed/seen", { items: [{ kind: "post", id: await post(world, bob) }] }, userId);
    for (const userId of [ada, ada, bob]) expect((await report(userId)).status).toBe(200);
    expect(
      await world.query("select user_id, count(*)::int as n from feed_seen group by 1 order by 1"),
    ).toEqual([
      { user_id: ada, n: MAX_SEEN },
      { user_id: bob, n: 1 },
    ]);
  });

  it("refuses more than 100 items and other kinds", async () => {
    const { send } = await open();
    const item = { kind: "post", id: "1" };
    expect((await send("/feed/seen", { items: Array(101).fill(item) })).status).toBe(422);
    expect((await send("/feed/seen", { items: [{ ...item, kind: "advert" }] })).status).toBe(422);
    expect((await send("/feed/seen", { items: [] })).body).toEqual({ seen: 0 });
  });
});

describe("explain feed", () => {
  it("shows the terms of a post's score and its rank", async () => {
    const { world, ada, get, send } = await open();
    const ids = await posts(world, ada, 3);
    await get("/feed");
    await send("/feed/seen", { items: [{ kind: "post", id: ids[1] }] });
    const found = await explain(world.db.drizzle, "feed", `${ada}:${ids[1]}`);
    const text = found!.steps.map(({ what, how }) => `${what}: ${how}`).join("\n");
    expect(found).toMatchObject({ agrees: true, ownerUserId: ada });
    expect(text).toMatch(/recency: min\(1, 1 \/ ln\(2 \+ hours\)\) = 0\.7\d+/);
    expect(text).toMatch(/affinity: .* = 0\n/);
    expect(text).toMatch(/quality: .* = 0\n/);
    expect(text).toContain("diversity: 0 newer posts of its author: x 1");
    expect(text).toContain("seen: in the last 24 hours: -0.2");
    expect(text).toMatch(/score: 1 x \(0\.6 x 0\.7\d+ \+ 0\.3 x 0 \+ 0\.1 x 0\) - 0\.2 = 0\.2\d+/);
    expect(text).toContain("rank: 3 of 3");
  });

  it("says why a post has no rank, and is shown to nobody else", async () => {
    const { world, ada, bob, get } = await open();
    const id = await post(world, await member(world));
    expect((await explain(world.db.drizzle, "feed", `${ada}:${id}`))!.steps[0]!.how).toContain(
      "has not been computed",
    );
    await get("/feed");
    expect((await explain(world.db.drizzle, "feed", `${ada}:${id}`))!.steps[0]!.how).toContain("not related");
    expect((await get(`/explain/feed/${ada}:${id}`)).status).toBe(200);
    expect((await get(`/explain/feed/${ada}:${id}`, bob)).status).toBe(404);
    expect(await explain(world.db.drizzle, "feed", `${ada}:99999`)).toBeUndefined();
  });
});

describe("GET /trending", () => {
  it("shows public posts that people engage with, best first, but none of people blocked", async () => {
    const { world, ada, bob, get } = await open();
    const crowd = await members(world, 6);
    const eve = await member(world);
    const like = (userIds: readonly string[], postId: string, kind = "like") =>
      record(
        world,
        userIds.map((userId) => engagement(world, userId, postId, { kind })),
      );
    const [liked, shared, few, hidden] = [
      await post(world, bob),
      await post(world, eve),
      await post(world, bob),
      await post(world, bob),
    ];
    await like(crowd, liked);
    await like(crowd, shared, "share");
    await like(crowd.slice(0, 4), few);
    await like(crowd, hidden);
    await world.query("update posts set hidden_at = now() where id = $1", [hidden]);
    const list = async () => (await get("/trending")).body as unknown as { posts: Record<string, unknown>[] };
    const { posts: found } = await list();
    expect(found.map(({ id }) => id)).toEqual([shared, liked]);
    expect(found[0]).toMatchObject({
      shares: 6,
      likes: 0,
      author: { id: eve },
      score: expect.closeTo(18 * 2 ** (-0.5 / 12), 2),
    });
    const hide = engagement(world, ada, shared, { kind: "hide" });
    await record(world, [hide]);
    expect((await list()).posts.map(({ id }) => id)).toEqual([liked]);
    await record(world, [{ ...hide, taken_back_at: world.clock.now().toISOString() }]);
    await world.query("insert into profiles (user_id, visible) values ($1, false)", [bob]);
    expect((await list()).posts.map(({ id }) => id)).toEqual([shared]);
    await world.query("update profiles set visible = true");
    await block(world, eve, ada);
    expect((await list()).posts.map(({ id }) => id)).toEqual([liked]);
    world.at(new Date(world.clock.now().getTime() + 47 * 3_600_000 + 1).toISOString());
    expect((await list()).posts).toEqual([]);
    expect((await get("/trending?limit=0")).status).toBe(422);
  });
});
