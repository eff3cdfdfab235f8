import { expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { servedVersion } from "../../src/db/versions.ts";
import { computeCompatibility, storeCompatibility } from "../../src/people/compatibility-range.ts";
import { Snooze } from "../../src/queues/outcome.ts";
import { compatibility } from "../../src/workers/matching/people/compatibility.ts";
import { computeContext } from "../support/compute-context.ts";
import { performRun } from "../support/jobs.ts";
import { community, scorePairs } from "../support/pairs.ts";
import { createWorld } from "../support/world.ts";

it("lists computed from replaced pair lists are not stored: some people may have been missing", async () => {
  const world = await createWorld();
  const ids = await community(world, 67, 6);
  await scorePairs(world);
  await performRun(world, compatibility, {});
  const lists = () =>
    world.query("select user_id, target_ids, inputs_hash from compatibility_lists order by user_id");
  const before = await lists();
  const served = (await servedVersion(world.db.drizzle, "compatibility"))!;
  const range = {
    version: served.id,
    algoVersion: 1,
    users: { ids },
    suggestions: 100,
    perStatement: 100,
  };
  const context = computeContext(world);
  // Half of the people are deleted while they are read, as after a swap.
  const pairs = (await servedVersion(world.db.drizzle, "pairs"))!;
  await world.query("update list_versions set changes = 100 where id = $1", [pairs.id]);
  await world.query("delete from pair_people where version = $1 and position < 3", [pairs.id]);
  const computed = await computeCompatibility(context, range);
  await scorePairs(world, { full: true });
  await expect(
    inTransaction(world.db, (tx) => storeCompatibility({ ...context, tx }, range, computed)),
  ).rejects.toThrow(Snooze);
  expect(await lists()).toEqual(before);
  const again = await computeCompatibility(context, range);
  expect(
    await inTransaction(world.db, (tx) => storeCompatibility({ ...context, tx }, range, again)),
  ).toMatchObject({ unchanged: ids.length });
});
