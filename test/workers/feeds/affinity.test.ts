import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { usersToProfile } from "../../../src/feeds/affinity.ts";
import {
  AFFINITY,
  type AffinityEvent,
  type AffinityKind,
  affinityOf,
} from "../../../src/scoring/feeds/affinity.ts";
import { affinity } from "../../../src/workers/feeds/affinity.ts";
import { engagement, hoursAgo, member, members, post, record } from "../../support/feeds.ts";
import { enqueueRunIn } from "../../support/jobs.ts";
import { recordStatements, rowsRead } from "../../support/statements.ts";
import { createWorld, type World } from "../../support/world.ts";

type Row = {
  user_id: string;
  creator_ids: string[];
  creator_shares: number[];
  topics: string[];
  topic_shares: number[];
  content_types: Record<string, number>;
  engagement_velocity: number;
  exploration_factor: number;
};

const profiles = (world: World): Promise<Row[]> =>
  world.query<Row>("select * from user_affinity_profiles order by user_id");

const run = async (world: World) => {
  await enqueueRunIn(world, affinity, {});
  await world.drain();
};

const about = (world: World, postId: string, topics: readonly string[]) =>
  world.query(
    "insert into post_features (post_id, topics, quality, algo_version, computed_at) values ($1, $2, 0.5, '1', now())",
    [postId, topics],
  );

it("finds the users of the first run without reading all of their engagement", async () => {
  const world = await createWorld();
  const target = await member(world);
  const active = await world.query<{ id: string }>(
    `with active as (insert into users (name) select 'U' from generate_series(1, 300) returning id),
          events as (insert into engagement_events (user_id, kind, target_kind, target_id, occurred_at)
                     select active.id, 'like', 'user', $1, $2 from active, generate_series(1, 10))
     select id::text as id from active order by active.id`,
    [target, world.clock.now()],
  );
  await world.query("analyze engagement_events, users");
  const found: string[][] = [];
  const statements = await recordStatements(world, async () => {
    found.push(await usersToProfile(world.db.drizzle, world.clock.now()));
  });
  expect(found).toEqual([active.map(({ id }) => id)]);
  const [reading] = statements.filter(({ text }) => text.includes("engagement_events"));
  // Some versions of Postgres look at a row or two more.
  expect(await rowsRead(world, reading!, "engagement_events")).toBeLessThan(2 * active.length);
});

describe("affinity", () => {
  it("stores shares of creators, topics and content types", async () => {
    const world = await createWorld();
    const [ada, bob, eve] = (await members(world, 3)) as [string, string, string];
    const photo = await post(world, bob, { content_type: "photo" });
    await about(world, photo, ["garden", "spring"]);
    const at = { occurred_at: world.clock.now().toISOString() };
    await record(world, [
      engagement(world, ada, photo, at),
      engagement(world, ada, eve, { ...at, target_kind: "user", kind: "message" }),
    ]);
    await run(world);
    expect(await profiles(world)).toMatchObject([
      {
        user_id: ada,
        creator_ids: [eve, bob],
        creator_shares: [expect.closeTo(6 / 7, 9), expect.closeTo(1 / 7, 9)],
        topics: ["garden", "spring"],
        topic_shares: [0.5, 0.5],
        content_types: { photo: 1 },
        engagement_velocity: expect.closeTo(2 / 90, 9),
        exploration_factor: expect.closeTo(2 / 30, 9),
      },
    ]);
  });

  it("equals the reference for random events of many users", async () => {
    const world = await createWorld();
    const people = await members(world, 26);
    const posts: { id: string; author: string; topics: string[]; type: string }[] = [];
    for (const [n, author] of people.entries()) {
      const topics = [`t${n}`, `t${(n * 7) % 11}`, `u${n % 3}`].filter(
        (each, i, all) => all.indexOf(each) === i,
      );
      const type = ["text", "photo", "video", "poll"][n % 4]!;
      const id = await post(world, author, { content_type: type, created_at: hoursAgo(world, 2_400) });
      await about(world, id, topics);
      posts.push({ id, author, topics, type });
    }
    const kinds = Object.keys(AFFINITY.weights) as AffinityKind[];
    const asOf = world.clock.now().getTime();
    const drawn = fc.sample(
      fc.record({
        user: fc.nat(5),
        target: fc.nat(25),
        kind: fc.constantFrom(...kinds),
        hours: fc.integer({ min: 1, max: 2_300 }),
        isBack: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
      }),
      { numRuns: 600, seed: 42 },
    );
    const events = new Map<string, AffinityEvent[]>();
    for (const { user, target, kind, hours, isBack } of drawn) {
      const userId = people[user]!;
      const isPerson = kind === "message" || kind === "profile_view";
      const { id, author, topics, type } = posts[target]!;
      const at = asOf - hours * 3_600_000;
      await record(world, [
        engagement(world, userId, isPerson ? author : id, {
          kind,
          target_kind: isPerson ? "user" : "post",
          occurred_at: new Date(at).toISOString(),
          ...(isBack ? { taken_back_at: new Date(at + 1).toISOString() } : {}),
        }),
      ]);
      if (isBack || author === userId) continue;
      const mine = events.get(userId) ?? [];
      events.set(userId, mine);
      mine.push({
        kind,
        at,
        creatorId: Number(author),
        topics: isPerson ? [] : topics,
        contentType: isPerson ? null : type,
      });
    }
    await run(world);
    const stored = await profiles(world);
    expect(stored).toHaveLength(events.size);
    for (const row of stored) {
      const expected = affinityOf(events.get(row.user_id)!, asOf);
      const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 9));
      expect(row.creator_ids.map(Number)).toEqual(expected.creators.map(({ key }) => key));
      expect(row.creator_shares).toEqual(close(expected.creators.map(({ share }) => share)));
      expect(row.topics).toEqual(expected.topics.map(({ key }) => key));
      expect(row.topic_shares).toEqual(close(expected.topics.map(({ share }) => share)));
      expect(row.content_types).toEqual(
        Object.fromEntries(expected.contentTypes.map(({ key, share }) => [key, expect.closeTo(share, 9)])),
      );
      expect(row.engagement_velocity).toBeCloseTo(expected.engagementVelocity, 12);
      expect(row.exploration_factor).toBeCloseTo(expected.explorationFactor, 12);
    }
  });

  // Named regression 6.
  it("an inactive user is computed again after a day, and deleted after 90", async () => {
    const world = await createWorld();
    const [ada, bob, eve] = (await members(world, 3)) as [string, string, string];
    const act = (userId: string, hours: number) =>
      engagement(world, ada, userId, {
        target_kind: "user",
        kind: "message",
        occurred_at: hoursAgo(world, hours).toISOString(),
      });
    await record(world, [act(bob, 24), act(eve, 20 * 24)]);
    await run(world);
    const shareOfEve = async () => {
      const [row] = await profiles(world);
      return row!.creator_shares[row!.creator_ids.indexOf(eve)]!;
    };
    const first = await shareOfEve();
    await world.query("alter table engagement_events disable trigger engagement_events_touch");
    await world.query("update engagement_events set updated_at = now() - interval '2 days'");
    world.at(new Date(world.clock.now().getTime() + 2 * 86_400_000).toISOString());
    await run(world);
    expect(await shareOfEve()).toBeGreaterThan(first + 0.01);
    world.at(new Date(world.clock.now().getTime() + 91 * 86_400_000).toISOString());
    await run(world);
    expect(await profiles(world)).toEqual([]);
  });

  it("leaves out users for whom nothing changed", async () => {
    const world = await createWorld();
    const [ada, bob] = (await members(world, 2)) as [string, string];
    await record(world, [engagement(world, ada, bob, { target_kind: "user", kind: "message" })]);
    await run(world);
    await world.query("alter table engagement_events disable trigger engagement_events_touch");
    await world.query("update engagement_events set updated_at = now() - interval '1 hour'");
    await world.query("update user_affinity_profiles set engagement_velocity = 77");
    await run(world);
    expect(await profiles(world)).toMatchObject([{ engagement_velocity: 77 }]);
    const eve = await member(world);
    await record(world, [engagement(world, ada, eve, { target_kind: "user", kind: "message" })]);
    await run(world);
    expect(await profiles(world)).toMatchObject([{ creator_ids: [bob, eve] }]);
  });
});
