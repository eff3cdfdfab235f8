import { describe, expect, it } from "vitest";
import { placePairs } from "../../../../src/workers/matching/people/place-pairs.ts";
import { recordPairChanges } from "../../../../src/workers/matching/people/record-pair-changes.ts";
import { notifyFanOut } from "../../../../src/workers/notifications/fan-out/notify-fan-out.ts";
import { community, happens, profile, scorePairs } from "../../../support/pairs.ts";
import { createWorld } from "../../../support/world.ts";

describe("record-pair-changes", () => {
  it("notes users who changed once each, and asks for one run that places them", async () => {
    const world = await createWorld();
    const [ada, bob] = [await profile(world), await profile(world)];
    await world.perform(recordPairChanges, { userId: ada }, { userId: bob });
    await world.perform(recordPairChanges, { userId: ada });
    await world.perform(recordPairChanges, { userId: "999999" });
    expect(await world.query("select user_id from pair_changes order by user_id")).toEqual([
      { user_id: ada },
      { user_id: bob },
    ]);
    expect(await world.enqueued(placePairs)).toHaveLength(1);
  });

  it.each([
    [["skills"], 0],
    [["cv"], 0],
    [["cv", "bio"], 1],
    [["photo"], 1],
    [undefined, 1],
  ])("profile.updated with the parts %j concerns pairs %d times", async (parts, times) => {
    const world = await createWorld();
    const ada = await profile(world);
    await happens(world, "profile.updated", { user_id: ada, ...(parts ? { parts } : {}) });
    const [fanOut] = await world.enqueued(notifyFanOut);
    await world.run(notifyFanOut, [fanOut!.id]);
    expect(await world.enqueued(recordPairChanges)).toHaveLength(times);
  });

  it("user.deleted takes a user out of every table of results at once", async () => {
    const world = await createWorld();
    const ids = await community(world, 41, 8);
    await happens(world, "quiz.submitted", { user_id: ids[0] });
    await happens(world, "interests.updated", { user_id: ids[0] });
    await scorePairs(world);
    await world.query("update profiles set deleted_at = now() where user_id = $1", [ids[0]]);
    await happens(world, "user.deleted", { user_id: ids[0] });
    await world.drain();
    for (const table of [
      "user_traits",
      "interest_user_set",
      "interest_subject_user_set",
      "pair_lists",
      "match_scores",
    ])
      expect(await world.query(`select 1 from ${table} where user_id = $1`, [ids[0]]), table).toEqual([]);
    expect(await world.query("select 1 from match_scores where candidate_id = $1", [ids[0]])).toEqual([]);
    const [position] = await world.query(
      `select facts from pair_people p join list_versions v on v.id = p.version and v.state = 'served' where p.user_id = $1`,
      [ids[0]],
    );
    expect(position).toEqual({ facts: null });
  });
});
