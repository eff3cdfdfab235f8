import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { rows } from "../../../src/db/statement.ts";
import { inTransaction } from "../../../src/db/transaction.ts";
import { readTrending } from "../../../src/feeds/trending.ts";
import { popularityOf, velocityOf } from "../../../src/scoring/feeds/trend.ts";
import { trending } from "../../../src/workers/feeds/trending.ts";
import { engagement, hoursAgo, likes, members, post, record, trends } from "../../support/feeds.ts";
import { performRanged } from "../../support/jobs.ts";
import { recordStatements, rowsRead } from "../../support/statements.ts";
import { createWorld, type World } from "../../support/world.ts";

const derived = (world: World) =>
  world.query("select post_id, popularity, velocity, peak_time from trending_scores order by post_id");

const run = (world: World) => performRanged(world, trending, {});

describe("trending", () => {
  it("writes popularity, velocity and the hour with the most engagement", async () => {
    const world = await createWorld();
    const [author, ...people] = (await members(world, 8)) as [string, ...string[]];
    const postId = await post(world, author, { created_at: hoursAgo(world, 10) });
    const at = (hours: number) => ({ occurred_at: hoursAgo(world, hours).toISOString() });
    await record(world, [
      ...people.slice(0, 3).map((id) => engagement(world, id, postId, at(8))),
      ...people.slice(3, 5).map((id) => engagement(world, id, postId, at(5))),
      engagement(world, people[5]!, postId, { ...at(2), kind: "share" }),
      engagement(world, people[6]!, postId, { ...at(2), kind: "comment" }),
    ]);
    await run(world);
    const [row] = await derived(world);
    // Named regression 5: 5 likes, a comment and a share are 5 + 2 + 3.
    expect(row).toMatchObject({
      popularity: expect.closeTo(popularityOf(10, 10), 6),
      velocity: expect.closeTo(velocityOf(10, 10), 9),
    });
    const peak = hoursAgo(world, 2);
    peak.setUTCMinutes(0, 0, 0);
    expect(row!["peak_time"]).toEqual(peak);
  });

  // Named regression 4.
  it("a post that no longer qualifies has no score at once", async () => {
    const world = await createWorld();
    const [author, ...people] = (await members(world, 6)) as [string, ...string[]];
    const postId = await post(world, author);
    const events = people.map((id) => engagement(world, id, postId));
    await record(world, events);
    await run(world);
    expect((await trends(world))[0]?.lhot).not.toBeNull();
    await record(world, [{ ...events[0], taken_back_at: hoursAgo(world, 0.1).toISOString() }]);
    expect(await trends(world)).toMatchObject([{ actors: 4, lhot: null }]);
    expect(await derived(world)).toMatchObject([{ popularity: null, velocity: null, peak_time: null }]);
  });

  it("removes posts that are over, hidden, deleted or private", async () => {
    const world = await createWorld();
    const [author, ...people] = (await members(world, 6)) as [string, ...string[]];
    const ids: string[] = [];
    for (let n = 0; n < 5; n++)
      ids.push(await post(world, author, { created_at: hoursAgo(world, n === 0 ? 48 : 2) }));
    const at = { occurred_at: hoursAgo(world, 1.5).toISOString() };
    const early = { occurred_at: hoursAgo(world, 47).toISOString() };
    for (const [n, id] of ids.entries())
      await record(
        world,
        people.map((person) => engagement(world, person, id, n === 0 ? early : at)),
      );
    expect(await trends(world)).toHaveLength(5);
    await world.query("update posts set hidden_at = now() where id = $1", [ids[1]]);
    await world.query("update posts set deleted_at = now() where id = $1", [ids[2]]);
    await world.query("update posts set visibility = 'private' where id = $1", [ids[3]]);
    await run(world);
    expect(await trends(world)).toMatchObject([{ post_id: ids[4] }]);
  });

  it("counts posts that were stored after their engagement", async () => {
    const world = await createWorld();
    const [author, ...people] = (await members(world, 6)) as [string, ...string[]];
    const first = await post(world, author);
    const id = String(Number(first) + 100);
    for (const person of people)
      await world.query(
        "insert into engagement_events (user_id, target_kind, target_id, kind, occurred_at) values ($1, 'post', $2, 'like', $3)",
        [person, id, hoursAgo(world, 0.5)],
      );
    await post(world, author, { id });
    expect(await trends(world)).toEqual([]);
    await run(world);
    expect(await trends(world)).toMatchObject([{ post_id: id, likes: 5, actors: 5 }]);
  });

  it("does not change the order of posts, nor their scores", async () => {
    const world = await createWorld();
    const [author, ...people] = (await members(world, 9)) as [string, ...string[]];
    const [a, b] = [await post(world, author), await post(world, author)];
    await likes(world, people.slice(0, 5), a);
    await likes(world, people, b);
    const before = await trends(world);
    expect(before.map(({ post_id }) => post_id)).toEqual([b, a]);
    await run(world);
    await run(world);
    expect(await trends(world)).toEqual(before);
  });
});

describe("the trending posts", () => {
  // A database that was just restored has none.
  it("are read from the top, even if Postgres has no statistics of posts", async () => {
    const world = await createWorld();
    const [author, reader] = (await members(world, 2)) as [string, string];
    const at = hoursAgo(world, 1);
    await world.query(
      `insert into posts (author_id, body, created_at, updated_at)
       select $1, 'Post ' || n, $2, $2 from generate_series(1, 2000) n`,
      [author, at],
    );
    await world.query(
      `insert into trending_scores (post_id, landmark, expires_at, lhot)
       select id, created_at, created_at + interval '48 hours', id from posts`,
    );
    const read = () => readTrending(world.db.drizzle, reader, 20, world.clock.now());
    expect((await read()).map(({ body }) => body)).toEqual(
      Array.from({ length: 20 }, (_, n) => `Post ${2_000 - n}`),
    );
    const [statement] = await recordStatements(world, read);
    expect(await rowsRead(world, statement!, "posts")).toBe(20);
    expect(await readTrending(world.db.drizzle, reader, 3, world.clock.now())).toHaveLength(3);
    expect(await readTrending(world.db.drizzle, reader, 30, world.clock.now())).toHaveLength(30);
  });

  it("are read by a statement that is planned once, not for each read", async () => {
    const world = await createWorld();
    const [reader = ""] = await members(world, 1);
    await world.query(
      `insert into posts (author_id, body, created_at, updated_at) select $1, 'Post ' || n, $2, $2 from generate_series(1, 200) n`,
      [reader, hoursAgo(world, 1)],
    );
    await world.query(
      `insert into trending_scores (post_id, landmark, expires_at, lhot)
       select id, created_at, created_at + interval '48 hours', id from posts`,
    );
    await world.query("analyze");
    const plans = await inTransaction(world.db, async (tx) => {
      // Postgres plans the first five for the values given.
      for (let n = 0; n < 8; n++) await readTrending(tx, reader, 20, world.clock.now());
      return rows<{ n: number }>(
        tx,
        sql`select generic_plans::int as n from pg_prepared_statements where statement like '%trending_scores%' and from_sql is false`,
      );
    });
    expect(plans).toEqual([{ n: 3 }]);
  });
});
