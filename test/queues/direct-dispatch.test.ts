import { describe, expect, it } from "vitest";
import { inTransaction, type Tx } from "../../src/db/transaction.ts";
import { createDirectDispatch } from "../../src/queues/direct-dispatch.ts";
import { enqueueMany } from "../../src/queues/enqueue.ts";
import { MAX_WAITING_CARRIERS } from "../../src/queues/queues.ts";
import type { Producers } from "../../src/queues/redis.ts";
import { eventually } from "../support/eventually.ts";
import { batchJob, enqueueIn, items, noted, singleJob } from "../support/jobs.ts";
import { createWorld, type World } from "../support/world.ts";

const batch = batchJob(undefined, { size: 20 });

type Row = { key: string; carrier: string | null; carried: boolean; asks: number };

const entriesOf = (world: World) =>
  world.query<Row>(
    "select key, carrier, enqueued_at is not null as carried, asks from outbox order by key, id",
  );

/** Direct dispatch without a relay, which takes nothing in these tests. */
async function openDispatch(world: World, producers: Producers = world.producers) {
  await eventually(() => expect(world.producers.ready()).toBe(true));
  const direct = createDirectDispatch({ ...world, producers });
  direct.allow(["maintenance"]);
  const transact = async (work: (tx: Tx) => Promise<unknown>) => {
    const reservations = direct.open(null);
    await inTransaction(world.db, work, undefined, reservations);
    direct.dispatch(reservations);
    await direct.idle();
    return reservations;
  };
  return { direct, transact };
}

const waiting = async (world: World) =>
  (await world.producers.queue("maintenance").getJobs(["prioritized"])).map((carrier) => ({
    id: carrier.id,
    entries: (carrier.data.entries as string[]).length,
  }));

describe("direct dispatch", () => {
  it("adds carriers after the commit, each as full as a batch of the job", async () => {
    const world = await createWorld({ jobs: [batch] });
    const { transact } = await openDispatch(world);
    const { pending } = await transact((tx) => enqueueMany(tx, batch, items(50)));
    expect(pending).toBe(false);
    const entries = await entriesOf(world);
    expect(entries.every((entry) => entry.carried)).toBe(true);
    const carriers = await waiting(world);
    expect(carriers.map((carrier) => carrier.entries).sort()).toEqual([10, 20, 20]);
    expect(new Set(entries.map((entry) => entry.carrier))).toEqual(new Set(carriers.map(({ id }) => id)));
  });

  it("adds no carrier for a transaction that was rolled back", async () => {
    const world = await createWorld({ jobs: [batch] });
    const { transact } = await openDispatch(world);
    const failing = transact(async (tx) => {
      await enqueueMany(tx, batch, items(3));
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await entriesOf(world)).toEqual([]);
    expect(await waiting(world)).toEqual([]);
  });

  it("covers entries that were enqueued under a savepoint", async () => {
    const world = await createWorld({ jobs: [batch] });
    const { transact } = await openDispatch(world);
    await transact((tx) => tx.transaction((savepoint) => enqueueMany(savepoint, batch, items(3))));
    expect((await entriesOf(world)).every((entry) => entry.carried)).toBe(true);
    expect((await waiting(world)).map((carrier) => carrier.entries)).toEqual([3]);
  });

  it("leaves an entry that existed before to the relay", async () => {
    const world = await createWorld({ jobs: [batch] });
    const [old] = items(1);
    await enqueueIn(world, batch, old!);
    const { transact } = await openDispatch(world);
    const { pending } = await transact((tx) => enqueueMany(tx, batch, items(2)));
    expect(pending).toBe(true);
    expect(await entriesOf(world)).toMatchObject([
      { carried: false, carrier: null, asks: 2 },
      { carried: true, asks: 1 },
    ]);
    expect((await waiting(world)).map((carrier) => carrier.entries)).toEqual([1]);
  });

  it("stops for a queue that used up its allowance, until the next one", async () => {
    const single = singleJob();
    const world = await createWorld({ jobs: [single] });
    const { direct, transact } = await openDispatch(world);
    await transact((tx) => enqueueMany(tx, single, items(MAX_WAITING_CARRIERS)));
    await transact((tx) => enqueueMany(tx, single, [{ item: "one more" }]));
    expect((await entriesOf(world)).filter((entry) => !entry.carried).map((entry) => entry.key)).toEqual([
      "one more",
    ]);
    direct.allow(["maintenance"]);
    await transact((tx) => enqueueMany(tx, single, [{ item: "later" }]));
    expect((await entriesOf(world)).find((entry) => entry.key === "later")).toMatchObject({ carried: true });
  });

  it("makes the entries due when Redis goes away before the carriers are added", async () => {
    const world = await createWorld({ jobs: [batch] });
    const broken = {
      ...world.producers,
      ready: () => true,
      queue: () => ({ addBulk: () => Promise.reject(new Error("Redis went away")) }),
    } as unknown as Producers;
    const { transact } = await openDispatch(world, broken);
    await transact((tx) => enqueueMany(tx, batch, items(3)));
    expect((await entriesOf(world)).map(({ carried, carrier }) => ({ carried, carrier }))).toEqual(
      items(3).map(() => ({ carried: false, carrier: null })),
    );
  });

  it("is used by a running relay for work that its process enqueues", async () => {
    const world = await createWorld({ jobs: [batch] });
    await world.startWorkers({ queues: ["maintenance"] });
    for (let n = 0; n < 20; n++) {
      await world.relay.transact((tx) => enqueueMany(tx, batch, [{ item: `n-${n}` }]));
    }
    await eventually(async () => expect(await noted(world)).toHaveLength(20));
    expect(await entriesOf(world)).toEqual([]);
  });
});
