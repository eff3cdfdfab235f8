import { describe, expect, it } from "vitest";
import { z } from "zod";
import { inTransaction } from "../../src/db/transaction.ts";
import { sumName } from "../../src/queues/catalogue.ts";
import { retryDeadLetters } from "../../src/queues/dead-letters.ts";
import { defineJob } from "../../src/queues/job.ts";
import { runInline } from "../../src/queues/manual-runs.ts";
import { done, further } from "../../src/queues/outcome.ts";
import { listRuns } from "../../src/queues/runs.ts";
import { executionOf } from "../../src/roles/execution.ts";
import { eventually } from "../support/eventually.ts";
import { enqueueRunIn, note, noted } from "../support/jobs.ts";
import { dieAtNextCommit } from "../support/kills.ts";
import { createWorld, type OutboxRow, type World } from "../support/world.ts";

let failOn: string | null = null;

/**
 * Runs rounds with as many ranges as the payload says. Each range counts one, and every sum but the last
 * keeps the counts.
 */
const goOn = defineJob({
  name: "go-on",
  queue: "maintenance",
  description: "Runs ranges in rounds.",
  payload: z.object({ rounds: z.array(z.number()) }),
  key: () => "all",
  attempts: 1,
  range: z.string(),
  cut: async ({ rounds }) => rangesOf(0, rounds),
  run: async (range: string, { tx, now }) => {
    if (failOn === range) throw new Error("this range fails");
    await note(tx, `${range} at ${now.toISOString()}`);
    return done({ ranges: 1, [range.slice(0, 1)]: 1 });
  },
  sum: async ({ rounds }, counts, { tx, round }) => {
    await note(tx, `sum ${round} of ${JSON.stringify(counts)}`);
    if (round + 1 < rounds.length)
      return further(rangesOf(round + 1, rounds), { ...counts, sums: round + 1 });
    return done({ ...counts, last: round });
  },
});

const rangesOf = (round: number, rounds: readonly number[]): string[] =>
  Array.from({ length: rounds[round] ?? 0 }, (_, n) => `${"abc"[round]}${n}`);

const begin = async (rounds: number[]) => {
  failOn = null;
  const world = await createWorld({ jobs: [goOn], at: "2026-05-01T00:00:00Z" });
  await enqueueRunIn(world, goOn, { rounds });
  return world;
};
const latest = async (world: World) => (await listRuns(world.db.drizzle, null, 10))[0]!;
const runEntry = (world: World, entry: OutboxRow) => world.run({ name: entry.job }, [entry.id]);

/** Settles entries until the next one is the sum. @returns that one. */
async function untilSum(world: World): Promise<OutboxRow> {
  for (;;) {
    const [entry] = await world.enqueued();
    if (entry!.job === sumName(goOn)) return entry!;
    await runEntry(world, entry!);
  }
}

describe("a sum that returns further ranges", () => {
  it("is called again when they are settled, with the counts of all, until it returns an outcome", async () => {
    const world = await begin([2, 3, 1]);
    await world.drain();
    expect((await noted(world)).filter((what) => what.startsWith("sum"))).toEqual([
      'sum 0 of {"a":2,"ranges":2}',
      'sum 1 of {"a":2,"b":3,"sums":1,"ranges":5}',
      'sum 2 of {"a":2,"b":3,"c":1,"sums":2,"ranges":6}',
    ]);
    expect(await latest(world)).toMatchObject({
      status: "done",
      total: 6,
      pending: 0,
      counts: { a: 2, b: 3, c: 1, sums: 2, ranges: 6, last: 2 },
    });
    expect(await world.enqueued()).toEqual([]);
  });

  it("keeps the run running, with a larger total, as of the time of the cut", async () => {
    const world = await begin([2, 3]);
    const sum = await untilSum(world);
    world.at("2026-05-01T09:00:00Z");
    expect(await runEntry(world, sum)).toMatchObject({ done: 1, counts: { ranges: 3 } });
    expect(await latest(world)).toMatchObject({
      status: "running",
      finishedAt: null,
      total: 5,
      pending: 3,
      counts: { a: 2, ranges: 2, sums: 1 },
    });
    await world.drain();
    const times = (await noted(world))
      .filter((what) => / at /.test(what))
      .map((what) => what.split(" at ")[1]);
    expect(times).toHaveLength(5);
    expect(new Set(times)).toEqual(new Set(["2026-05-01T00:00:00.000Z"]));
  });

  it("without any further range is called again at once", async () => {
    const world = await begin([0, 0, 1]);
    await world.drain();
    expect(await latest(world)).toMatchObject({
      status: "done",
      total: 1,
      pending: 0,
      counts: { c: 1, last: 2 },
    });
  });

  it("takes effect once, even if every carrier of every round runs twice at the same time", async () => {
    const world = await begin([3, 4, 2]);
    for (;;) {
      const entries = await world.enqueued();
      if (entries.length === 0) break;
      await Promise.all([...entries, ...entries].map((entry) => runEntry(world, entry)));
    }
    expect(await latest(world)).toMatchObject({
      status: "done",
      total: 9,
      counts: { a: 3, b: 4, c: 2, ranges: 9 },
    });
    expect(await noted(world)).toHaveLength(9 + 3);
  });

  it("killed before its commit continues once, with the next attempt", async () => {
    const world = await begin([2, 3]);
    const sum = await untilSum(world);
    const deaths = await dieAtNextCommit(world, "audit_log");
    await runEntry(world, sum);
    expect(await deaths()).toBe(1);
    await world.drain();
    expect(await latest(world)).toMatchObject({
      status: "done",
      total: 5,
      pending: 0,
      counts: { ranges: 5 },
    });
  });

  it("continues from what is stored in Postgres, on any worker", async () => {
    const world = await begin([5, 5]);
    await runEntry(world, await untilSum(world));
    expect(await world.enqueued()).toHaveLength(5);
    await world.startWorkers();
    world.relay.wake();
    await eventually(async () =>
      expect(await latest(world)).toMatchObject({ status: "done", counts: { ranges: 10 } }),
    );
  });

  it("waits for a dead range of a later round, and ends after that is retried", async () => {
    const world = await begin([1, 3]);
    failOn = "b1";
    await world.drain();
    expect(await latest(world)).toMatchObject({ status: "failed", total: 4, pending: 1 });
    failOn = null;
    await inTransaction(world.db, (tx) =>
      retryDeadLetters(tx, {}, { actor: "test", reason: "fixed", catalogue: world.catalogue }),
    );
    await world.drain();
    expect(await latest(world)).toMatchObject({ status: "done", pending: 0, counts: { ranges: 4, last: 1 } });
  });

  it("runs inline", async () => {
    failOn = null;
    const world = await createWorld({ jobs: [goOn] });
    const seen: number[] = [];
    const run = await runInline(
      executionOf(world),
      goOn,
      { rounds: [2, 3] },
      ({ total }) => void seen.push(total ?? 0),
      new AbortController().signal,
    );
    expect(run).toMatchObject({ status: "done", total: 5, pending: 0, counts: { ranges: 5 } });
    expect([...new Set(seen)]).toEqual([2, 5]);
  });

  it("in a dry run runs every round, counts everything once, and changes nothing", async () => {
    failOn = null;
    const world = await createWorld({ jobs: [goOn] });
    expect(await world.dryRun(goOn, { rounds: [2, 3, 0] })).toMatchObject({
      fault: null,
      ranges: 5,
      counts: { a: 2, b: 3, ranges: 5, sums: 2, last: 2 },
      entries: [],
    });
    expect(await noted(world)).toEqual([]);
  });
});
