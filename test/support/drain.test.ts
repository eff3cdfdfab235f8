import { expect, test } from "vitest";
import { TimeLimitExceeded } from "../../src/queues/outcome.ts";
import { enqueueIn, singleJob } from "./jobs.ts";
import { createWorld } from "./world.ts";

/** A world with an entry whose attempts run out of time, as on a busy machine, until the given one. */
async function slowUntil(attempt: number) {
  let attempts = 0;
  const job = singleJob(async () => {
    attempts += 1;
    if (attempts < attempt) throw new TimeLimitExceeded("ran longer than 1 ms");
    return undefined;
  });
  const world = await createWorld({ jobs: [job] });
  await enqueueIn(world, job, { item: "a" });
  return world;
}

test("a drain repeats attempts that ran out of time", async () => {
  const world = await slowUntil(3);
  expect(await world.drain()).toMatchObject([{ retry: 1 }, { retry: 1 }, { done: 1 }]);
  expect(await world.enqueued()).toEqual([]);
});

test("a drain leaves an entry whose attempts always run out of time", async () => {
  const world = await slowUntil(1_000);
  await world.drain();
  expect(await world.enqueued()).toMatchObject([{ dead: false }]);
});
