import { expect, it } from "vitest";
import { cleanupRecommendations } from "../../../src/workers/recommendations/cleanup-recommendations.ts";
import { applicant, posting, storeList } from "../../support/recommendations.ts";
import { createWorld } from "../../support/world.ts";

it("deletes lists after three days, old views, and weights that newer ones have replaced", async () => {
  const world = await createWorld({ at: "2026-06-05T07:00:01Z" });
  const [ada, bob] = [await applicant(world, []), await applicant(world, [])];
  await storeList(world, ada, [{ id: 1, score: 0.5 }], new Date("2026-06-02T07:00:00Z"));
  await storeList(world, bob, [{ id: 1, score: 0.5 }], new Date("2026-06-02T07:00:02Z"));
  const job = await posting(world, { title: "Nurse" });
  await world.query(
    "insert into recommendation_views (user_id, job_id, days, last_day) values ($1, $3, 1, '2026-03-01'), ($2, $3, 1, '2026-06-01')",
    [ada, bob, job],
  );
  await world.query(
    "insert into skill_rarities (vocabulary, weights, created_at) values ('a', '', '2026-01-01'), ('a', '', '2026-02-01'), ('b', '', '2026-01-01')",
  );
  await world.perform(cleanupRecommendations, {});
  expect(await world.query("select user_id from recommendation_lists")).toEqual([{ user_id: bob }]);
  expect(await world.query("select user_id from recommendation_views")).toEqual([{ user_id: bob }]);
  expect(await world.query("select id from skill_rarities order by id")).toEqual([{ id: "2" }, { id: "3" }]);
});
