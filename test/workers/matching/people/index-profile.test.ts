import { expect, it } from "vitest";
import { indexProfile } from "../../../../src/workers/matching/people/index-profile.ts";
import { hostEvent } from "../../../support/platform.ts";
import { profileOf, TODAY } from "../../../support/search-people.ts";
import { createWorld } from "../../../support/world.ts";

it("indexes people whose profiles changed at the same time together, and drops those who are gone", async () => {
  const world = await createWorld({ at: TODAY });
  const ids = [await profileOf(world, { name: "Ada" }), await profileOf(world, { name: "Bo", bio: "" })];
  const gone = await profileOf(world, { name: "Cy" });
  await world.perform(indexProfile, ...[...ids, gone].map((userId) => ({ userId })));
  await world.query("delete from profiles where user_id = $1", [gone]);
  await world.query("update users set name = 'Dee' where id = $1", [ids[1]]);
  await world.perform(indexProfile, { userId: ids[1] as string }, { userId: gone });
  expect(
    await world.query("select user_id as id, names, searchable from profile_search_index order by user_id"),
  ).toEqual([
    { id: ids[0], names: "ada", searchable: true },
    { id: ids[1], names: "dee", searchable: true },
  ]);
  expect(await world.query("select user_id as id from searchable_users order by user_id")).toEqual(
    ids.map((id) => ({ id })),
  );
  await world.query("update profiles set deleted_at = now() where user_id = $1", [ids[0]]);
  await world.perform(indexProfile, { userId: ids[0] as string });
  expect(await world.query("select user_id as id from profile_search_index")).toEqual([{ id: ids[1] }]);
});

it.each([
  ["profile.updated", {}, true],
  ["profile.updated", { parts: ["bio"] }, true],
  ["profile.updated", { parts: ["place", "skills"] }, true],
  ["profile.updated", { parts: ["photo"] }, true],
  ["profile.updated", { parts: ["skills", "cv", "preferences"] }, false],
  ["interests.updated", {}, true],
  ["profile.hidden", {}, true],
  ["profile.shown", {}, true],
  ["user.created", {}, true],
  ["user.deleted", {}, true],
  ["rating.given", {}, false],
] as const)("is enqueued by %s with %j: %s", async (type, more, isEnqueued) => {
  const world = await createWorld({ at: TODAY });
  const userId = await profileOf(world);
  await hostEvent(world, type, { payload: { user_id: userId, rated_user_id: userId, ...more } });
  await world.drain();
  expect(await world.query("select user_id as id from profile_search_index")).toEqual(
    isEnqueued ? [{ id: userId }] : [],
  );
});

it("follows the traits of a quiz", async () => {
  const world = await createWorld({ at: TODAY });
  const userId = await profileOf(world);
  await world.query("insert into quiz_options (question_id, trait_values) values ('q', '{\"openness\": 9}')");
  await world.query(
    `insert into quiz_answers (user_id, quiz_id, question_id, option_id)
     select $1, 'quiz ' || n, 'q', o.id from quiz_options o, generate_series(1, 5) n`,
    [userId],
  );
  await hostEvent(world, "quiz.submitted", { payload: { user_id: userId } });
  await world.drain();
  expect(
    await world.query(
      "select i.user_id as id from profile_search_index i join traits t on t.id = any(i.trait_ids) where t.name = 'openness'",
    ),
  ).toEqual([{ id: userId }]);
});
