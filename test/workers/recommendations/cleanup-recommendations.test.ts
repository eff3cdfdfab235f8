import { expect, it } from "vitest";
import {
  cleanupRecommendations,
  ROWS_PER_TABLE,
} from "../../../src/workers/recommendations/cleanup-recommendations.ts";
import { applicant, posting, storeList } from "../../support/recommendations.ts";
import { createWorld } from "../../support/world.ts";

it("deletes lists and requests after three days, old views, and weights that newer ones have replaced", async () => {
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
  await world.query(
    "insert into recommendation_requests (user_id, run_id, requested_at) values ($1, 1, '2026-06-02T07:00:00Z'), ($2, 1, '2026-06-02T07:00:02Z')",
    [ada, bob],
  );
  await world.perform(cleanupRecommendations, {});
  expect(await world.query("select user_id from recommendation_lists")).toEqual([{ user_id: bob }]);
  expect(await world.query("select user_id from recommendation_requests")).toEqual([{ user_id: bob }]);
  expect(await world.query("select user_id from recommendation_views")).toEqual([{ user_id: bob }]);
  expect(await world.query("select id from skill_rarities order by id")).toEqual([{ id: "2" }, { id: "3" }]);
});

it("deletes any number of views, in one bounded transaction after the other", async () => {
  const world = await createWorld({ at: "2026-06-05T07:00:01Z" });
  const job = await posting(world, { title: "Nurse" });
  for (const _part of [1, 2, 3, 4, 5, 6, 7, 8])
    await world.query(
      `with seen as (insert into users (name) select 'U' from generate_series(1, $2) returning id)
       insert into recommendation_views (user_id, job_id, days, last_day) select id, $1, 1, '2026-03-01' from seen`,
      [job, ROWS_PER_TABLE / 8 + 1],
    );
  expect(await world.perform(cleanupRecommendations, {})).toMatchObject({
    counts: { views: ROWS_PER_TABLE },
  });
  await world.drain();
  expect(await world.query("select 1 from recommendation_views")).toEqual([]);
});
