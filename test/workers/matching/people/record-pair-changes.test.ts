import { describe, expect, it } from "vitest";
import { buildUserTraits } from "../../../../src/workers/matching/people/build-user-traits.ts";
import { placePairs } from "../../../../src/workers/matching/people/place-pairs.ts";
import { recordPairChanges } from "../../../../src/workers/matching/people/record-pair-changes.ts";
import { userInterestSets } from "../../../../src/workers/matching/people/user-interest-sets.ts";
import { notifyFanOut } from "../../../../src/workers/notifications/fan-out/notify-fan-out.ts";
import { performRun } from "../../../support/jobs.ts";
import { answer, community, happens, profile, scorePairs, setInterests } from "../../../support/pairs.ts";
import { createWorld } from "../../../support/world.ts";

describe("record-pair-changes", () => {
  it("records users who changed once each, and enqueues one run that places them", async () => {
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

  it.each([
    "update profiles set deleted_at = now() where user_id = $1",
    "update users set deactivated_at = now() where id = $1",
  ])(
    "user.deleted takes a user out of every table of results at once, and no run brings them back: %s",
    async (leave) => {
      const world = await createWorld();
      const ids = await community(world, 41, 8);
      await setInterests(world, ids[0]!, [1, 2]);
      await answer(world, ids[0]!, { calm: 4 });
      await happens(world, "quiz.submitted", { user_id: ids[0] });
      await happens(world, "interests.updated", { user_id: ids[0] });
      await scorePairs(world);
      for (const table of ["user_traits", "interest_user_set", "pair_lists"])
        expect(await world.query(`select 1 from ${table} where user_id = $1`, [ids[0]]), table).not.toEqual(
          [],
        );
      await world.query(leave, [ids[0]]);
      await happens(world, "user.deleted", { user_id: ids[0] });
      await world.drain();
      await performRun(world, buildUserTraits, {});
      await performRun(world, userInterestSets, {});
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
    },
  );
});
