import { expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { openVersion } from "../../src/db/versions.ts";
import { storePairs } from "../../src/people/pair-range.ts";
import { profile } from "../support/pairs.ts";
import { createWorld } from "../support/world.ts";

it("a user who joins after the people of a version were cut has no position yet, and waits to be placed", async () => {
  const world = await createWorld();
  const [ada, bob] = [await profile(world), await profile(world)];
  const context = {
    settings: world.settings,
    log: world.log,
    attempt: 1,
    runId: null,
    signal: new AbortController().signal,
    remark: () => undefined,
    measure: () => undefined,
    compute: world.compute,
  };
  const counts = await inTransaction(world.db, async (tx) => {
    const now = world.clock.now();
    const version = await openVersion(tx, "pairs", { algoVersion: 1, asOf: now, servedLength: 200 }, null);
    const people = { version, from: "0", to: "1000000", first: 5, size: 1 };
    return storePairs({ ...context, tx, now }, { people }, null);
  });
  expect(counts).toEqual({ people: 1 });
  expect(await world.query("select user_id, position from pair_people")).toEqual([
    { user_id: ada, position: 5 },
  ]);
  expect(await world.query("select user_id from pair_changes")).toEqual([{ user_id: bob }]);
});
