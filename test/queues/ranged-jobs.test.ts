import { describe, expect, it } from "vitest";
import { z } from "zod";
import { inTransaction } from "../../src/db/transaction.ts";
import { discardDeadLetters, retryDeadLetters } from "../../src/queues/dead-letters.ts";
import { defineJob } from "../../src/queues/job.ts";
import { done } from "../../src/queues/outcome.ts";
import { failAbandonedRuns, listRuns } from "../../src/queues/runs.ts";
import { openDueSlots } from "../../src/schedules/due-slots.ts";
import { every } from "../../src/schedules/schedule.ts";
import { eventually } from "../support/eventually.ts";
import { enqueueIn, enqueueRunIn, note, noted } from "../support/jobs.ts";
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
  range: z.number(),
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

const rethrow = (_schedule: string, fault: unknown) => {
  throw fault;
};
const latest = async (world: World) => (await listRuns(world.db.drizzle, null, 10))[0]!;
const runEntry = (world: World, entry: OutboxRow) => world.run({ name: entry.job }, [entry.id]);
const retry = (world: World, { id }: OutboxRow) =>
  inTransaction(world.db, (tx) =>
    retryDeadLetters(tx, { id }, { actor: "test", reason: "fixed", catalogue: world.catalogue }),
  );
const discard = (world: World, { id }: OutboxRow) =>
  inTransaction(world.db, (tx) => discardDeadLetters(tx, { id }, { actor: "test", reason: "fixed" }));
const sums = async (world: World) => (await noted(world)).filter((what) => what.startsWith("sum"));

describe("a ranged job", () => {
  it("is cut into ranges, and summed once after all of them", async () => {
    failOn = new Set();
    const world = await createWorld({ jobs: [addUp], at: "2026-05-01T00:00:00Z" });
    await enqueueRunIn(world, addUp, { upTo: 10 });
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
    await enqueueRunIn(world, addUp, { upTo: 4 });
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
    await enqueueRunIn(world, addUp, { upTo: 0 });
    await world.drain();
    expect(await latest(world)).toMatchObject({ status: "done", total: 0, pending: 0 });
    expect(await sums(world)).toHaveLength(1);
  });

  it("runs every range and the sum as of the same time", async () => {
    failOn = new Set();
    const world = await createWorld({ jobs: [addUp], at: "2026-05-01T00:00:00Z" });
    await enqueueRunIn(world, addUp, { upTo: 3 });
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
    await enqueueIn(world, addUp, { upTo: 3 });
    await world.drain();
    expect(await latest(world)).toMatchObject({ trigger: "event", status: "done", counts: { total: 6 } });
  });

  it("counts each range once, even if every carrier runs twice at the same time", async () => {
    failOn = new Set();
    const world = await createWorld({ jobs: [addUp] });
    await enqueueRunIn(world, addUp, { upTo: 20 });
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
    await enqueueRunIn(world, addUp, { upTo: 5 });
    await world.drain();
    expect(await latest(world)).toMatchObject({ status: "failed", pending: 1 });
    expect(await sums(world)).toEqual([]);
    failOn = new Set();
    expect(
      await inTransaction(world.db, (tx) =>
        retryDeadLetters(tx, {}, { actor: "test", reason: "fixed", catalogue: world.catalogue }),
      ),
    ).toMatchObject({ retried: 1, superseded: 0 });
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
    await enqueueRunIn(world, addUp, { upTo: 5 });
    await world.drain();
    const [first] = await world.enqueued();
    failOn = new Set();
    await inTransaction(world.db, (tx) =>
      retryDeadLetters(tx, { id: first!.id }, { actor: "test", reason: "fixed", catalogue: world.catalogue }),
    );
    await world.drain();
    expect(await latest(world)).toMatchObject({ status: "failed", pending: 1 });
    await inTransaction(world.db, (tx) =>
      retryDeadLetters(tx, {}, { actor: "test", reason: "fixed", catalogue: world.catalogue }),
    );
    await world.drain();
    expect(await latest(world)).toMatchObject({ status: "done", counts: { total: 15 } });
    expect(await sums(world)).toHaveLength(1);
  });

  it("with one dead range discarded and another retried stays failed, and does not block its schedule", async () => {
    failOn = new Set([2, 4]);
    const world = await createWorld({ jobs: [addUp], at: "2026-05-01T00:00:00Z" });
    const timetable = [every("0 * * * *", addUp, { input: { upTo: 5 } })];
    const open = () =>
      inTransaction(world.db, (tx) => openDueSlots(tx, timetable, world.clock.now(), rethrow));
    await open();
    world.at("2026-05-01T01:00:00Z");
    await open();
    await world.drain();
    const [first, second] = await world.enqueued();
    failOn = new Set();
    await discard(world, first!);
    await retry(world, second!);
    expect(await latest(world)).toMatchObject({ status: "failed", counts: { discarded: 1 } });
    await world.drain();
    expect(await latest(world)).toMatchObject({ status: "failed", pending: 1 });
    expect(await sums(world)).toEqual([]);
    world.at("2026-05-01T02:00:00Z");
    expect(await open()).toHaveLength(1);
  });

  it("does not retry a dead range once a newer run has begun", async () => {
    failOn = new Set([2]);
    const world = await createWorld({ jobs: [addUp] });
    await enqueueRunIn(world, addUp, { upTo: 3 });
    await world.drain();
    const [old] = await world.enqueued();
    failOn = new Set();
    await enqueueRunIn(world, addUp, { upTo: 3 });
    expect(await retry(world, old!)).toMatchObject({ retried: 0, superseded: 1 });
    await world.drain();
    expect(await retry(world, old!)).toMatchObject({ retried: 0, superseded: 1 });
    expect(await world.enqueued()).toMatchObject([{ id: old!.id, dead: true }]);
  });

  it("retries a dead range after a run with another input, or one that failed", async () => {
    failOn = new Set([2]);
    const world = await createWorld({ jobs: [addUp] });
    await enqueueRunIn(world, addUp, { upTo: 2 });
    await world.drain();
    await enqueueRunIn(world, addUp, { upTo: 1 });
    await enqueueRunIn(world, addUp, { upTo: 2 });
    await world.drain();
    const [old] = await world.enqueued();
    failOn = new Set();
    expect(await retry(world, old!)).toMatchObject({ retried: 1, superseded: 0 });
  });

  it("runs through Redis on any free worker", async () => {
    failOn = new Set();
    const world = await createWorld({ jobs: [addUp] });
    await world.startWorkers();
    await enqueueRunIn(world, addUp, { upTo: 30 });
    world.relay.wake();
    await eventually(async () =>
      expect(await latest(world)).toMatchObject({ status: "done", counts: { total: 465 } }),
    );
  });
});

describe("an unfinished run", () => {
  it("without entries fails, and one with entries does not", async () => {
    failOn = new Set();
    const world = await createWorld({ jobs: [addUp] });
    const lost = await enqueueRunIn(world, addUp, { upTo: 3 });
    await enqueueRunIn(world, addUp, { upTo: 4 });
    await world.query("delete from outbox where parent = $1", [lost]);
    expect(await failAbandonedRuns(world.db.drizzle)).toEqual([lost]);
    expect(await world.query("select status, error from job_runs order by id")).toEqual([
      { status: "failed", error: "its entries are gone" },
      { status: "queued", error: null },
    ]);
    await world.drain();
    expect(await failAbandonedRuns(world.db.drizzle)).toEqual([]);
  });
});
