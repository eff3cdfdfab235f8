import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { enqueue } from "../../src/queues/enqueue.ts";
import { checkServers } from "../../src/roles/boot-checks.ts";
import { startWorkers } from "../../src/roles/worker.ts";
import { callWebhook, saleBody, serve } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";
import { chain, organization } from "../support/factories.ts";
import { noted, singleJob } from "../support/jobs.ts";
import { ownRedis } from "../support/own-redis.ts";
import { startServiceProcess } from "../support/service-process.ts";
import { size } from "../support/sizes.ts";
import { tcpProxy } from "../support/tcp-proxy.ts";
import { createWorld, serversOf } from "../support/world.ts";

/** A world whose Redis can be led elsewhere, with workers, a webhook and a buyer of sales. */
async function scene(settings: readonly string[] = []) {
  const [primary, other] = [await ownRedis({ settings }), await ownRedis()];
  const proxy = await tcpProxy(primary.port);
  const job = singleJob();
  const world = await createWorld({ jobs: [job], redisUrl: proxy.through(primary.url) });
  const [, buyer] = await chain(world, await organization(world), 2);
  await world.startWorkers();
  const address = await serve(world);
  const sell = async (id: string) =>
    (await callWebhook(address, saleBody({ user_id: buyer!.userId, transaction_id: JSON.stringify(id) })))
      .status;
  const enqueueItem = (item: string) => world.relay.transact((tx) => enqueue(tx, job, { item }));
  /** What /health/ready says about Redis; it must be 503 unless that is ok. */
  const redisCheck = async () => {
    const ready = await fetch(`${address}/health/ready`);
    const { checks } = (await ready.json()) as { checks: { redis: string } };
    expect(ready.status).toBe(checks.redis === "ok" ? 200 : 503);
    return checks.redis;
  };
  /** Every entry and every sale was settled, once. */
  const expectDone = async (enqueued: readonly string[], sold: number) => {
    await eventually(async () => {
      expect((await noted(world)).toSorted()).toEqual(enqueued.toSorted());
      const paid = await world.query("select 1 from ledger_transactions where kind = 'commission'");
      expect(paid).toHaveLength(sold);
      expect(await world.enqueued()).toEqual([]);
    });
    await eventually(async () => expect(await redisCheck()).toBe("ok"));
  };
  await enqueueItem("before");
  await eventually(async () => expect(await noted(world)).toEqual(["before"]));
  return { primary, other, proxy, world, enqueueItem, sell, redisCheck, expectDone };
}

describe("a Redis that answers and does not accept writes", () => {
  it("demoted, its address led to the new primary while the sockets stay: work continues over new connections", async () => {
    const { primary, other, proxy, enqueueItem, sell, redisCheck, expectDone } = await scene();
    await primary.command("replicaof", "127.0.0.1", other.port);
    await eventually(async () => expect(await redisCheck()).toMatch(/read-only.*READONLY/));
    await enqueueItem("while demoted");
    expect(await sell("while demoted")).toBe(202);
    proxy.lead(other.port);
    await expectDone(["before", "while demoted"], 1);
  });

  it("full: ready says so, sales are accepted, work waits in Postgres and is done once there is memory", async () => {
    const { primary, world, enqueueItem, sell, redisCheck, expectDone } = await scene();
    await primary.command("config", "set", "maxmemory", "1");
    await eventually(async () => expect(await redisCheck()).toMatch(/full.*OOM/));
    await enqueueItem("while full");
    expect(await sell("while full")).toBe(202);
    // The first refused write is noticed, and no other is tried until there is memory.
    await eventually(() => expect(world.producers.ready()).toBe(false));
    await primary.command("config", "set", "maxmemory", "0");
    await expectDone(["before", "while full"], 1);
  });
});

describe("a Redis that is gone", () => {
  it("restarted on another address, without its data: work continues there", async () => {
    const { primary, other, proxy, enqueueItem, sell, redisCheck, expectDone } = await scene();
    await primary.kill();
    await eventually(async () => expect(await redisCheck()).toBe("unreachable"));
    await enqueueItem("while away");
    expect(await sell("while away")).toBe(202);
    proxy.lead(other.port);
    await expectDone(["before", "while away"], 1);
  });

  it("restarted with much data: work that arrives while it loads waits, and is done afterwards", async () => {
    const slowly = ["--key-load-delay", "100000", "--loading-process-events-interval-bytes", "1024"];
    const { primary, enqueueItem, sell, redisCheck, expectDone } = await scene(slowly);
    const fill = "for n = 1, 3000 do redis.call('set', 'other-program:' .. n, string.rep('x', 100)) end";
    await primary.command("eval", fill, 0);
    await primary.command("save");
    await primary.kill();
    const loaded = primary.start();
    await eventually(async () => expect(await redisCheck()).toMatch(/loading its data/));
    await enqueueItem("while it loads");
    expect(await sell("while it loads")).toBe(202);
    await primary.command("config", "set", "key-load-delay", 0);
    await loaded;
    await expectDone(["before", "while it loads"], 1);
  });

  it("without a reset of its connections: they are closed by the client, and work continues over new ones", async () => {
    const { proxy, enqueueItem, sell, expectDone } = await scene();
    proxy.swallow();
    await enqueueItem("unanswered");
    expect(await sell("unanswered")).toBe(202);
    await expectDone(["before", "unanswered"], 1);
  });

  it("away when the workers start: they begin once it is there, and do not stop when their queue is empty", async () => {
    const redis = await ownRedis();
    await redis.stop();
    const job = singleJob();
    const world = await createWorld({ jobs: [job], redisUrl: redis.url });
    const workers = startWorkers(world, { queues: ["maintenance"] });
    world.closing(() => workers.stop(1_000));
    world.relay.start();
    // Each worker has a connection of its own, which must have failed.
    await eventually(() => expect(world.producers.redis.status).toBe("reconnecting"));
    await redis.start();
    for (const item of ["first", "second"]) {
      await world.relay.transact((tx) => enqueue(tx, job, { item }));
      await eventually(async () => expect(await noted(world)).toContain(item));
      await eventually(async () =>
        expect(await world.producers.queue("maintenance").getActiveCount()).toBe(0),
      );
    }
  });

  it("away for a while: the log of a process says so in a few lines, and when it is back", async () => {
    const redis = await ownRedis();
    const world = await createWorld();
    const service = await startServiceProcess({ ...serversOf(world), REDIS_URL: redis.url });
    world.closing(() => service.kill());
    // The connection ends before the server has.
    const before = service.lines().length;
    await redis.stop();
    const about = () =>
      service
        .lines()
        .slice(before)
        .filter((line) => /redis/i.test(line));
    /** Whatever it says went wrong, but for a machine that is busy. */
    const wrongs = () =>
      service
        .lines()
        .slice(before)
        .filter((line) => /"level":"(warn|error|fatal)"/.test(line) && !line.includes("event loop"));
    await delay(size(2_000, 120_000));
    const during = about();
    await redis.start();
    await eventually(() => expect(about().join("\n")).toMatch(/recovered: no connection to Redis/));
    expect(during.length).toBeGreaterThan(0);
    expect(about().length).toBeLessThan(10);
    expect(wrongs().length).toBeLessThan(10);
    expect(during[0]).toMatch(/no connection to Redis/);
    // A refused connection has no stack worth reading.
    expect(about().join("")).not.toContain('"stack"');
  });
});

describe("a Redis that cannot do what is needed", () => {
  it("evicts keys, found when it comes after the process has started: it is not used until that is fixed", async () => {
    const redis = await ownRedis();
    await redis.stop();
    const job = singleJob();
    const world = await createWorld({ jobs: [job], redisUrl: redis.url });
    await redis.start();
    await redis.command("config", "set", "maxmemory-policy", "allkeys-lru");
    // The connection may have been checked before the policy was set: it reconnects.
    world.producers.redis.disconnect(true);
    await eventually(() => expect(world.producers.redis.status).toBe("ready"));
    await eventually(() => expect(world.producers.ready()).toBe(false));
    await expect(checkServers(world)).rejects.toThrow(/evicts keys \(maxmemory-policy allkeys-lru\)/);
    await redis.command("config", "set", "maxmemory-policy", "noeviction");
    await world.startWorkers();
    await inTransaction(world.db, (tx) => enqueue(tx, job, { item: "a" }));
    await eventually(async () => expect(await noted(world)).toEqual(["a"]));
  });

  it("refuses INFO while the service runs: ready says so, work waits in Postgres, and is done once it is allowed", async () => {
    const { primary, world, enqueueItem, sell, redisCheck, expectDone } = await scene();
    await primary.command("acl", "setuser", "default", "-info");
    // Rights are looked at when a connection is made.
    world.producers.redis.disconnect(true);
    await eventually(async () => expect(await redisCheck()).toContain("+info"));
    await enqueueItem("without INFO");
    expect(await sell("without INFO")).toBe(202);
    await primary.command("acl", "setuser", "default", "+info");
    await expectDone(["before", "without INFO"], 1);
  });

  it("refuses INFO to its user: the start says which right is missing", async () => {
    const redis = await ownRedis();
    await redis.command("acl", "setuser", "limited", "on", ">secret", "~*", "&*", "+@all", "-info");
    const url = new URL(redis.url);
    url.username = "limited";
    url.password = "secret";
    const world = await createWorld({ redisUrl: url.href });
    await expect(checkServers(world)).rejects.toThrow("ACL SETUSER <user> +info");
  });
});
