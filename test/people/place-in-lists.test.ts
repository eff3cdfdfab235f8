import { expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { computePlacement, storePlacement } from "../../src/people/place-in-lists.ts";
import { Snooze } from "../../src/queues/outcome.ts";
import { computeContext } from "../support/compute-context.ts";
import { community, expectExact, sameDatabase, scorePairs, setInterests } from "../support/pairs.ts";
import { createWorld, type World } from "../support/world.ts";

const compute = async (world: World, userId: string) =>
  (await computePlacement(computeContext(world), { userIds: [userId], perStatement: 5_000 }))!;

const store = (world: World, computed: Awaited<ReturnType<typeof compute>>) =>
  inTransaction(world.db, (tx) => storePlacement({ ...computeContext(world), tx }, computed));

it("a placement computed before that of another process is not stored, and is computed again from the stored lists", async () => {
  const world = await createWorld();
  const ids = await community(world, 43, 24);
  await scorePairs(world, { topK: 5 });
  const other = await sameDatabase(world, {});
  const [late, early, first] = ids as [string, string, string];
  for (const id of [late, early, first]) await setInterests(world, id, [1, 2, 3]);
  await world.query("insert into pair_changes (user_id) select unnest($1::bigint[])", [[late, early, first]]);
  // Both have the floors in memory.
  await store(world, await compute(world, first));
  const stale = await compute(world, late);
  await store(other, await compute(other, early));
  await expect(store(world, stale)).rejects.toThrow(Snooze);
  expect(await world.query("select user_id from pair_changes")).toEqual([{ user_id: late }]);
  await store(world, await compute(world, late));
  await scorePairs(world);
  await expectExact(world);
});

it("of two placements computed concurrently in a process, the second is computed again", async () => {
  const world = await createWorld();
  const ids = await community(world, 47, 24);
  await scorePairs(world, { topK: 5 });
  const changed = ids.slice(0, 4);
  for (const id of changed) await setInterests(world, id, [1, 2, Number(id) % 5]);
  await world.query("insert into pair_changes (user_id) select unnest($1::bigint[])", [changed]);
  const computed = await Promise.all(changed.map((id) => compute(world, id)));
  const stored = await Promise.allSettled(computed.map((one) => store(world, one)));
  expect(stored.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  await scorePairs(world);
  expect(await world.query("select 1 from pair_changes")).toEqual([]);
  await expectExact(world);
});
