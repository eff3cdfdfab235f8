import { expect, it } from "vitest";
import { eraseUser } from "../../src/workers/maintenance/erase-user.ts";
import { engagement, follow, members, post, record, trends } from "../support/feeds.ts";
import { performRanged } from "../support/jobs.ts";
import { createWorld } from "../support/world.ts";

it("erasing a user deletes their posts, engagement and seen items, and the counts of these", async () => {
  const world = await createWorld();
  const [ada, bob, eve] = (await members(world, 3)) as [string, string, string];
  const crowd = await members(world, 4);
  await follow(world, bob, ada);
  const [ofAda, ofBob] = [await post(world, ada), await post(world, bob)];
  await record(world, [
    ...[ada, ...crowd].map((userId) => engagement(world, userId, ofBob)),
    engagement(world, bob, ofAda),
    engagement(world, bob, ada, { target_kind: "user", kind: "profile_view" }),
    engagement(world, bob, eve, { target_kind: "user", kind: "profile_view" }),
  ]);
  expect((await trends(world)).find(({ post_id }) => post_id === ofBob)).toMatchObject({ actors: 5 });
  await world.query(
    `insert into feed_seen (user_id, kind, item_id, seen_at) values ($1, 'post', $3, now()), ($2, 'suggestion', $1, now()), ($2, 'post', $3, now())`,
    [ada, bob, ofBob],
  );
  await world.query(
    `insert into feed_presorted (user_id, items, segment_size, max_segments, computed_at, algo_version, watermark, expires_at)
     values ($1, '', 20, 3, now(), '1', now(), now())`,
    [ada],
  );
  await performRanged(world, eraseUser, { userId: ada, actor: "ann", reason: "asked for it" });
  await world.drain();
  expect(await world.query("select author_id from posts")).toEqual([{ author_id: bob }]);
  expect(await world.query("select 1 from engagement_events where user_id = $1", [ada])).toEqual([]);
  expect(await world.query("select target_id from engagement_events where target_kind = 'user'")).toEqual([
    { target_id: eve },
  ]);
  expect(await world.query("select user_id, kind from feed_seen")).toEqual([{ user_id: bob, kind: "post" }]);
  expect(await world.query("select 1 from feed_presorted")).toEqual([]);
  expect(await trends(world)).toMatchObject([{ post_id: ofBob, actors: 4, lhot: null }]);
  const outcome = await record(world, [engagement(world, ada, ofBob)]);
  expect(outcome).toEqual(["unknown_user"]);
});
