import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { buildUserTraits } from "../../../../src/workers/matching/people/build-user-traits.ts";
import { performRun } from "../../../support/jobs.ts";
import { answer, happens, profile } from "../../../support/pairs.ts";
import { createWorld, type World } from "../../../support/world.ts";

const build = (world: World, input: { userId?: string; batchSize?: number } = {}) =>
  performRun(world, buildUserTraits, input);

const traitsOf = (world: World, userId: string) =>
  world.query(
    "select n.name, t.value, t.n from user_traits t join traits n on n.id = t.trait_id where t.user_id = $1 order by 1",
    [userId],
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

  it("leaves out what is not a number, in the row that holds it alone", async () => {
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
});
