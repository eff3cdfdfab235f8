import { describe, expect, it } from "vitest";
import { z } from "zod";
import { rangeName } from "../../src/queues/catalogue.ts";
import { defineJob } from "../../src/queues/job.ts";
import { done } from "../../src/queues/outcome.ts";
import { rangesAtOnce, topUpRanges } from "../../src/queues/parked-ranges.ts";
import { relayOnce } from "../../src/queues/relay-round.ts";
import { listRuns } from "../../src/queues/runs.ts";
import { eventually } from "../support/eventually.ts";
import { gate } from "../support/gate.ts";
import { enqueueIn, noted, singleJob } from "../support/jobs.ts";
import { createWorld, type World } from "../support/world.ts";

const QUEUE = "commissions";
const AT_ONCE = rangesAtOnce({ queue: QUEUE });
const RANGES = 40;

/** A run of many ranges in the queue of sales. */
const longRun = (
  run: (range: number) => Promise<void> = async () => undefined,
  attempts = 15,
  limit: { readonly rangesPerWorker?: number } = {},
) =>
  defineJob({
    name: "long-run",
    queue: QUEUE,
    description: "Has many ranges.",
    payload: z.object({}),
    range: z.number(),
    ...limit,
    key: () => "all",
    attempts,
    timeLimitMs: 60_000,
    cut: async () => Array.from({ length: RANGES }, (_, index) => index),
    run: async (range: number) => {
      await run(range);
      return done({ ranges: 1 });
    },
    sum: async (_payload, counts) => done(counts),
  });

const sale = singleJob(undefined, { name: "note-sale", queue: QUEUE });

const waiting = async (world: World): Promise<{ due: number; parked: number }> => {
  const [row] = await world.query<{ due: number; parked: number }>(
    `select count(*) filter (where run_at < 'infinity' and dead_at is null)::int as due,
            count(*) filter (where run_at = 'infinity')::int as parked from outbox where job = 'long-run/range'`,
  );
  return row!;
};

describe("the ranges of a run", () => {
  it("leave workers free: single work in the same queue is done while they run", async () => {
    const release = gate();
    const job = longRun(() => release.passed);
    const world = await createWorld({ jobs: [job, sale] });
    await world.startWorkers();
    await enqueueIn(world, job, {});
    await eventually(async () => {
      const active = await world.producers.queue(QUEUE).getActiveCount();
      expect(active).toBe(AT_ONCE);
    });
    await enqueueIn(world, sale, { item: "a" }, { item: "b" });
    await eventually(async () => expect(await noted(world)).toHaveLength(2));
    expect(await waiting(world)).toEqual({ due: AT_ONCE, parked: RANGES - AT_ONCE });
    release.open();
    await eventually(async () => {
      const [run] = await listRuns(world.db.drizzle, { job: job.name }, 1);
      expect(run).toMatchObject({ status: "done", counts: { ranges: RANGES } });
    });
  });

  it("wait in Redis behind single work that was enqueued later", async () => {
    const job = longRun();
    const world = await createWorld({ jobs: [job, sale] });
    await eventually(() => expect(world.producers.ready()).toBe(true));
    await world.perform(job, {});
    await relayOnce(world);
    await enqueueIn(world, sale, { item: "a" });
    await relayOnce(world);
    await eventually(async () => {
      const waiting = await world.producers.queue(QUEUE).getPrioritized();
      expect(waiting.map(({ name }) => name)).toEqual([sale.name, ...Array(AT_ONCE).fill(rangeName(job))]);
    });
  });

  it("are released one by one as others are settled", async () => {
    const job = longRun();
    const world = await createWorld({ jobs: [job] });
    await world.perform(job, {});
    for (let settled = 1; settled <= 3; settled++) {
      const [entry] = await world.enqueued({ name: rangeName(job) });
      await world.run({ name: rangeName(job) }, [entry!.id]);
      expect(await waiting(world)).toEqual({ due: AT_ONCE, parked: RANGES - AT_ONCE - settled });
    }
    await world.drain();
    expect((await listRuns(world.db.drizzle, { job: job.name }, 1))[0]).toMatchObject({ status: "done" });
  });

  it("are released by one that fails, and by one that dies", async () => {
    const job = longRun(() => Promise.reject(new Error("no")), 2);
    const world = await createWorld({ jobs: [job] });
    await world.perform(job, {});
    const [entry] = await world.enqueued({ name: rangeName(job) });
    await world.run({ name: rangeName(job) }, [entry!.id]);
    expect(await waiting(world)).toMatchObject({ parked: RANGES - AT_ONCE - 1 });
    expect(await world.run({ name: rangeName(job) }, [entry!.id])).toMatchObject({ dead: 1 });
    expect(await waiting(world)).toMatchObject({ parked: RANGES - AT_ONCE - 2 });
  });

  it("are released by the scheduler when none is left that would release them", async () => {
    const job = longRun();
    const world = await createWorld({ jobs: [job] });
    await world.perform(job, {});
    await world.query("delete from outbox where run_at < 'infinity'");
    for (const _ of [1, 2]) {
      await topUpRanges(world.db, world.producers, world.catalogue);
      expect(await waiting(world)).toEqual({ due: AT_ONCE, parked: RANGES - 2 * AT_ONCE });
    }
  });

  it("run as few at a time as their job declares, also when workers were added", async () => {
    const release = gate();
    const job = longRun(() => release.passed, 15, { rangesPerWorker: 1 });
    const world = await createWorld({ jobs: [job] });
    await world.startWorkers({ queues: [QUEUE] });
    await enqueueIn(world, job, {});
    await eventually(async () => expect(await waiting(world)).toEqual({ due: 1, parked: RANGES - 1 }));
    const active = () => world.producers.queue(QUEUE).getActiveCount();
    await world.startWorkers({ queues: [QUEUE] });
    await topUpRanges(world.db, world.producers, world.catalogue);
    await eventually(async () => expect(await active()).toBe(2));
    release.open();
    await eventually(async () => expect(await world.enqueued()).toEqual([]));
  });

  it("run on workers that were added since the run was cut", async () => {
    const release = gate();
    const job = longRun(() => release.passed);
    const world = await createWorld({ jobs: [job] });
    await world.startWorkers({ queues: [QUEUE] });
    await enqueueIn(world, job, {});
    const active = () => world.producers.queue(QUEUE).getActiveCount();
    await eventually(async () => expect(await active()).toBe(AT_ONCE));
    await world.startWorkers({ queues: [QUEUE] });
    await topUpRanges(world.db, world.producers, world.catalogue);
    await eventually(async () => expect(await active()).toBe(rangesAtOnce({ queue: QUEUE }, 2)));
    release.open();
    await eventually(async () => expect(await world.enqueued()).toEqual([]));
  });
});
