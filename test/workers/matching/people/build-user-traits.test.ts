import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { listRuns } from "../../../../src/queues/runs.ts";
import { buildUserTraits } from "../../../../src/workers/matching/people/build-user-traits.ts";
import { profileSearchIndex } from "../../../../src/workers/matching/people/profile-search-index.ts";
import { enqueueRunIn, performRun, runOne } from "../../../support/jobs.ts";
import { answer, expectExact, happens, profile, sameDatabase, scorePairs } from "../../../support/pairs.ts";
import { createWorld, type World } from "../../../support/world.ts";

const build = (world: World, input: { userId?: string; batchSize?: number } = {}) =>
  performRun(world, buildUserTraits, input);

/** What is served. */
const traitsOf = (world: World, userId: string) =>
  world.query(
    `select n.name, t.value, t.n from user_traits t join traits n on n.id = t.trait_id
     join list_versions v on v.id = t.version and v.state = 'served' where t.user_id = $1 order by 1`,
    [userId],
  );

/** All rows, by the version of their algorithm, its state and the user. */
const stored = (world: World) =>
  world.query(
    `select v.algo_version as algo, v.state, t.user_id as user, t.value from user_traits t
     full join list_versions v on v.id = t.version where v.area = 'traits' order by 1, 3`,
  );

describe("build-user-traits", () => {
  it("takes the mean and the number of the answers, each from -10 to 10", async () => {
    const world = await createWorld();
    const ada = await profile(world, { traits: { calm: 4, open: 25 } });
    await answer(world, ada, { calm: -1, bold: -300 });
    expect(await build(world)).toMatchObject({ status: "done", counts: { users: 1, traits: 3 } });
    expect(await traitsOf(world, ada)).toEqual([
      { name: "bold", value: -10, n: 1 },
      { name: "calm", value: 1.5, n: 2 },
      { name: "open", value: 10, n: 1 },
    ]);
  });

  it("ignores a value that is not a number, in its own row only", async () => {
    const world = await createWorld();
    const ada = await profile(world, { traits: { calm: 4 } });
    const bob = await profile(world, { traits: { calm: 2 } });
    await answer(world, ada, { calm: "NaN", open: null, bold: [1], proud: { a: 1 } });
    await world.query(
      "update quiz_options set trait_values = '[3]' where id = (select min(id) from quiz_options)",
    );
    await build(world);
    expect(await traitsOf(world, ada)).toEqual([]);
    expect(await traitsOf(world, bob)).toEqual([{ name: "calm", value: 2, n: 1 }]);
  });

  it("an option with 100,000 traits, or with a name that no index holds, takes nobody's traits away", async () => {
    const world = await createWorld();
    const ada = await profile(world, { traits: { calm: 4 } });
    const bob = await profile(world, { traits: { calm: 2 } });
    const unpackable = Array.from({ length: 600 }, () => randomUUID()).join("");
    await answer(world, ada, { [unpackable]: 5, open: 1 });
    await answer(world, ada, Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`k${n}`, 5])));
    expect(await build(world)).toMatchObject({ status: "done", counts: { users: 2, traits: 103 } });
    expect(await traitsOf(world, bob)).toEqual([{ name: "calm", value: 2, n: 1 }]);
  });

  it("removes the rows of those without answers, and writes nothing where nothing has changed", async () => {
    const world = await createWorld();
    const [ada, bob] = [
      await profile(world, { traits: { calm: 4 } }),
      await profile(world, { traits: { calm: 2 } }),
    ];
    await build(world);
    expect((await build(world)).counts).toMatchObject({ users: 0, traits: 2 });
    await world.query("delete from quiz_answers where user_id = $1", [ada]);
    await world.query("update profiles set deleted_at = now() where user_id = $1", [bob]);
    await build(world);
    expect([await traitsOf(world, ada), await traitsOf(world, bob)]).toEqual([[], []]);
  });

  it("--user-id builds those of one user, --batch-size sets how many a range builds", async () => {
    const world = await createWorld();
    const [ada, bob] = [
      await profile(world, { traits: { calm: 4 } }),
      await profile(world, { traits: { calm: 2 } }),
    ];
    expect((await build(world, { userId: ada })).total).toBe(1);
    expect([(await traitsOf(world, ada)).length, await traitsOf(world, bob)]).toEqual([1, []]);
    const users = await world.query("select 1 from users");
    expect((await build(world, { batchSize: 1 })).total).toBe(users.length);
    expect(await traitsOf(world, bob)).toHaveLength(1);
    for (const batchSize of [0, 5_001])
      expect(buildUserTraits.payload.safeParse({ batchSize }).success).toBe(false);
  });

  it("follows quiz.submitted", async () => {
    const world = await createWorld();
    const ada = await profile(world, { traits: { calm: 4 } });
    await happens(world, "quiz.submitted", { user_id: ada });
    await world.drain();
    expect(await traitsOf(world, ada)).toEqual([{ name: "calm", value: 4, n: 1 }]);
  });

  describe("TRAIT_ALGO_VERSION", () => {
    /** Two users with traits of version 1, of whom one has answered again since. */
    async function answeredAgain() {
      const world = await createWorld();
      const [ada, bob] = [
        await profile(world, { traits: { calm: 4 } }),
        await profile(world, { traits: { calm: 2 } }),
      ];
      await build(world);
      await answer(world, ada!, { calm: 10 });
      return { world, ada: ada!, bob: bob! };
    }

    it("of a newer process is written beside the older one, and replaces it when it is complete", async () => {
      const { world, ada, bob } = await answeredAgain();
      await scorePairs(world);
      const newer = await sameDatabase(world, { TRAIT_ALGO_VERSION: "2" });
      await enqueueRunIn(newer, buildUserTraits, { batchSize: 1 });
      for (const part of ["build-user-traits", RANGE, SUM]) await runOne(newer, part);
      const old = [
        { algo: 1, state: "served", user: ada, value: 4 },
        { algo: 1, state: "served", user: bob, value: 2 },
      ];
      for (const { job } of await newer.enqueued()) if (job === RANGE) await runOne(newer, RANGE);
      expect(await stored(newer)).toEqual([
        ...old,
        { algo: 2, state: "building", user: ada, value: 7 },
        { algo: 2, state: "building", user: bob, value: 2 },
      ]);
      expect(await traitsOf(newer, ada)).toEqual([{ name: "calm", value: 4, n: 1 }]);
      await runOne(newer, SUM);
      expect(await traitsOf(newer, ada)).toEqual([{ name: "calm", value: 7, n: 2 }]);
      await newer.drain();
      expect(await stored(newer)).toEqual([
        { algo: 2, state: "served", user: ada, value: 7 },
        { algo: 2, state: "served", user: bob, value: 2 },
      ]);
    });

    it("that is newer recomputes pair scores and the search index from the new traits", async () => {
      const { world } = await answeredAgain();
      await scorePairs(world);
      const newer = await sameDatabase(world, { TRAIT_ALGO_VERSION: "2" });
      await build(newer);
      await expectExact(newer);
      for (const job of ["match-scores", profileSearchIndex.name])
        expect((await listRuns(newer.db.drizzle, { job }, 1))[0]).toMatchObject({ status: "done" });
    });

    it("of an older process is not written: runs are skipped, a user who answers waits for a newer process", async () => {
      const { world: older, ada, bob } = await answeredAgain();
      const newer = await sameDatabase(older, { TRAIT_ALGO_VERSION: "2" });
      await build(newer);
      await answer(older, bob, { calm: -6 });
      const before = await stored(older);
      expect(await build(older)).toMatchObject({ status: "skipped" });
      await happens(older, "quiz.submitted", { user_id: bob });
      await older.drain();
      expect(await stored(older)).toEqual(before);
      expect(await traitsOf(older, ada)).toEqual([{ name: "calm", value: 7, n: 2 }]);
      expect(await older.enqueued(buildUserTraits)).toMatchObject([{ attempts: 0, dead: false }]);
      await newer.skipBackOff();
      await newer.drain();
      expect(await traitsOf(newer, bob)).toEqual([{ name: "calm", value: -2, n: 2 }]);
      expect(await newer.enqueued(buildUserTraits)).toEqual([]);
    });

    it("that is newer begins with the first user who answers", async () => {
      const { world, ada, bob } = await answeredAgain();
      const newer = await sameDatabase(world, { TRAIT_ALGO_VERSION: "2" });
      await happens(newer, "quiz.submitted", { user_id: ada });
      await newer.drain();
      expect(await stored(newer)).toEqual([
        { algo: 2, state: "served", user: ada, value: 7 },
        { algo: 2, state: "served", user: bob, value: 2 },
      ]);
    });

    it("never has rows of two algorithms: a newer process starts a version of an older one over", async () => {
      const { world: oldest, ada, bob } = await answeredAgain();
      const older = await sameDatabase(oldest, { TRAIT_ALGO_VERSION: "2" });
      await enqueueRunIn(older, buildUserTraits, { batchSize: 1 });
      for (const part of ["build-user-traits", RANGE, SUM, RANGE]) await runOne(older, part);
      const newest = await sameDatabase(older, { TRAIT_ALGO_VERSION: "3" });
      await newest.drain();
      expect(await stored(newest)).toEqual([
        { algo: 3, state: "served", user: ada, value: 7 },
        { algo: 3, state: "served", user: bob, value: 2 },
      ]);
    });

    it("of an older process writes nothing into a version that a newer one builds", async () => {
      const { world: older, ada, bob } = await answeredAgain();
      const newer = await sameDatabase(older, { TRAIT_ALGO_VERSION: "2" });
      await enqueueRunIn(newer, buildUserTraits, {});
      for (const part of ["build-user-traits", RANGE, SUM]) await runOne(newer, part);
      await older.drain();
      expect(await stored(older)).toEqual([
        { algo: 1, state: "served", user: ada, value: 4 },
        { algo: 1, state: "served", user: bob, value: 2 },
        { algo: 2, state: "building", user: null, value: null },
      ]);
      await newer.skipBackOff();
      await newer.drain();
      expect(await traitsOf(newer, ada)).toEqual([{ name: "calm", value: 7, n: 2 }]);
    });
  });
});

const [RANGE, SUM] = ["build-user-traits/range", "build-user-traits/sum"];
