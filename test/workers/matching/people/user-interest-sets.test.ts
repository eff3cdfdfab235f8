import { describe, expect, it } from "vitest";
import { userInterestSets } from "../../../../src/workers/matching/people/user-interest-sets.ts";
import { performRun } from "../../../support/jobs.ts";
import { happens, profile, setInterests } from "../../../support/pairs.ts";
import { recordStatements } from "../../../support/statements.ts";
import { createWorld, type World } from "../../../support/world.ts";

const update = (world: World, input: { userId?: string; batchSize?: number } = {}) =>
  performRun(world, userInterestSets, input);

const sets = async (world: World) => ({
  interests: await world.query(
    "select i.key, s.user_id from interest_user_set s join interests i on i.id = s.interest_id order by i.key::int, s.user_id",
  ),
  subjects: await world.query(
    "select t.key, s.user_id from interest_subject_user_set s join interest_subjects t on t.id = s.subject_id order by 1, 2",
  ),
});

describe("user-interest-sets", () => {
  it("keeps who has which interest, and one of which subject, by difference", async () => {
    const world = await createWorld();
    const [ada, bob] = [
      await profile(world, { interests: [1, 4] }),
      await profile(world, { interests: [1, 2] }),
    ];
    expect((await update(world)).counts).toEqual({ added: 7, removed: 0 });
    expect(await sets(world)).toEqual({
      interests: [
        { key: "1", user_id: ada },
        { key: "1", user_id: bob },
        { key: "2", user_id: bob },
        { key: "4", user_id: ada },
      ],
      subjects: [
        { key: "subject 1", user_id: ada },
        { key: "subject 1", user_id: bob },
        { key: "subject 2", user_id: bob },
      ],
    });
    await setInterests(world, ada, [4, 6]);
    await world.query("update profiles set deleted_at = now() where user_id = $1", [bob]);
    expect((await update(world)).counts).toEqual({ added: 2, removed: 5 });
    expect((await sets(world)).interests).toEqual([
      { key: "4", user_id: ada },
      { key: "6", user_id: ada },
    ]);
    expect((await update(world)).counts).toEqual({ added: 0, removed: 0 });
  });

  it("regression 10: never empties a set while it is rebuilt", async () => {
    const world = await createWorld();
    await profile(world, { interests: [1, 2] });
    await update(world);
    const statements = await recordStatements(world, () => update(world));
    expect(statements.filter(({ text }) => /truncate/i.test(text))).toEqual([]);
    const deletes = statements.filter(({ text }) => /delete from "interest_/.test(text));
    expect(deletes.length).toBeGreaterThan(0);
    for (const { text } of deletes) expect(text).toContain("not exists");
  });

  it("regression 11: reads users by ranges of ids, so that nobody is skipped", async () => {
    const world = await createWorld();
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) ids.push(await profile(world, { interests: [n] }));
    const users = await world.query("select 1 from users");
    expect((await update(world, { batchSize: 2 })).total).toBe(Math.ceil(users.length / 2));
    expect((await sets(world)).interests.map(({ user_id }) => user_id).sort()).toEqual([...ids].sort());
    for (const batchSize of [0, 10_001])
      expect(userInterestSets.payload.safeParse({ batchSize }).success).toBe(false);
  });

  it("--user-id and interests.updated update one user", async () => {
    const world = await createWorld();
    const [ada, bob] = [await profile(world, { interests: [1] }), await profile(world, { interests: [2] })];
    await update(world, { userId: ada });
    expect((await sets(world)).interests).toEqual([{ key: "1", user_id: ada }]);
    await happens(world, "interests.updated", { user_id: bob });
    await world.drain();
    expect((await sets(world)).interests).toHaveLength(2);
  });
});
