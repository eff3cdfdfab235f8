import { describe, expect, it, onTestFinished, vi } from "vitest";
import { QUEUE_NAMES } from "../../src/config/queues.ts";
import { MAX_WAITING_CARRIERS } from "../../src/queues/queues.ts";
import { createRelay } from "../../src/queues/relay.ts";
import { relayOnce } from "../../src/queues/relay-round.ts";
import { eventually } from "../support/eventually.ts";
import { chain, organization } from "../support/factories.ts";
import { batchJob, enqueueIn, enqueueRunIn, items, noted, singleJob } from "../support/jobs.ts";
import { ownRedis } from "../support/own-redis.ts";
import { takeSale } from "../support/sales.ts";
import { createWorld, type World } from "../support/world.ts";

const ready = (world: World) => eventually(() => expect(world.producers.ready()).toBe(true));

const groups = async (world: World) =>
  (
    await world.query<{ n: number }>(
      "select count(*)::int as n from outbox where carrier is not null group by carrier order by n desc",
    )
  ).map((row) => row.n);

describe("the relay", () => {
  it("groups entries of a batch job by its size, and gives others a carrier each", async () => {
    const batch = batchJob(undefined, { size: 20 });
    const single = singleJob();
    const world = await createWorld({ jobs: [batch, single] });
    await ready(world);
    await enqueueIn(world, batch, ...items(50));
    await enqueueIn(world, single, ...items(3));
    expect(await relayOnce(world)).toBe(53);
    expect(await groups(world)).toEqual([20, 20, 10, 1, 1, 1]);
  });

  it("gives entries that failed before, or belong to a run, a carrier each", async () => {
    const batch = batchJob();
    const world = await createWorld({ jobs: [batch] });
    await ready(world);
    await enqueueIn(world, batch, ...items(5));
    await world.query("update outbox set attempts = 1 where key = 'item-0002'");
    await enqueueRunIn(world, batch, { item: "run" });
    await relayOnce(world);
    expect(await groups(world)).toEqual([4, 1, 1]);
  });

  it("gives each entry one carrier when several relays run at once", async () => {
    const job = batchJob(undefined, { size: 10 });
    const world = await createWorld({ jobs: [job] });
    await ready(world);
    await enqueueIn(world, job, ...items(400));
    const brought = await Promise.all([1, 2, 3, 4].map(() => relayOnce(world)));
    expect(brought.reduce((sum, n) => sum + n, 0)).toBe(400);
    const carriers = await world.producers.queue("maintenance").getJobs(["prioritized"]);
    expect(carriers.flatMap((carrier) => carrier.data.entries as string[])).toHaveLength(400);
  });

  it("takes the heaviest queue first, and leaves the light one its share", async () => {
    const light = singleJob(undefined, { name: "light-work", queue: "maintenance" });
    const heavy = singleJob(undefined, { name: "heavy-work", queue: "commissions" });
    const world = await createWorld({ jobs: [light, heavy] });
    await ready(world);
    await enqueueIn(world, light, ...items(600));
    await enqueueIn(world, heavy, ...items(600));
    await relayOnce(world);
    const carried = await world.query(
      "select job, count(*)::int as n from outbox where carrier is not null group by job order by job",
    );
    // Weights 10 and 1 divide a round of 500.
    expect(carried).toEqual([
      { job: "heavy-work", n: 454 },
      { job: "light-work", n: 45 },
    ]);
  });

  it("bounds the carriers in Redis whatever the backlog", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    await ready(world);
    await enqueueIn(world, job, ...items(3_000));
    for (let round = 0; round < 10; round++) await relayOnce(world);
    const waiting = await world.producers.queue("maintenance").getJobCountByTypes("prioritized", "wait");
    expect(waiting).toBeLessThanOrEqual(MAX_WAITING_CARRIERS + 500);
    expect(await relayOnce(world)).toBe(0);
  });

  it("takes a sale in its first round while 200,000 entries of another queue wait", async () => {
    const feed = singleJob(undefined, { name: "feed-work", queue: "multipliers" });
    const world = await createWorld({ jobs: [feed] });
    await ready(world);
    for (let from = 1; from <= 200_000; from += 20_000)
      await world.query(
        `insert into outbox (queue, job, key, payload, run_at)
         select 'multipliers', 'feed-work', n::text, jsonb_build_object('item', n::text), now() - interval '1 hour'
         from generate_series($1::int, $1 + 19999) n`,
        [from],
      );
    const people = await chain(world, await organization(world), 2);
    await takeSale(world, { buyer: people[1]! });
    await relayOnce(world);
    expect(
      await world.query("select carrier is not null as carried from outbox where queue = 'commissions'"),
    ).toEqual([{ carried: true }]);
  });

  it("polls once per interval even if it was started twice, until it is stopped", async () => {
    const world = await createWorld();
    const set = vi.spyOn(globalThis, "setInterval");
    const cleared = vi.spyOn(globalThis, "clearInterval");
    onTestFinished(() => void vi.restoreAllMocks());
    const relay = createRelay({ ...world, pollMs: 86_400_000 });
    relay.start();
    relay.start();
    await relay.stop();
    const polls = set.mock.results.filter((_, n) => set.mock.calls[n]?.[1] === 86_400_000);
    expect(polls).toHaveLength(1);
    expect(cleared).toHaveBeenCalledWith(polls[0]?.value);
  });

  it("never writes a payload into Redis, and gives every job a priority", async () => {
    const job = batchJob();
    const world = await createWorld({ jobs: [job] });
    await ready(world);
    await enqueueIn(
      world,
      job,
      { item: "a", value: "MARKER-OF-A-PAYLOAD" },
      { item: "b", value: "MARKER-OF-A-PAYLOAD" },
    );
    await relayOnce(world);
    const { redis } = world.producers;
    const keys = await redis.keys(`{${world.config.redisPrefix}:*`);
    const texts: string[] = [];
    for (const key of keys) texts.push(JSON.stringify(await contentOf(world, key)));
    expect(texts.join("\n")).toContain("note-items");
    expect(texts.join("\n")).not.toContain("MARKER-OF-A-PAYLOAD");
    for (const name of QUEUE_NAMES) {
      const jobs = await world.producers.queue(name).getJobs(["prioritized", "wait", "delayed"]);
      for (const bullJob of jobs) expect(bullJob.opts.priority).toBeGreaterThanOrEqual(1);
    }
  });

  it("leaves entries due without Redis, and takes them within seconds once it is back", async () => {
    const redis = await ownRedis();
    const job = batchJob();
    const world = await createWorld({ jobs: [job], redisUrl: redis.url });
    await world.startWorkers();
    await enqueueIn(world, job, { item: "before" });
    await eventually(async () => expect(await noted(world)).toEqual(["before"]));
    await redis.stop();
    await enqueueIn(world, job, { item: "during" });
    world.relay.wake();
    await eventually(() => expect(world.producers.ready()).toBe(false));
    expect(await world.enqueued()).toMatchObject([{ key: "during", attempts: 0, dead: false }]);
    await redis.start();
    await eventually(async () => expect(await noted(world)).toEqual(["before", "during"]));
  });
});

async function contentOf(world: World, key: string): Promise<unknown> {
  const { redis } = world.producers;
  const type = await redis.type(key);
  if (type === "hash") return redis.hgetall(key);
  if (type === "zset") return redis.zrange(key, "0", "-1");
  if (type === "list") return redis.lrange(key, 0, -1);
  if (type === "stream") return redis.xrange(key, "-", "+");
  return type === "string" ? redis.get(key) : redis.smembers(key);
}
