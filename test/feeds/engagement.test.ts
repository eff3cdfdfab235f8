import { sql } from "drizzle-orm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Queryable } from "../../src/db/statement.ts";
import { storeEngagement } from "../../src/feeds/engagement.ts";
import { lhotOf, type PostEngagement, trendOf } from "../../src/scoring/feeds/trend.ts";
import { engagement, hoursAgo, likes, member, members, post, record, trends } from "../support/feeds.ts";
import { createWorld, type World } from "../support/world.ts";

const HOUR = 3_600_000;

const recorded = (world: World) =>
  world.query(
    "select host_id, user_id, target_kind, target_id, kind, taken_back_at is not null as back from engagement_events order by host_id",
  );

describe("record_engagement", () => {
  it("records each event once, by the host's id", async () => {
    const world = await createWorld();
    const [ada, bob] = (await members(world, 2)) as [string, string];
    const postId = await post(world, bob);
    const like = engagement(world, ada, postId, { id: "like-1" });
    expect(await record(world, [like])).toEqual(["recorded"]);
    expect(await record(world, [like, { ...like, id: "like-2", kind: "comment" }])).toEqual([
      "unchanged",
      "recorded",
    ]);
    expect(await recorded(world)).toEqual([
      { host_id: "like-1", user_id: ada, target_kind: "post", target_id: postId, kind: "like", back: false },
      {
        host_id: "like-2",
        user_id: ada,
        target_kind: "post",
        target_id: postId,
        kind: "comment",
        back: false,
      },
    ]);
    expect(await trends(world)).toMatchObject([
      { post_id: postId, likes: 1, comments: 1, actors: 1, lhot: null },
    ]);
  });

  it("takes the host's ids, and ours only of rows without one", async () => {
    const world = await createWorld();
    const ada = await member(world, { host_id: "user-ada" });
    const bob = await member(world);
    const postId = await post(world, bob, { host_id: "post-1" });
    const outcomes = await record(world, [
      engagement(world, "user-ada", "post-1"),
      engagement(world, bob, "user-ada", { target_kind: "user", kind: "profile_view" }),
      engagement(world, ada, "post-1"),
      engagement(world, "user-ada", postId),
      engagement(world, "99999", "post-1"),
    ]);
    expect(outcomes).toEqual(["recorded", "recorded", "unknown_user", "unknown_target", "unknown_user"]);
  });

  it("takes an event back, even before it arrives, and twice; but not one of another user", async () => {
    const world = await createWorld();
    const [ada, bob, eve] = (await members(world, 3)) as [string, string, string];
    const postId = await post(world, bob);
    const like = engagement(world, ada, postId, { id: "a" });
    const back = { ...like, taken_back_at: hoursAgo(world, 0.1).toISOString() };
    expect(await record(world, [back])).toEqual(["taken_back"]);
    expect(await record(world, [like])).toEqual(["unchanged"]);
    expect(await trends(world)).toMatchObject([{ likes: 0, actors: 0 }]);
    const other = engagement(world, ada, postId, { id: "b" });
    const otherBack = { ...other, taken_back_at: back.taken_back_at };
    expect(await record(world, [other])).toEqual(["recorded"]);
    expect(await record(world, [{ ...otherBack, user_id: eve }])).toEqual(["conflict"]);
    expect(await trends(world)).toMatchObject([{ likes: 1, actors: 1 }]);
    expect(await record(world, [otherBack])).toEqual(["taken_back"]);
    expect(await record(world, [otherBack])).toEqual(["unchanged"]);
    expect(await trends(world)).toMatchObject([{ likes: 0, actors: 0, grown: 0 }]);
    const third = engagement(world, ada, postId, { id: "c" });
    expect(await record(world, [third, { ...third, taken_back_at: back.taken_back_at }])).toEqual([
      "recorded",
      "taken_back",
    ]);
  });

  it("refuses invalid events alone, and times in the future and before 1970", async () => {
    const world = await createWorld();
    const [ada, bob] = (await members(world, 2)) as [string, string];
    const postId = await post(world, bob);
    const at = (occurred_at: unknown) => engagement(world, ada, postId, { occurred_at });
    const cases: [unknown, string][] = [
      [at("2099-01-01T00:00:00Z"), "future"],
      [at("0000-01-01T00:00:00Z"), "invalid"],
      [at("1969-12-31T23:59:59Z"), "invalid"],
      [at("2026-13-45T00:00:00Z"), "invalid"],
      [at("2026-01-01T00:00:00+99:99"), "invalid"],
      [at("yesterday"), "invalid"],
      [at(null), "invalid"],
      [at(1_700_000_000), "invalid"],
      [engagement(world, ada, postId, { kind: "adore" }), "invalid"],
      [engagement(world, ada, postId, { target_kind: "planet" }), "invalid"],
      [engagement(world, ada, postId, { taken_back_at: "soon" }), "invalid"],
      [engagement(world, ada, postId, { id: "" }), "invalid"],
      [engagement(world, ada, postId, { id: "x".repeat(256) }), "invalid"],
      [engagement(world, ada, postId, { id: { a: 1 } }), "invalid"],
      [engagement(world, ada, "999999999999999999999"), "unknown_target"],
      ["like", "invalid"],
      [null, "invalid"],
      [[], "invalid"],
      [engagement(world, ada, postId, { id: 7 }), "recorded"],
    ];
    expect(
      await record(
        world,
        cases.map(([event]) => event),
      ),
    ).toEqual(cases.map(([, outcome]) => outcome));
    expect(await record(world, [])).toEqual([]);
    await expect(record(world, Array(1_001).fill(at("x")))).rejects.toThrow();
  });

  it("does not count own actions, and accounts younger than a day", async () => {
    const world = await createWorld();
    const author = await member(world);
    const postId = await post(world, author);
    const young: string[] = [];
    for (let n = 0; n < 50; n++) young.push(await member(world, { created_at: hoursAgo(world, 1) }));
    await likes(world, [author, ...young], postId);
    expect(await trends(world)).toMatchObject([{ likes: 0, actors: 0, lhot: null }]);
    await likes(world, await members(world, 5), postId);
    expect(await trends(world)).toMatchObject([{ likes: 5, actors: 5 }]);
  });

  it("makes no post of 2099 or of the year 0 trend, however many like it", async () => {
    const world = await createWorld();
    const [author, ...people] = (await members(world, 7)) as [string, ...string[]];
    for (const created_at of ["2099-01-01T00:00:00Z", "0001-01-01 00:00:00+00 BC", "infinity", "-infinity"])
      await likes(world, people, await post(world, author, { created_at }));
    expect(await trends(world)).toEqual([]);
    await likes(world, people, await post(world, author));
    expect(await trends(world)).toMatchObject([{ likes: 6 }]);
  });

  it("adds up concurrent calls of many people with one post", async () => {
    const world = await createWorld();
    const author = await member(world);
    const postId = await post(world, author);
    const people = await members(world, 40);
    await Promise.all(
      [0, 1, 2, 3].map((part) =>
        likes(
          world,
          people.filter((_, n) => n % 4 === part),
          postId,
        ),
      ),
    );
    expect(await trends(world)).toMatchObject([{ likes: 40, actors: 40 }]);
  });

  /** The rows of trending_scores that this connection has written since it last reported its counts. */
  async function rowsWritten(tx: Queryable): Promise<number> {
    const { rows } = await tx.execute<{ written: number }>(
      sql`select (pg_stat_get_xact_tuples_inserted(t) + pg_stat_get_xact_tuples_updated(t))::int as written
          from (select 'trending_scores'::regclass::oid as t) s`,
    );
    return rows[0]?.written ?? 0;
  }

  it("keeps one row for a post, written once by a call however many like it", async () => {
    const world = await createWorld();
    const author = await member(world);
    const postId = await post(world, author);
    const people = (
      await world.query<{ id: string }>(
        "insert into users (name, created_at) select 'Ada', '2020-01-01' from generate_series(1, 3000) returning id",
      )
    ).map(({ id }) => id);
    for (let from = 0; from < people.length; from += 1_000) {
      const events = people.slice(from, from + 1_000).map((userId) => engagement(world, userId, postId));
      const writes = await world.db.drizzle.transaction(async (tx) => {
        const before = await rowsWritten(tx);
        const outcomes = await storeEngagement(tx, events);
        expect(new Set(outcomes)).toEqual(new Set(["recorded"]));
        return (await rowsWritten(tx)) - before;
      });
      expect(writes, "rows written of trending_scores").toBeLessThanOrEqual(2);
    }
    expect(await trends(world)).toMatchObject([{ likes: 3_000, actors: 3_000 }]);
  });

  it("counts one like of somebody who likes a post in two calls at once", async () => {
    const world = await createWorld();
    const [ada, author] = (await members(world, 2)) as [string, string];
    const postId = await post(world, author);
    await Promise.all([0, 1, 2].map(() => likes(world, [ada], postId)));
    expect(await trends(world)).toMatchObject([{ likes: 1, actors: 1 }]);
  });

  it("counts a comment and a share of somebody who does both a thousand times, in one call or in many", async () => {
    const world = await createWorld();
    const [author, eve, ...crowd] = (await members(world, 6)) as [string, string, ...string[]];
    const [honest, gamed] = [await post(world, author), await post(world, author)];
    for (const postId of [honest, gamed]) {
      await likes(world, crowd, postId);
      await record(world, [
        engagement(world, eve, postId, { kind: "comment" }),
        engagement(world, eve, postId, { kind: "share" }),
      ]);
    }
    const again = (count: number) =>
      Array.from({ length: count }, (_, n) =>
        engagement(world, eve, gamed, {
          kind: n % 2 === 0 ? "comment" : "share",
          occurred_at: hoursAgo(world, 0.25).toISOString(),
        }),
      );
    await record(world, again(1_000));
    for (let n = 0; n < 10; n++) await record(world, again(2));
    const [one, other] = await trends(world);
    expect(one).toMatchObject({ likes: 4, comments: 1, shares: 1, actors: 5 });
    expect({ ...other, post_id: "" }).toEqual({ ...one, post_id: "" });
  });

  it("counts the earliest of a person's comments, whichever arrives first", async () => {
    const world = await createWorld();
    const [author, ada] = (await members(world, 2)) as [string, string];
    const postId = await post(world, author, { created_at: hoursAgo(world, 13) });
    const comment = (hours: number) =>
      engagement(world, ada, postId, { kind: "comment", occurred_at: hoursAgo(world, hours).toISOString() });
    await record(world, [comment(1)]);
    expect(await trends(world)).toMatchObject([{ comments: 1, grown: expect.closeTo(4, 9) }]);
    const earliest = comment(13);
    await record(world, [comment(0.5), earliest]);
    expect(await trends(world)).toMatchObject([{ comments: 1, grown: expect.closeTo(2, 9) }]);
    await record(world, [{ ...earliest, taken_back_at: hoursAgo(world, 0).toISOString() }]);
    expect(await trends(world)).toMatchObject([{ comments: 1, actors: 1, grown: expect.closeTo(4, 9) }]);
  });

  it("records likes and takes them back in concurrent calls without a deadlock", async () => {
    const world = await createWorld();
    const people = await members(world, 6);
    const [author, ...likers] = people as [string, ...string[]];
    const posts: string[] = [];
    for (let n = 0; n < 6; n++) posts.push(await post(world, author));
    const back = (event: Record<string, unknown>) => ({ ...event, taken_back_at: event["occurred_at"] });
    for (let round = 0; round < 10; round++) {
      const given = posts.flatMap((postId) => likers.map((liker) => engagement(world, liker, postId)));
      const reversed = given.toReversed();
      // In the order of their ids and against it, and each of them in two or three calls.
      await Promise.all([
        record(world, given),
        record(world, reversed.map(back)),
        record(world, [...reversed.slice(0, 15), ...given.slice(0, 15).map(back)]),
        record(world, given.toSorted(() => -1).map(back)),
      ]);
    }
    expect(await world.query("select 1 from engagement_events where taken_back_at is null")).toEqual([]);
    expect(await trends(world)).toEqual(
      posts.map((post_id) => expect.objectContaining({ post_id, likes: 0, actors: 0 })),
    );
  });

  it("gives any order of arrival the order of posts that the definition gives, within 1e-9", async () => {
    const world = await createWorld();
    const people = await members(world, 8);
    const authors = people.slice(0, 2);
    const drawn = fc.array(
      fc.record({
        person: fc.nat(7),
        post: fc.nat(2),
        kind: fc.constantFrom("like" as const, "comment" as const, "share" as const),
        hours: fc.double({ min: -1, max: 20, noNaN: true }),
        isTakenBack: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
        isBackFirst: fc.boolean(),
      }),
      { minLength: 20, maxLength: 50 },
    );
    await fc.assert(
      fc.asyncProperty(drawn, fc.integer({ min: 1, max: 9 }), async (acts, perCall) => {
        await world.query("delete from posts");
        await world.query("delete from engagement_events");
        const createdAt = Math.floor(hoursAgo(world, 21).getTime());
        const posts: string[] = [];
        for (const n of [0, 1, 2])
          posts.push(await post(world, authors[n % 2]!, { created_at: new Date(createdAt - n * HOUR) }));
        const calls: Record<string, unknown>[] = [];
        const later: Record<string, unknown>[] = [];
        const events = acts.map((act, index): PostEngagement & { postIndex: number } => {
          const at = Math.round(createdAt + act.hours * HOUR);
          const event = engagement(world, people[act.person]!, posts[act.post]!, {
            kind: act.kind,
            occurred_at: new Date(at).toISOString(),
          });
          const back = { ...event, taken_back_at: new Date(at + 1_000).toISOString() };
          if (act.isTakenBack) (act.isBackFirst ? calls : later).push(back);
          if (act.isTakenBack && act.isBackFirst) later.push(event);
          else calls.push(event);
          return {
            id: index,
            actorId: Number(people[act.person]),
            kind: act.kind,
            at,
            isTakenBack: act.isTakenBack,
            actorSince: 0,
            postIndex: act.post,
          };
        });
        const all = [...calls, ...later];
        const parts = Array.from({ length: Math.ceil(all.length / perCall) }, (_, n) =>
          all.slice(n * perCall, (n + 1) * perCall),
        );
        // Two workers: every other call of the first half beside those of the second.
        for (let n = 0; n < parts.length; n += 2)
          await Promise.all(parts.slice(n, n + 2).map((part) => record(world, part)));
        const stored = new Map((await trends(world)).map((row) => [row.post_id, row]));
        for (const [index, postId] of posts.entries()) {
          const author = { authorId: Number(authors[index % 2]), createdAt: createdAt - index * HOUR };
          const expected = trendOf(
            author,
            events.filter(({ postIndex }) => postIndex === index),
          );
          const row = stored.get(postId);
          expect(row?.actors ?? 0).toBe(expected.actors);
          const [actual, lhot] = [row?.lhot ?? null, lhotOf(expected)];
          expect(actual === null).toBe(lhot === null);
          if (actual !== null) expect(Math.abs(actual - (lhot as number))).toBeLessThan(1e-9);
        }
      }),
      { numRuns: 15 },
    );
  });
});
