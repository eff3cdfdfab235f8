import { describe, expect, it } from "vitest";
import { contentFeatures } from "../../../src/workers/feeds/content-features.ts";
import { hoursAgo, member, post } from "../../support/feeds.ts";
import { performRanged } from "../../support/jobs.ts";
import { createWorld, type World } from "../../support/world.ts";

const ALL = { batchSize: 50 };

const features = (world: World) =>
  world.query("select post_id, topics, quality, language from post_features order by post_id");

describe("content-features", () => {
  it("stores topics, quality and language of the posts of the last seven days", async () => {
    const world = await createWorld();
    const ada = await member(world);
    const spring = await post(world, ada, { body: "It is spring in the garden and we are planting trees" });
    const photo = await post(world, ada, { body: "" });
    await world.query("insert into post_media (post_id, media_id) values ($1, 1), ($1, 2)", [photo]);
    await post(world, ada, { created_at: hoursAgo(world, 169) });
    await post(world, ada, { created_at: "2099-01-01T00:00:00Z" });
    await post(world, ada, { created_at: "0001-01-01 00:00:00+00 BC" });
    await post(world, ada, { deleted_at: world.clock.now() });
    await performRanged(world, contentFeatures, ALL);
    const stored = await features(world);
    expect(stored).toEqual([
      {
        post_id: spring,
        topics: expect.arrayContaining(["spring", "garden", "planting", "trees"]),
        quality: expect.closeTo((0.6 * 52) / 280, 9),
        language: "en",
      },
      { post_id: photo, topics: [], quality: expect.closeTo(0.2, 9), language: null },
    ]);
  });

  it("computes only edited posts again", async () => {
    const world = await createWorld();
    const ada = await member(world);
    const [first, second] = [await post(world, ada), await post(world, ada)];
    await performRanged(world, contentFeatures, ALL);
    await world.query("update post_features set topics = '{kept}', computed_at = clock_timestamp()");
    await world.query("update posts set body = 'Chess' where id = $1", [second]);
    world.at(new Date().toISOString());
    await performRanged(world, contentFeatures, ALL);
    expect(await features(world)).toMatchObject([
      { post_id: first, topics: ["kept"] },
      { post_id: second, topics: ["chess"] },
    ]);
  });

  it("computes one post, and none that is gone", async () => {
    const world = await createWorld();
    const ada = await member(world);
    const [first] = [await post(world, ada), await post(world, ada)];
    await performRanged(world, contentFeatures, { ...ALL, postId: first });
    await performRanged(world, contentFeatures, { ...ALL, postId: "999" });
    expect(await features(world)).toMatchObject([{ post_id: first }]);
  });

  it("cuts the posts into batches", async () => {
    const world = await createWorld();
    const ada = await member(world);
    for (let n = 0; n < 5; n++) await post(world, ada);
    await performRanged(world, contentFeatures, { batchSize: 2 });
    expect(await features(world)).toHaveLength(5);
  });

  it("reads no more of a post than it needs", async () => {
    const world = await createWorld();
    await post(world, await member(world), { body: `${"garden ".repeat(100_000)}` });
    await performRanged(world, contentFeatures, ALL);
    expect(await features(world)).toMatchObject([{ topics: ["garden"], quality: expect.closeTo(0.6, 9) }]);
  });
});
