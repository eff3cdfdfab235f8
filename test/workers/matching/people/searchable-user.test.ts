import { expect, it } from "vitest";
import { readSearchable } from "../../../../src/people/searchable.ts";
import { searchableUser } from "../../../../src/workers/matching/people/searchable-user.ts";
import { performRanged } from "../../../support/jobs.ts";
import { indexAll, profileOf, TODAY } from "../../../support/search-people.ts";
import { createWorld } from "../../../support/world.ts";

const flags = "select user_id as id, searchable from profile_search_index order by user_id";

it("sets and unsets who is searchable, here and in the index, and counts the reasons", async () => {
  const world = await createWorld({ at: TODAY });
  const [opening, closing] = [
    await profileOf(world, { bio: "", avatar_media_id: null }),
    await profileOf(world),
  ];
  await indexAll(world);
  expect(await world.query(flags)).toEqual([
    { id: opening, searchable: false },
    { id: closing, searchable: true },
  ]);
  await world.query("update profiles set avatar_media_id = 7 where user_id = $1", [opening]);
  await world.query("update profiles set visible = false where user_id = $1", [closing]);
  await performRanged(world, searchableUser, {});
  expect(await world.query(flags)).toEqual([
    { id: opening, searchable: true },
    { id: closing, searchable: false },
  ]);
  expect(await readSearchable(world.db.drizzle, closing)).toEqual({
    searchable: false,
    completeness: 85,
    reasons: ["hidden"],
  });
  const [run] = await world.query<{ counts: unknown }>(
    "select counts from job_runs where job = 'searchable-user' order by id desc limit 1",
  );
  expect(run?.counts).toEqual({ searchable: 1, "not searchable": 1, changed: 2, hidden: 1 });
});

it("takes the completeness that is configured", async () => {
  const world = await createWorld({ at: TODAY, environment: { SEARCHABLE_COMPLETENESS: "90" } });
  const id = await profileOf(world);
  await performRanged(world, searchableUser, {});
  expect(await readSearchable(world.db.drizzle, id)).toMatchObject({
    searchable: false,
    reasons: ["few interests"],
  });
});
