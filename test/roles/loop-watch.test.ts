import { setImmediate as nextIteration } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { openProcessorClock } from "../../src/processor-time.ts";
import { type ComputeContext, defineJob, type Job } from "../../src/queues/job.ts";
import { done } from "../../src/queues/outcome.ts";
import { type LoopUser, startLoopWatch } from "../../src/roles/loop-watch.ts";
import { eventually } from "../support/eventually.ts";
import { enqueueIn, enqueueRunIn, singleJob } from "../support/jobs.ts";
import { createWorld, type World } from "../support/world.ts";

const clock = openProcessorClock();

/** Uses the processor for a time, however many other programs want it. */
function block(ms: number): void {
  for (const until = clock() + ms; clock() < until; );
}

const watching = () => {
  const held: [string | null, number][] = [];
  const watch = startLoopWatch((user, ms) => void held.push([user?.job ?? null, ms]));
  onTestFinished(watch.stop);
  return { watch, held, byJobs: () => held.filter(([job]) => job !== null) };
};

const a: LoopUser = { queue: "maintenance", job: "a" };
const b: LoopUser = { queue: "maintenance", job: "b" };

describe("the watch of the event loop", () => {
  it("charges a job with the time from its answer until the loop goes on", async () => {
    const { watch, byJobs } = watching();
    const runs = watch.watch(a);
    runs();
    block(200);
    await nextIteration();
    block(200);
    await nextIteration();
    expect(byJobs()).toEqual([["a", expect.any(Number)]]);
    expect(byJobs()[0]![1]).toBeGreaterThanOrEqual(100);
  });

  it("does not charge the jobs beside it", async () => {
    const { watch, byJobs } = watching();
    watch.watch(b)();
    watch.watch(a)();
    block(200);
    watch.watch(b)();
    await nextIteration();
    expect(byJobs().map(([job]) => job)).toEqual(["a"]);
  });

  it("adds up what the carriers of a job use in one iteration", async () => {
    const { watch, byJobs } = watching();
    for (let carrier = 0; carrier < 4; carrier++) {
      watch.watch({ ...a })();
      block(30);
      watch.watch(b)();
    }
    await nextIteration();
    expect(byJobs().map(([job]) => job)).toEqual(["a"]);
  });

  it("charges no job with work that runs while all of them wait", async () => {
    const { watch, held } = watching();
    watch.watch(a)();
    // A timer may fire in the same turn of the loop; the second immediate runs in a later one.
    await nextIteration();
    await nextIteration();
    block(300);
    await eventually(async () => expect(held.map(([job]) => job)).toContain(null));
    expect(held.map(([job]) => job)).not.toContain("a");
  });
});

const heldBy = (world: World, job: string) =>
  world.metrics.registry
    .metrics()
    .then((text) => text.includes(`loop_delay_seconds_count{queue="maintenance",job="${job}"}`));

it("a job that blocks the loop appears in the metrics under its name, and one beside it does not", async () => {
  let blocked = () => {};
  const done = new Promise<void>((resolve) => {
    blocked = resolve;
  });
  const blocking = singleJob(async () => {
    block(300);
    blocked();
    return undefined;
  });
  const waiting = singleJob(
    async () => {
      await done;
      return undefined;
    },
    { name: "wait-beside" },
  );
  const world = await createWorld({ jobs: [waiting, blocking] });
  await world.startWorkers({ concurrency: () => 2 });
  await enqueueIn(world, waiting, { item: "a" });
  await enqueueIn(world, blocking, { item: "a" });
  await eventually(async () => expect(await heldBy(world, "note-item")).toBe(true));
  expect(await heldBy(world, "wait-beside")).toBe(false);
});

const numbers = z.object({ item: z.string() });
const TASKS = new URL("../support/thread-tasks.ts", import.meta.url);

/** A job that blocks the loop in `compute` once a part of its work has been done elsewhere. */
const computing = (name: string, wait: (context: ComputeContext) => Promise<unknown>): Job =>
  defineJob({
    name,
    queue: "maintenance",
    description: "Computes.",
    payload: numbers,
    key: ({ item }) => item,
    range: z.number(),
    cut: async () => [1],
    compute: async (_range: number, context) => {
      await wait(context);
      block(300);
    },
    run: async () => done({ ranges: 1 }),
    sum: async (_payload, counts) => done(counts),
  }) as Job;

describe("a job that blocks the loop outside of its transactions appears in the metrics under its name", () => {
  it.each([
    ["before it waits for anything", async () => undefined],
    [
      "after a thread has answered",
      ({ compute, signal }: ComputeContext) => compute.threads.call(TASKS, "sumTo", 5, signal),
    ],
    [
      "after a port has answered",
      ({ fetch, signal }: ComputeContext) =>
        fetch("a question", async ({ tokenSales }) => tokenSales?.listSales(new Date(), signal)),
    ],
  ])("%s", async (_when, wait) => {
    const job = computing("compute-blocked", wait);
    const tokenSales = { listSales: () => nextIteration({ sales: [] }) };
    const world = await createWorld({ jobs: [job], ports: { tokenSales } });
    await world.startWorkers({ concurrency: () => 1 });
    await enqueueRunIn(world, job, { item: "a" });
    await eventually(async () => expect(await heldBy(world, "compute-blocked/range")).toBe(true));
  });

  it("in its call", async () => {
    const job = defineJob({
      name: "call-blocked",
      queue: "maintenance",
      description: "Calls.",
      payload: numbers,
      key: ({ item }) => item,
      prepare: async () => ({ request: {} }),
      call: async () => block(300),
      record: async () => done({ called: 1 }),
    }) as Job;
    const world = await createWorld({ jobs: [job] });
    await world.startWorkers({ concurrency: () => 1 });
    await enqueueIn(world, job, { item: "a" });
    await eventually(async () => expect(await heldBy(world, "call-blocked")).toBe(true));
  });
});
