import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_SEGMENTS } from "../../../src/feeds/stored-feeds.ts";
import { type Feed, isSameFeed, sessionOrder } from "../../../src/scoring/feeds/merge-order.ts";
import { feedPresort } from "../../../src/workers/feeds/feed-presort.ts";
import {
  feedPostIds,
  follow,
  hoursAgo,
  likes,
  member,
  members,
  post,
  storedFeed,
} from "../../support/feeds.ts";
import { performRanged } from "../../support/jobs.ts";
import { block } from "../../support/platform.ts";
import { createWorld, type World } from "../../support/world.ts";

const OPTIONS = { batchSize: 100, ...DEFAULT_SEGMENTS, incremental: false };

const presort = (world: World, options: Partial<typeof OPTIONS> & { userId?: string } = {}) =>
  performRanged(world, feedPresort, { ...OPTIONS, ...options });

const inMinutes = (world: World, minutes: number) =>
  world.at(new Date(world.clock.now().getTime() + minutes * 60_000).toISOString());

/** A world whose clock stands a quarter of an hour in the past. */
async function open() {
  const world = await createWorld();
  inMinutes(world, -15);
  const [ada, bob] = [await member(world), await member(world)];
  await follow(world, ada, bob);
  return { world, ada, bob };
}

describe("feed-presort", () => {
  it("stores the posts of people whom the user follows, of followers, and of the user, best first", async () => {
    const { world, ada, bob } = await open();
    const eve = await member(world);
    await follow(world, eve, ada);
    const ids = [
      await post(world, bob, { created_at: hoursAgo(world, 1) }),
      await post(world, eve, { created_at: hoursAgo(world, 2) }),
      await post(world, ada, { created_at: hoursAgo(world, 3) }),
    ];
    await post(world, await member(world));
    await presort(world);
    expect(await feedPostIds(world, ada)).toEqual(ids);
    const { feed, segmentSize, maxSegments, expiresAt } = await storedFeed(world, ada);
    expect(feed.posts.map(({ source }) => source)).toEqual(["following", "followers", "own"]);
    expect({ segmentSize, maxSegments }).toEqual(DEFAULT_SEGMENTS);
    expect(expiresAt.getTime() - world.clock.now().getTime()).toBe(30 * 60_000);
  });

  // Named regression 1.
  it("stores a feed of one item", async () => {
    const { world, ada, bob } = await open();
    const only = await post(world, bob);
    await presort(world, { userId: ada });
    expect(await feedPostIds(world, ada)).toEqual([only]);
  });

  // Named regression 2.
  it("scores by the affinity and the quality that other jobs have computed", async () => {
    const { world, ada, bob } = await open();
    const eve = await member(world);
    await follow(world, ada, eve);
    const at = { created_at: hoursAgo(world, 5) };
    const [ofBob, ofEve] = [await post(world, bob, at), await post(world, eve, at)];
    await world.query(
      "insert into post_features (post_id, topics, quality, algo_version, computed_at) values ($1, '{garden}', 0.5, '1', $2), ($3, '{}', 0.25, '1', $2)",
      [ofBob, hoursAgo(world, 1), ofEve],
    );
    await world.query(
      `insert into user_affinity_profiles (user_id, creator_ids, creator_shares, topics, topic_shares, content_types, engagement_velocity,
         exploration_factor, algo_version, computed_at)
       values ($1, $2, '{0.5}', '{garden}', '{0.25}', '{}', 1, 0.5, '1', $3)`,
      [ada, [eve], hoursAgo(world, 1)],
    );
    await presort(world);
    const { feed } = await storedFeed(world, ada);
    expect(feed.posts).toMatchObject([
      { id: Number(ofEve), affinity: 0.5, quality: 0.25 },
      { id: Number(ofBob), affinity: 0.25, quality: 0.5 },
    ]);
  });

  it("leaves out posts that are hidden, deleted, private, from the future, blocked, or of people who have left", async () => {
    const { world, ada, bob } = await open();
    const now = world.clock.now();
    const others = await members(world, 5);
    for (const other of others) await follow(world, ada, other);
    const [blocker, blocked, gone, banned, follower] = others as [string, string, string, string, string];
    const kept = await post(world, bob);
    await post(world, bob, { hidden_at: now });
    await post(world, bob, { deleted_at: now });
    await post(world, bob, { created_at: "2099-01-01T00:00:00Z" });
    await post(world, bob, { created_at: "0001-01-01 00:00:00+00 BC" });
    for (const author of [blocker, blocked, gone, banned]) await post(world, author);
    await block(world, blocker, ada);
    await block(world, ada, blocked);
    await world.query("update users set deactivated_at = now() where id = $1", [gone]);
    await world.query("insert into profiles (user_id, banned) values ($1, true)", [banned]);
    await world.query("delete from profile_access where owner_id = $1", [follower]);
    await follow(world, follower, ada);
    await post(world, follower, { visibility: "private" });
    const shared = await post(world, bob, { visibility: "private", created_at: hoursAgo(world, 9) });
    await presort(world);
    expect(await feedPostIds(world, ada)).toEqual([kept, shared]);
  });

  it("computes feeds of those who were active in the last seven days, and of anybody by id", async () => {
    const { world, ada, bob } = await open();
    await world.query("update users set last_active_at = $2 where id = $1", [bob, hoursAgo(world, 169)]);
    await presort(world);
    expect(await world.query("select user_id from feed_presorted")).toEqual([{ user_id: ada }]);
    await presort(world, { userId: bob });
    expect(await world.query("select user_id from feed_presorted order by id")).toEqual([
      { user_id: ada },
      { user_id: bob },
    ]);
    await presort(world, { userId: "999999" });
    expect(await world.query("select 1 from feed_presorted")).toHaveLength(2);
  });

  it("keeps the version before for half an hour", async () => {
    const { world, ada, bob } = await open();
    await post(world, bob);
    await presort(world, { userId: ada });
    inMinutes(world, 5);
    await presort(world, { userId: ada });
    const versions = () =>
      world.query("select replaced_at is null as current from feed_presorted order by id");
    expect(await versions()).toEqual([{ current: false }, { current: true }]);
    inMinutes(world, 31);
    await presort(world, { userId: ada });
    expect(await versions()).toEqual([{ current: false }, { current: true }]);
  });

  it("stores no text", async () => {
    const { world, ada, bob } = await open();
    await post(world, bob, { body: "a secret of Bob" });
    await presort(world);
    const [row] = await world.query<{ text: string }>(
      "select encode(items, 'escape') as text from feed_presorted where user_id = $1",
      [ada],
    );
    expect(row!.text).not.toContain("secret");
  });
});

describe("feed-presort --incremental", () => {
  // Named regression 3.
  it("puts a new post into its place among the others", async () => {
    const { world, ada, bob } = await open();
    const eve = await member(world);
    await follow(world, ada, eve);
    const old = [
      await post(world, bob, { created_at: hoursAgo(world, 1) }),
      await post(world, eve, { created_at: hoursAgo(world, 30) }),
    ];
    await presort(world);
    inMinutes(world, 14);
    const fresh = await post(world, eve, { created_at: hoursAgo(world, 0.1) });
    const merged = await presort(world, { incremental: true, userId: ada });
    expect(merged.done).toBe(1);
    expect(await feedPostIds(world, ada)).toEqual([fresh, ...old]);
    const { computedAt, watermark } = await storedFeed(world, ada);
    expect([computedAt, watermark]).toEqual([world.clock.now(), world.clock.now()]);
  });

  it("leaves unchanged feeds alone, and serves them for longer", async () => {
    const { world, ada, bob } = await open();
    await post(world, bob);
    await presort(world);
    const before = await storedFeed(world, ada);
    inMinutes(world, 14);
    await presort(world, { incremental: true });
    const after = await storedFeed(world, ada);
    expect({ id: after.id, computedAt: after.computedAt }).toEqual({
      id: before.id,
      computedAt: before.computedAt,
    });
    expect(after.expiresAt.getTime() - before.expiresAt.getTime()).toBe(14 * 60_000);
  });

  it("gives the same feeds as a full run, whatever has changed", async () => {
    const { world, ada } = await open();
    const people = await members(world, 12);
    for (const [n, person] of people.entries()) {
      if (n % 3 === 0) await follow(world, ada, person);
      if (n % 3 === 1) await follow(world, person, ada);
    }
    const start = world.clock.now();
    const drawn = fc.array(
      fc.record({
        author: fc.nat(12),
        hours: fc.oneof(
          fc.double({ min: 0, max: 180, noNaN: true }),
          fc.double({ min: -0.2, max: 1, noNaN: true }),
        ),
        quality: fc.double({ min: 0, max: 1, noNaN: true }),
        change: fc.constantFrom(
          "none",
          "none",
          "none",
          "late",
          "hidden",
          "deleted",
          "removed",
          "better",
          "private",
        ),
      }),
      { minLength: 5, maxLength: 40 },
    );
    const seen = { stored: 0, kept: 0 };
    await fc.assert(
      fc.asyncProperty(drawn, fc.boolean(), async (given, isQuiet) => {
        const acts = isQuiet
          ? given.map((act) => ({ ...act, hours: Math.abs(act.hours), change: "none" }))
          : given;
        world.at(start.toISOString());
        await world.query("delete from posts");
        await world.query("delete from feed_presorted");
        const store = async ({ author, hours, quality }: (typeof acts)[number], updatedAt?: Date) => {
          const createdAt = new Date(start.getTime() - hours * 3_600_000);
          const id = await post(world, [...people, ada][author]!, {
            created_at: createdAt,
            updated_at: updatedAt ?? new Date(start.getTime() - 3_600_000),
          });
          await rate(id, quality, new Date(start.getTime() - 3_600_000));
          return id;
        };
        const rate = (id: string, quality: number, at: Date) =>
          world.query(
            `insert into post_features (post_id, topics, quality, algo_version, computed_at) values ($1, '{}', $2, '1', $3)
             on conflict (post_id) do update set quality = excluded.quality, computed_at = excluded.computed_at`,
            [id, quality, at],
          );
        const late = acts.filter(({ hours, change }) => hours < 0 || change === "late");
        const changed: [string, string][] = [];
        for (const act of acts) if (!late.includes(act)) changed.push([await store(act), act.change]);
        await presort(world, { userId: ada });
        inMinutes(world, 14);
        const now = world.clock.now();
        for (const act of late) await store(act, now);
        for (const [id, change] of changed) {
          if (change === "hidden")
            await world.query("update posts set hidden_at = now() where id = $1", [id]);
          if (change === "deleted")
            await world.query("update posts set deleted_at = now() where id = $1", [id]);
          if (change === "private")
            await world.query("update posts set visibility = 'private' where id = $1", [id]);
          if (change === "removed") await world.query("delete from posts where id = $1", [id]);
          if (change === "better") await rate(id, 1, now);
        }
        await presort(world, { incremental: true, userId: ada });
        const incremental = await storedFeed(world, ada);
        await presort(world, { userId: ada });
        const full = await storedFeed(world, ada);
        const served = (feed: Feed) => sessionOrder(feed, now.getTime(), () => false);
        expect(served(incremental.feed)).toEqual(served(full.feed));
        expect(isSameFeed(incremental.feed, full.feed)).toBe(true);
        if (incremental.computedAt.getTime() === now.getTime()) seen.stored += 1;
        else seen.kept += 1;
      }),
      { numRuns: 16, seed: 17 },
    );
    expect(seen.stored).toBeGreaterThan(3);
    expect(seen.kept).toBeGreaterThan(0);
  });

  it("stores the feed of a user who follows somebody else, or whose affinities changed", async () => {
    const { world, ada, bob } = await open();
    await post(world, bob);
    const eve = await member(world);
    const ofEve = await post(world, eve, { created_at: hoursAgo(world, 48) });
    await presort(world, { userId: ada });
    inMinutes(world, 14);
    await follow(world, ada, eve);
    expect(await presort(world, { incremental: true, userId: ada })).toMatchObject({
      counts: { stored: 1, kept: 0 },
    });
    expect(await feedPostIds(world, ada)).toContain(ofEve);
    await presort(world, { incremental: true, userId: ada });
    await world.query(
      `insert into user_affinity_profiles (user_id, creator_ids, creator_shares, topics, topic_shares, content_types, engagement_velocity,
         exploration_factor, algo_version, computed_at)
       values ($1, $2, '{1}', '{}', '{}', '{}', 1, 0.5, '1', now())`,
      [ada, [eve]],
    );
    await presort(world, { incremental: true, userId: ada });
    expect((await storedFeed(world, ada)).feed.posts.find(({ id }) => String(id) === ofEve)).toMatchObject({
      affinity: 1,
    });
  });

  it.each([
    ["follow.changed", "owner_id", "viewer_id"],
    ["user.blocked", "user_id", "blocked_user_id"],
    ["user.unblocked", "user_id", "blocked_user_id"],
  ])("is run for both users of the event %s", async (type, one, other) => {
    const { world, ada, bob } = await open();
    await world.query(
      "insert into domain_events (event_type, payload, occurred_at) values ($1, jsonb_build_object($2::text, $4::bigint, $3::text, $5::bigint), now())",
      [type, one, other, bob, ada],
    );
    await world.drain();
    expect(await world.query("select user_id from feed_presorted order by user_id")).toEqual([
      { user_id: ada },
      { user_id: bob },
    ]);
  });

  it("is run for a user whose interests changed", async () => {
    const { world, ada } = await open();
    await world.query(
      "insert into domain_events (event_type, payload, occurred_at) values ('interests.updated', jsonb_build_object('user_id', $1::bigint), now())",
      [ada],
    );
    await world.drain();
    expect(await world.query("select user_id from feed_presorted")).toEqual([{ user_id: ada }]);
  });
});

describe("friends of interest", () => {
  it("contribute their trending posts, and are suggested unless they wrote one of the posts", async () => {
    const { world, ada } = await open();
    const [friend, stranger, quiet, ...crowd] = (await members(world, 8)) as [
      string,
      string,
      string,
      ...string[],
    ];
    await matchList(world, ada, [friend, stranger, quiet]);
    await shareInterest(world, [ada, friend]);
    await world.query("insert into profiles (user_id) select unnest($1::bigint[])", [
      [friend, stranger, quiet],
    ]);
    const hot = await post(world, friend, { created_at: hoursAgo(world, 3) });
    await post(world, friend);
    const other = await post(world, stranger, { created_at: hoursAgo(world, 3) });
    await likes(world, crowd, hot);
    await likes(world, crowd, other);
    await presort(world, { userId: ada });
    const { feed } = await storedFeed(world, ada);
    expect(feed.posts).toMatchObject([{ id: Number(hot), source: "friends" }]);
    expect(feed.suggestions.map(String)).toEqual([friend, stranger, quiet]);
  });
});

/** The people of a user's match list, best first. */
async function matchList(world: World, userId: string, others: readonly string[]): Promise<void> {
  const [version] = await world.query<{ id: string }>(
    "insert into list_versions (area, state, algo_version, as_of) values ('pairs', 'served', 1, now()) returning id",
  );
  await world.query(
    "insert into pair_people (version, position, user_id) select $1, n - 1, id from unnest($2::bigint[]) with ordinality as o(id, n)",
    [version!.id, [...others, userId]],
  );
  await world.query(
    `insert into pair_lists (version, user_id, tier, positions, scores, components, scored_at)
     select $1, $2, 'A', array_agg(n - 1 order by n), array_agg(1 - n / 100.0 order by n), decode(repeat('00', 6 * count(*)::int), 'hex'), now()
     from generate_series(1, $3::int) n`,
    [version!.id, userId, others.length],
  );
}

async function shareInterest(world: World, userIds: readonly string[]): Promise<void> {
  await world.query("insert into interest_subjects (id, key, label) values (1, 'sports', 'Sports')");
  await world.query("insert into interests (id, subject_id, key, label) values (1, 1, 'chess', 'Chess')");
  await world.query(
    "insert into user_interests (user_id, interest_id, updated_at) select unnest($1::bigint[]), 1, now() - interval '1 day'",
    [userIds],
  );
}
