import { expect, it } from "vitest";
import { eraseUser } from "../../src/workers/maintenance/erase-user.ts";
import { performRanged } from "../support/jobs.ts";
import { community, expectExact, expectedLists, happens, profile, scorePairs } from "../support/pairs.ts";
import { createWorld, type World } from "../support/world.ts";

const erase = (world: World, userId: string) =>
  performRanged(world, eraseUser, { userId, actor: "ann", reason: "asked for it" });

/** Who is shown to whom, in the order of their ids. */
const shown = (world: World) =>
  world.query<{ user: string; tier: string; candidate: string }>(
    `select user_id as user, tier, candidate_id as candidate from match_scores order by user_id, tier, candidate_id`,
  );

/** What the reference finds among those who are left. */
const expected = async (world: World) =>
  (await expectedLists(world))
    .flatMap(({ user, tier, ids }) => ids.map((candidate) => ({ user, tier, candidate })))
    .sort(
      (a, b) =>
        Number(a.user) - Number(b.user) ||
        (a.tier < b.tier ? -1 : a.tier > b.tier ? 1 : Number(a.candidate) - Number(b.candidate)),
    );

it("somebody who joins after an erasure is not taken for the erased one in the lists of others", async () => {
  const world = await createWorld();
  await community(world, 61, 12);
  await scorePairs(world);
  const here = { profile: { latitude: 50.5, longitude: 10.5 }, interests: [1, 2, 3] };
  const gone = await profile(world, here);
  await happens(world, "user.created", { user_id: gone });
  await world.drain();
  expect((await shown(world)).filter(({ candidate }) => candidate === gone)).not.toEqual([]);
  await erase(world, gone);
  // Somebody far away, whom nobody would list before the others.
  const late = await profile(world, { profile: { latitude: -50, longitude: -100 } });
  await happens(world, "user.created", { user_id: late });
  await world.drain();
  expect(await shown(world)).toEqual(await expected(world));
  expect(await world.query("select facts from pair_people where user_id = $1", [gone])).toEqual([
    { facts: null },
  ]);
  await scorePairs(world, { full: true });
  expect(await world.query("select 1 from pair_people where user_id = $1", [gone])).toEqual([]);
  await expectExact(world);
});

it("lists of others are updated although they name somebody who changed and was erased", async () => {
  const world = await createWorld();
  // All the same, so that each entry is compared with the others.
  const [ada, gone, bob] = [await profile(world), await profile(world), await profile(world)];
  await scorePairs(world, { topK: 1 });
  await happens(world, "preferences.updated", { user_id: gone });
  await world.drain();
  await erase(world, gone);
  await happens(world, "preferences.updated", { user_id: bob });
  await world.drain();
  expect(await world.query("select 1 from outbox")).toEqual([]);
  expect(await shown(world)).toEqual(await expected(world));
  expect((await shown(world)).filter(({ user }) => user === ada).map(({ candidate }) => candidate)).toEqual([
    bob,
  ]);
});
