import { expect, it } from "vitest";
import { DEFAULT_SEGMENTS } from "../../../src/feeds/stored-feeds.ts";
import { feedPresort } from "../../../src/workers/feeds/feed-presort.ts";
import { feedPresortCleanup } from "../../../src/workers/feeds/feed-presort-cleanup.ts";
import { member, members } from "../../support/feeds.ts";
import { performRanged } from "../../support/jobs.ts";
import { createWorld, type World } from "../../support/world.ts";

const presort = (world: World) =>
  performRanged(world, feedPresort, { batchSize: 100, ...DEFAULT_SEGMENTS, incremental: false });

const inMinutes = (world: World, minutes: number) =>
  world.at(new Date(world.clock.now().getTime() + minutes * 60_000).toISOString());

const left = (world: World) =>
  world.query("select user_id, replaced_at is null as current from feed_presorted order by id");

it("deletes old versions, expired feeds, and those of users who are gone", async () => {
  const world = await createWorld();
  const [ada, bob, eve] = (await members(world, 3)) as [string, string, string];
  await presort(world);
  inMinutes(world, 1);
  await presort(world);
  await world.query("update users set deactivated_at = now() where id = $1", [bob]);
  await world.query(
    "update feed_presorted set algo_version = '0' where user_id = $1 and replaced_at is null",
    [eve],
  );
  await world.perform(feedPresortCleanup, {});
  expect(await left(world)).toEqual([
    { user_id: ada, current: false },
    { user_id: bob, current: false },
    { user_id: eve, current: false },
    { user_id: ada, current: true },
  ]);
  inMinutes(world, 30);
  await world.perform(feedPresortCleanup, {});
  expect(await left(world)).toEqual([{ user_id: ada, current: true }]);
  inMinutes(world, 30);
  await world.perform(feedPresortCleanup, {});
  expect(await left(world)).toEqual([]);
});

it("forgets what was seen more than 24 hours ago", async () => {
  const world = await createWorld({ at: "2026-06-02T00:00:00Z" });
  const ada = await member(world);
  await world.query(
    "insert into feed_seen (user_id, kind, item_id, seen_at) values ($1, 'post', 1, '2026-06-01T00:00:00Z'), ($1, 'post', 2, '2026-06-01T00:00:01Z')",
    [ada],
  );
  await world.perform(feedPresortCleanup, {});
  expect(await world.query("select item_id from feed_seen")).toEqual([{ item_id: "2" }]);
});
