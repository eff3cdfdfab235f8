import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { inTransaction, type Tx } from "../../src/db/transaction.ts";
import { enqueue, enqueueMany } from "../../src/queues/enqueue.ts";
import { defineJob } from "../../src/queues/job.ts";
import { Cancel, skipped } from "../../src/queues/outcome.ts";
import { batchJob, enqueueIn, items, noted, singleJob } from "../support/jobs.ts";
import { createWorld } from "../support/world.ts";

describe("enqueue", () => {
  it("updates the waiting entry with the same key to the newer payload", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    const [first] = await enqueueIn(world, job, { item: "a", value: "old" });
    const [second] = await enqueueIn(world, job, { item: "a", value: "new" });
    expect(second).toBe(first);
    expect(await world.enqueued()).toMatchObject([
      { id: first, asks: 2, payload: { item: "a", value: "new" } },
    ]);
    await world.drain();
    expect(await noted(world)).toEqual(["new"]);
  });

  it("revives a dead entry with all its attempts", async () => {
    const job = singleJob(async ({ value }) => {
      if (value === "bad") throw new Cancel("bad");
      return undefined;
    });
    const world = await createWorld({ jobs: [job] });
    await world.perform(job, { item: "a", value: "bad" });
    expect(await world.enqueued()).toMatchObject([{ dead: true, attempts: 1 }]);
    await enqueueIn(world, job, { item: "a", value: "good" });
    expect(await world.enqueued()).toMatchObject([{ dead: false, attempts: 0, error: null }]);
    await world.drain();
    expect(await noted(world)).toEqual(["good"]);
    const runs = await world.query("select status from job_runs");
    expect(runs).toEqual([{ status: "done" }]);
  });

  it("makes one entry of several payloads with the same key, with the last payload", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    await enqueueIn(
      world,
      job,
      { item: "a", value: "1" },
      { item: "b", value: "2" },
      { item: "a", value: "3" },
    );
    const entries = await world.enqueued();
    expect(entries.map((e) => [e.key, (e.payload as { value: string }).value])).toEqual([
      ["a", "3"],
      ["b", "2"],
    ]);
  });

  it("adds a separate entry on request, without waiting for a transaction that adds another", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    const add = (tx: Tx) => enqueue(tx, job, { item: "a" }, { separate: true });
    await inTransaction(world.db, async (first) => {
      await add(first);
      await inTransaction(world.db, async (second) => {
        await second.execute(sql`set local lock_timeout = '1s'`);
        await add(second);
      });
    });
    expect((await world.enqueued(job)).map(({ asks, payload }) => ({ asks, payload }))).toEqual([
      { asks: 1, payload: { item: "a" } },
      { asks: 1, payload: { item: "a" } },
    ]);
  });

  it("does not run a failed entry before its back-off has passed", async () => {
    const job = singleJob(async () => {
      throw new Error("no");
    });
    const world = await createWorld({ jobs: [job] });
    await world.perform(job, { item: "a" });
    await enqueueIn(world, job, { item: "a" });
    expect(await world.query("select run_at > now() as later, attempts from outbox")).toEqual([
      { later: true, attempts: 1 },
    ]);
  });

  it("moves a delayed entry forward, and never back", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    const later = (delayMs: number) =>
      inTransaction(world.db, (tx) => enqueue(tx, job, { item: "a" }, { delayMs }));
    const due = async () =>
      (await world.query<{ due: boolean }>("select run_at <= now() as due from outbox"))[0]?.due;
    await later(60_000);
    expect(await due()).toBe(false);
    await later(0);
    expect(await due()).toBe(true);
    await later(60_000);
    expect(await due()).toBe(true);
  });

  it("refuses an invalid payload before anything is written", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    await expect(enqueueIn(world, job, { item: "a" }, { item: 7 } as never)).rejects.toThrow(
      /expected string/,
    );
    expect(await world.enqueued()).toEqual([]);
  });

  it("is rolled back with its transaction", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    const failing = inTransaction(world.db, async (tx) => {
      await enqueue(tx, job, { item: "a" });
      throw new Error("changed my mind");
    });
    await expect(failing).rejects.toThrow("changed my mind");
    expect(await world.enqueued()).toEqual([]);
  });

  it("never deadlocks two transactions, in whatever order they enqueue", async () => {
    const job = batchJob();
    const world = await createWorld({ jobs: [job] });
    const payloads = items(200);
    await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        inTransaction(world.db, (tx) =>
          enqueueMany(tx, job, n % 2 === 0 ? payloads : [...payloads].reverse()),
        ),
      ),
    );
    const entries = await world.enqueued();
    expect(entries).toHaveLength(200);
    expect(new Set(entries.map((entry) => entry.asks))).toEqual(new Set([10]));
  });
});

describe("defineJob", () => {
  it("refuses a name that is not in kebab-case, and a batch size that no carrier can hold", () => {
    expect(() => singleJob(undefined, { name: "noteItem" })).toThrow(/kebab-case/);
    for (const size of [0, 1.5, 2_001])
      expect(() => batchJob(undefined, { size })).toThrow(/batch size of note-items/);
  });

  it("derives the form of a job from its functions", () => {
    expect(singleJob().form).toBe("single");
    expect(batchJob().form).toBe("batch");
    const { name, queue, description, payload, key } = singleJob();
    const base = { name, queue, description, payload, key };
    const ranged = defineJob({
      ...base,
      range: z.number(),
      cut: async () => [1],
      run: async () => skipped(""),
      sum: async () => skipped(""),
    });
    expect(ranged.form).toBe("ranged");
    const outside = defineJob({
      ...base,
      prepare: async () => ({ nothing: "" }),
      call: async () => 1,
      record: async () => skipped(""),
    });
    expect(outside.form).toBe("outside");
  });
});
