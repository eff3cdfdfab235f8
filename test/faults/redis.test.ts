import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { enqueue } from "../../src/queues/enqueue.ts";
import { checkServers } from "../../src/roles/boot-checks.ts";
import { serve } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";
import { noted, singleJob } from "../support/jobs.ts";
import { type OwnRedis, ownRedis } from "../support/own-redis.ts";
import { tcpProxy } from "../support/tcp-proxy.ts";
import { createWorld } from "../support/world.ts";

const portOf = (server: OwnRedis) => Number(new URL(server.url).port);

async function command(server: OwnRedis, ...words: string[]): Promise<unknown> {
  const client = new Redis(server.url);
  try {
    return await client.call(words[0] as string, ...words.slice(1));
  } finally {
    client.disconnect();
  }
}

async function scene() {
  const [primary, other] = [await ownRedis(), await ownRedis()];
  const proxy = await tcpProxy(portOf(primary));
  const job = singleJob();
  const world = await createWorld({ jobs: [job], redisUrl: proxy.through(primary.url) });
  await world.startWorkers();
  const address = await serve(world);
  const ask = (item: string) => world.relay.transact((tx) => enqueue(tx, job, { item }));
  const redisCheck = async () =>
    ((await (await fetch(`${address}/health/ready`)).json()) as { checks: { redis: string } }).checks.redis;
  await ask("before");
  await eventually(async () => expect(await noted(world)).toEqual(["before"]));
  return { primary, other, proxy, world, ask, redisCheck };
}

describe("a Redis that answers and does not accept writes", () => {
  it("demoted, its address led to the new primary while the sockets stay: work continues over new connections", async () => {
    const { primary, other, proxy, world, ask, redisCheck } = await scene();
    await command(primary, "replicaof", "127.0.0.1", String(portOf(other)));
    await eventually(async () => expect(await redisCheck()).toMatch(/read-only.*READONLY/));
    await ask("while demoted");
    proxy.lead(portOf(other));
    await eventually(async () =>
      expect((await noted(world)).toSorted()).toEqual(["before", "while demoted"]),
    );
    await eventually(async () => expect(await redisCheck()).toBe("ok"));
  });

  it("full: ready says so, work waits in Postgres and is done once there is memory", async () => {
    const { primary, world, ask, redisCheck } = await scene();
    await command(primary, "config", "set", "maxmemory", "1");
    await eventually(async () => expect(await redisCheck()).toMatch(/full.*OOM/));
    await ask("while full");
    await command(primary, "config", "set", "maxmemory", "0");
    await eventually(async () => expect(await noted(world)).toEqual(["before", "while full"]));
    expect(await world.enqueued()).toEqual([]);
  });
});

describe("a Redis that cannot do what is needed", () => {
  it("evicts keys, found when it comes after the process has started: it is not used until that is fixed", async () => {
    const redis = await ownRedis();
    await redis.stop();
    const job = singleJob();
    const world = await createWorld({ jobs: [job], redisUrl: redis.url });
    await redis.start();
    await command(redis, "config", "set", "maxmemory-policy", "allkeys-lru");
    // The connection may have been checked before the policy was set: it is made anew.
    world.producers.redis.disconnect(true);
    await eventually(() => expect(world.producers.redis.status).toBe("ready"));
    await eventually(() => expect(world.producers.ready()).toBe(false));
    await expect(checkServers(world)).rejects.toThrow(/evicts keys \(maxmemory-policy allkeys-lru\)/);
    await command(redis, "config", "set", "maxmemory-policy", "noeviction");
    await world.startWorkers();
    await inTransaction(world.db, (tx) => enqueue(tx, job, { item: "a" }));
    await eventually(async () => expect(await noted(world)).toEqual(["a"]));
  });

  it("refuses INFO to its user: the start says which right is missing", async () => {
    const redis = await ownRedis();
    await command(redis, "acl", "setuser", "limited", "on", ">secret", "~*", "&*", "+@all", "-info");
    const url = new URL(redis.url);
    url.username = "limited";
    url.password = "secret";
    const world = await createWorld({ redisUrl: url.href });
    await expect(checkServers(world)).rejects.toThrow("ACL SETUSER <user> +info");
  });
});
