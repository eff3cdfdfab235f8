import { describe, expect, it } from "vitest";
import { z } from "zod";
import { inTransaction } from "../../src/db/transaction.ts";
import { retryDeadLetters } from "../../src/queues/dead-letters.ts";
import { defineJob } from "../../src/queues/job.ts";
import { done } from "../../src/queues/outcome.ts";
import { listRuns } from "../../src/queues/runs.ts";
import { eventually } from "../support/eventually.ts";
import { ask, askForRun, note, noted } from "../support/jobs.ts";
import { createWorld, type OutboxRow, type World } from "../support/world.ts";

let failOn: ReadonlySet<number> = new Set();

/** Sums 1 to `upTo`, one number per range. */
const addUp = defineJob({
  name: "add-up",
  queue: "maintenance",
  description: "Adds up numbers.",
  payload: z.object({ upTo: z.number() }),
  key: () => "all",
  attempts: 1,
  cut: async ({ upTo }) => Array.from({ length: upTo }, (_, n) => n + 1),
  run: async (n: number, { tx, now }) => {
    if (failOn.has(n)) throw new Error("this range fails");
    await note(tx, `range at ${now.toISOString()}`);
    return done({ total: n });
  },
  sum: async ({ upTo }, counts, { tx, now }) => {
    await note(tx, `sum of ${upTo} is ${counts["total"] ?? 0} at ${now.toISOString()}`);
    return done({ total: counts["total"] ?? 0 });
  },
});

const latest = async (world: World) => (await listRuns(world.db.drizzle, null, 10))[0]!;
const runEntry = (world: World, entry: OutboxRow) => world.run({ name: entry.job }, [entry.id]);
const sums = async (world: World) => (await noted(world)).filter((what) => what.startsWith("sum"));

describe("a ranged job", () => {
  it("is cut into ranges, and summed once after all of them", async () => {
    failOn = new Set();
    const world = await createWorld({ jobs: [addUp], at: "2026-05-01T00:00:00Z" });
    await askForRun(world, addUp, { upTo: 10 });
    await world.drain();
    expect(await latest(world)).toMatchObject({
      status: "done",
      total: 10,
      pending: 0,
      counts: { total: 55 },
    });
    expect(await sums(world)).toEqual(["sum of 10 is 55 at 2026-05-01T00:00:00.000Z"]);
    expect(await world.enqueued()).toEqual([]);
  });

  it("shows its progress", async () => {
    failOn = new Set();
    const world = await createWorld({ jobs: [addUp] });
    await askForRun(world, addUp, { upTo: 4 });
    const [cut] = await world.enqueued();
    await runEntry(world, cut!);
    expect(await latest(world)).toMatchObject({ status: "running", total: 4, pending: 4 });
    const [range] = await world.enqueued();
    await runEntry(world, range!);
    expect(await latest(world)).toMatchObject({
      status: "running",
      total: 4,
      pending: 3,
      counts: { total: 1 },
    });
  });

  it("without ranges is summed at once", async () => {
    failOn = new Set();
    const world = await createWorld({ jobs: [addUp] });
    await askForRun(world, addUp, { upTo: 0 });
    await world.drain();
    expect(await latest(world)).toMatchObject({ status: "done", total: 0, pending: 0 });
    expect(await sums(world)).toHaveLength(1);
  });

  it("runs every range and the sum as of the same time", async () => {
    failOn = new Set();
    const world = await createWorld({ jobs: [addUp], at: "2026-05-01T00:00:00Z" });
    await askForRun(world, addUp, { upTo: 3 });
    const [cut] = await world.enqueued();
    await runEntry(world, cut!);
    world.at("2026-05-01T09:00:00Z");
    await world.drain();
    const times = (await noted(world)).map((what) => what.split(" at ")[1]);
    expect(new Set(times)).toEqual(new Set(["2026-05-01T00:00:00.000Z"]));
  });

  it("has its own run when it was enqueued by an event", async () => {
    failOn = new Set();
    const world = await createWorld({ jobs: [addUp] });
    await ask(world, addUp, { upTo: 3 });
    await world.drain();
    expect(await latest(world)).toMatchObject({ trigger: "event", status: "done", counts: { total: 6 } });
  });

  it("counts each range once, even if every carrier runs twice at the same time", async () => {
    failOn = new Set();
    const world = await createWorld({ jobs: [addUp] });
    await askForRun(world, addUp, { upTo: 20 });
    const [cut] = await world.enqueued();
    await Promise.all([runEntry(world, cut!), runEntry(world, cut!)]);
    const ranges = await world.enqueued();
    expect(ranges).toHaveLength(20);
    await Promise.all([...ranges, ...ranges].map((range) => runEntry(world, range)));
    await world.drain();
    expect(await latest(world)).toMatchObject({ status: "done", counts: { total: 210 } });
    expect(await sums(world)).toHaveLength(1);
  });

  it("fails when a range is dead; retrying the dead letter completes the run, with one sum", async () => {
    failOn = new Set([3]);
    const world = await createWorld({ jobs: [addUp] });
    await askForRun(world, addUp, { upTo: 5 });
    await world.drain();
    expect(await latest(world)).toMatchObject({ status: "failed", pending: 1 });
    expect(await sums(world)).toEqual([]);
    failOn = new Set();
    expect(
      await inTransaction(world.db, (tx) => retryDeadLetters(tx, {}, { actor: "test", reason: "fixed" })),
    ).toBe(1);
    expect(await latest(world)).toMatchObject({ status: "queued", finishedAt: null });
    await world.drain();
    expect(await latest(world)).toMatchObject({
      status: "done",
      pending: 0,
      counts: { total: 15 },
      error: null,
    });
    expect(await sums(world)).toHaveLength(1);
  });

  it("with two dead ranges stays failed until both are retried", async () => {
    failOn = new Set([2, 4]);
    const world = await createWorld({ jobs: [addUp] });
    await askForRun(world, addUp, { upTo: 5 });
    await world.drain();
    const [first] = await world.enqueued();
    failOn = new Set();
    await inTransaction(world.db, (tx) =>
      retryDeadLetters(tx, { id: first!.id }, { actor: "test", reason: "fixed" }),
    );
    await world.drain();
    expect(await latest(world)).toMatchObject({ status: "failed", pending: 1 });
    await inTransaction(world.db, (tx) => retryDeadLetters(tx, {}, { actor: "test", reason: "fixed" }));
    await world.drain();
    expect(await latest(world)).toMatchObject({ status: "done", counts: { total: 15 } });
    expect(await sums(world)).toHaveLength(1);
  });

  it("runs through Redis on any free worker", async () => {
    failOn = new Set();
    const world = await createWorld({ jobs: [addUp] });
    await world.startWorkers();
    await askForRun(world, addUp, { upTo: 30 });
    world.relay.wake();
    await eventually(async () =>
      expect(await latest(world)).toMatchObject({ status: "done", counts: { total: 465 } }),
    );
  });
});
