import { describe, expect, it } from "vitest";
import { type Carrier, FRESH } from "../../src/queues/carriers.ts";
import { createCoalescer } from "../../src/queues/coalesce-carriers.ts";
import { defineJob } from "../../src/queues/job.ts";
import { done } from "../../src/queues/outcome.ts";
import { runCarrier } from "../../src/queues/run-carrier.ts";
import { executionOf } from "../../src/roles/execution.ts";
import { eventually } from "../support/eventually.ts";
import { gate } from "../support/gate.ts";
import { enqueueIn, itemPayload, items, note, noted } from "../support/jobs.ts";
import { createWorld } from "../support/world.ts";

/** How many groups of one job a process runs at the same time. */
const BUSY = 2;

/** A world whose job records its groups and blocks them until `release`. */
async function openScene(fails: (item: string) => boolean = () => false, timeLimitMs = 5_000) {
  const groups: string[][] = [];
  const begun = Array.from({ length: BUSY }, gate);
  const held = gate();
  const job = defineJob({
    name: "note-groups",
    queue: "maintenance",
    description: "Notes its items.",
    payload: itemPayload,
    key: ({ item }) => item,
    timeLimitMs,
    batch: { size: 50 },
    runBatch: async (payloads, { tx }) => {
      groups.push(payloads.map(({ item }) => item));
      begun[groups.length - 1]?.open();
      await held.passed;
      for (const { item } of payloads) {
        if (fails(item)) throw new Error("on purpose");
        await note(tx, item);
      }
      return payloads.map(() => done({ noted: 1 }));
    },
  });
  const world = await createWorld({ jobs: [job] });
  const deps = executionOf(world, { coalescer: createCoalescer() });
  const ids = await enqueueIn(world, job, ...items(12));
  await world.query("update outbox set carrier = 'c'");
  const go = (entries: readonly string[], more: Partial<Carrier> = {}, stop = new AbortController().signal) =>
    runCarrier(deps, { ...FRESH, id: "c", job: job.name, entries, ...more }, stop);
  // The first carriers run alone, and the others arrive while they are under way.
  const busy = [];
  for (const [at, one] of begun.entries()) {
    busy.push(go(ids.slice(at, at + 1)));
    await one.passed;
  }
  const first = Promise.all(busy);
  return { world, groups, ids: ids.slice(BUSY), go, first, release: () => held.open() };
}

/** The items of the first carriers; `names` gives the others by their index. */
const under = items(BUSY).map(({ item }) => item);
const names = (from: number, to: number) =>
  items(12)
    .slice(BUSY + from, BUSY + to)
    .map(({ item }) => item);

describe("small carriers of one job in one process", () => {
  it("are settled together when one before them is done, each with its own tally", async () => {
    const { world, groups, ids, go, first, release } = await openScene();
    const others = [go(ids.slice(0, 1)), go(ids.slice(1, 4)), go(ids.slice(4, 5))];
    release();
    expect((await Promise.all(others)).map(({ done, counts }) => [done, counts])).toEqual(
      [1, 3, 1].map((count) => [count, { noted: count }]),
    );
    expect((await first).map(({ done }) => done)).toEqual([1, 1]);
    expect(groups).toEqual([...under.map((item) => [item]), names(0, 5)]);
    expect((await noted(world)).sort()).toEqual([...under, ...names(0, 5)]);
  });

  it("do not fail with one that fails: it is retried, and the others are done", async () => {
    const [bad] = names(1, 2);
    const { world, ids, go, first, release } = await openScene((item) => item === bad);
    const others = ids.slice(0, 4).map((id) => go([id]));
    release();
    expect((await Promise.all(others)).map(({ done, retry }) => [done, retry])).toEqual([
      [1, 0],
      [0, 1],
      [1, 0],
      [1, 0],
    ]);
    await first;
    expect(await world.enqueued()).toContainEqual(expect.objectContaining({ key: bad, attempts: 1 }));
    expect((await noted(world)).sort()).toEqual([...under, ...names(0, 4)].filter((item) => item !== bad));
  });

  it("are settled without the one that is stopped", async () => {
    const { world, ids, go, first, release } = await openScene();
    const stop = new AbortController();
    const stopped = go(ids.slice(0, 1), {}, stop.signal);
    const other = go(ids.slice(1, 2));
    stop.abort();
    expect(await stopped).toMatchObject({ done: 0, interrupted: 1 });
    release();
    expect(await other).toMatchObject({ done: 1 });
    await first;
    expect((await noted(world)).sort()).toEqual([...under, ...names(1, 2)]);
  });

  it("are settled apart from one that failed before, and from one that fills a transaction by itself", async () => {
    const { groups, ids, go, first, release } = await openScene();
    const others = [go(ids.slice(0, 1)), go(ids.slice(1, 2), { attempts: 1 }), go(ids.slice(2, 8))];
    release();
    await Promise.all([first, ...others]);
    expect(groups).toHaveLength(BUSY + 3);
    expect(groups).toContainEqual(names(1, 2));
    expect(groups).toContainEqual(names(2, 8));
  });

  it("have one time limit, from when their group begins: waiting for it uses none of it", async () => {
    const { world, groups, ids, go, first, release } = await openScene(() => false, 1_000);
    const waiting = ids.slice(0, 8).map((id) => go([id]));
    // It begins when the groups before it have run out of time, and all eight have waited as long as those.
    await eventually(() => expect(groups).toContainEqual(names(0, 8)));
    release();
    expect((await Promise.all(waiting)).map(({ done }) => done)).toEqual(Array(8).fill(1));
    await first;
    const left = (await world.enqueued()).map(({ key }) => key);
    expect(left).toEqual(expect.arrayContaining(names(8, 10)));
    expect(left.filter((key) => names(0, 8).includes(key))).toEqual([]);
  });
});
