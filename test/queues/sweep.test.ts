import { describe, expect, it } from "vitest";
import { QUEUE_NAMES } from "../../src/config/queues.ts";
import { requeueAfterWipe } from "../../src/queues/redis-wipe.ts";
import { relayOnce } from "../../src/queues/relay-round.ts";
import { sweep } from "../../src/queues/sweep.ts";
import { eventually } from "../support/eventually.ts";
import { batchJob, enqueueIn, items, noted, singleJob } from "../support/jobs.ts";
import { openTransaction } from "../support/open-transaction.ts";
import { ownRedis } from "../support/own-redis.ts";
import { createWorld, type World } from "../support/world.ts";

const ready = (world: World) => eventually(() => expect(world.producers.ready()).toBe(true));

const outbox = (world: World) =>
  world.query<{ key: string; attempts: number; carrier: string | null; dead: boolean; error: string | null }>(
    "select key, attempts, carrier, dead_at is not null as dead, error from outbox order by id",
  );

/** Entries in one carrier that has been in Redis for a minute. */
async function carried(world: World, job: Parameters<typeof enqueueIn>[1], count: number): Promise<string> {
  await ready(world);
  await enqueueIn(world, job, ...items(count));
  await relayOnce(world);
  await world.query("update outbox set enqueued_at = now() - interval '1 minute'");
  return (await outbox(world))[0]!.carrier!;
}

/** The state of a BullMQ job that stalled too often. */
async function failCarrier(world: World, carrier: string, reason: string): Promise<void> {
  const queue = world.producers.queue("maintenance");
  await queue.remove(carrier);
  const key = `${queue.opts.prefix}:maintenance`;
  await world.producers.redis.hset(`${key}:${carrier}`, {
    name: "x",
    data: "{}",
    opts: "{}",
    failedReason: reason,
  });
  await world.producers.redis.zadd(`${key}:failed`, Date.now(), carrier);
}

const LOST = "job stalled more than allowable limit";

describe("the sweep", () => {
  it("leaves entries whose carrier exists, and recent ones", async () => {
    const job = batchJob();
    const world = await createWorld({ jobs: [job] });
    const carrier = await carried(world, job, 3);
    expect(await sweep(world)).toEqual({ due: 0, dead: 0 });
    await world.producers.queue("maintenance").remove(carrier);
    await world.query("update outbox set enqueued_at = now()");
    expect(await sweep(world)).toEqual({ due: 0, dead: 0 });
  });

  it("makes entries due again whose carrier is lost, without using an attempt", async () => {
    const job = batchJob();
    const world = await createWorld({ jobs: [job] });
    await world.producers.queue("maintenance").remove(await carried(world, job, 3));
    expect(await sweep(world)).toEqual({ due: 3, dead: 0 });
    expect(await outbox(world)).toMatchObject(Array(3).fill({ attempts: 0, carrier: null, dead: false }));
  });

  it("makes entries due again that a completed carrier left behind", async () => {
    const job = batchJob();
    const world = await createWorld({ jobs: [job] });
    const carrier = await carried(world, job, 2);
    const queue = world.producers.queue("maintenance");
    await queue.remove(carrier);
    await world.producers.redis.hset(`${queue.opts.prefix}:maintenance:${carrier}`, {
      name: "x",
      data: "{}",
      opts: "{}",
    });
    await world.producers.redis.zadd(`${queue.opts.prefix}:maintenance:completed`, Date.now(), carrier);
    expect(await sweep(world)).toEqual({ due: 2, dead: 0 });
  });

  it("gives each entry of a carrier that killed its workers a carrier of its own, using one attempt", async () => {
    const job = batchJob();
    const world = await createWorld({ jobs: [job] });
    await failCarrier(world, await carried(world, job, 3), LOST);
    expect(await sweep(world)).toEqual({ due: 3, dead: 0 });
    expect(await outbox(world)).toMatchObject(
      Array(3).fill({ attempts: 1, carrier: null, dead: false, error: "its worker was lost while it ran" }),
    );
    await world.skipBackOff();
    await relayOnce(world);
    expect(new Set((await outbox(world)).map((entry) => entry.carrier)).size).toBe(3);
  });

  it("makes an entry dead that killed its workers alone again", async () => {
    const job = batchJob();
    const world = await createWorld({ jobs: [job] });
    const carrier = await carried(world, job, 1);
    await world.query("update outbox set attempts = 1");
    await failCarrier(world, carrier, LOST);
    expect(await sweep(world)).toEqual({ due: 0, dead: 1 });
    expect(await world.query("select status from job_runs")).toEqual([{ status: "failed" }]);
  });

  it("postpones the entry of a failed carrier whose job this version does not have", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    const carrier = await carried(world, job, 1);
    await world.query("update outbox set job = 'gone-job'");
    await failCarrier(world, carrier, LOST);
    expect(await sweep(world)).toEqual({ due: 1, dead: 0 });
    expect(await outbox(world)).toMatchObject([{ attempts: 0, carrier: null, dead: false }]);
    expect(await world.query("select 1 from outbox where postponed_at is not null")).toHaveLength(1);
  });

  it("does not make an entry dead whose carrier failed for another reason than a lost worker", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    const carrier = await carried(world, job, 1);
    await world.query("update outbox set attempts = 1");
    await failCarrier(world, carrier, "Connection terminated");
    expect(await sweep(world)).toEqual({ due: 1, dead: 0 });
    expect(await outbox(world)).toMatchObject([{ attempts: 2, dead: false }]);
  });

  it("finds one lost carrier among thousands that wait", async () => {
    const world = await createWorld({ jobs: [singleJob()] });
    await ready(world);
    await world.query(
      `insert into outbox (queue, job, key, payload, carrier, enqueued_at)
       select 'maintenance', 'note-item', n::text, jsonb_build_object('item', n::text), 'c-' || lpad(n::text, 5, '0'), now() - interval '1 minute'
       from generate_series(1, 2500) n`,
    );
    const queue = world.producers.queue("maintenance");
    const names = Array.from({ length: 2_499 }, (_, n) => `c-${String(n + 1).padStart(5, "0")}`);
    await queue.addBulk(
      names.map((jobId) => ({ name: "note-item", data: { entries: [] }, opts: { jobId, priority: 2 } })),
    );
    expect(await sweep(world)).toEqual({ due: 1, dead: 0 });
    expect(await world.query("select key from outbox where carrier is null")).toEqual([{ key: "2500" }]);
  });
});

describe("a wipe of Redis", () => {
  it("is detected at once: every entry that had a carrier is due again", async () => {
    const redis = await ownRedis();
    const job = batchJob();
    const world = await createWorld({ jobs: [job], redisUrl: redis.url });
    await ready(world);
    expect(await requeueAfterWipe(world)).toHaveLength(QUEUE_NAMES.length);
    expect(await requeueAfterWipe(world)).toEqual([]);
    await enqueueIn(world, job, ...items(20));
    await relayOnce(world);
    await redis.flushAll();
    expect(await requeueAfterWipe(world)).toHaveLength(QUEUE_NAMES.length);
    expect(await outbox(world)).toMatchObject(Array(20).fill({ carrier: null, attempts: 0 }));
  });

  it("does not wait for entries that are being settled; the sweep frees them if that fails", async () => {
    const redis = await ownRedis();
    const job = batchJob();
    const world = await createWorld({ jobs: [job], redisUrl: redis.url });
    await ready(world);
    await requeueAfterWipe(world);
    await enqueueIn(world, job, ...items(3));
    await relayOnce(world);
    const settling = await openTransaction(world);
    await settling.query("select from outbox order by id limit 1 for update");
    await redis.flushAll();
    await requeueAfterWipe(world);
    await settling.end("rollback");
    expect(await world.query("select 1 from outbox where carrier is null")).toHaveLength(2);
    await world.query("update outbox set enqueued_at = enqueued_at - interval '1 minute'");
    expect(await sweep(world)).toEqual({ due: 1, dead: 0 });
  });

  it("makes more entries due again than one statement updates", async () => {
    const redis = await ownRedis();
    const world = await createWorld({ jobs: [singleJob()], redisUrl: redis.url });
    await ready(world);
    await world.query(
      `insert into outbox (queue, job, key, payload, carrier, enqueued_at)
       select 'maintenance', 'note-item', n::text, jsonb_build_object('item', n::text), 'c-' || n, now()
       from generate_series(1, 12000) n`,
    );
    await requeueAfterWipe(world);
    expect(await world.query("select 1 from outbox where enqueued_at is not null limit 1")).toEqual([]);
  });

  it("in the middle of the work loses nothing and repeats nothing", async () => {
    const redis = await ownRedis();
    const job = batchJob(undefined, { size: 5 });
    const world = await createWorld({ jobs: [job], redisUrl: redis.url });
    await world.startWorkers();
    for (let n = 0; n < 10; n++) {
      await enqueueIn(world, job, ...items(40).map(({ item }) => ({ item: `${n}-${item}` })));
      world.relay.wake();
      if (n % 3 === 1) await redis.flushAll();
    }
    await eventually(async () => {
      await sweep(world, 1_000);
      expect(await world.enqueued()).toEqual([]);
    });
    const what = await noted(world);
    expect(what).toHaveLength(400);
    expect(new Set(what).size).toBe(400);
  });
});
