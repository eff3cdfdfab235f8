import type { Redis } from "ioredis";
import { expect, it } from "vitest";
import { workerConnection } from "../../src/queues/redis-connections.ts";
import { ownRedis } from "../support/own-redis.ts";
import { createWorld } from "../support/world.ts";

it("each connection that BullMQ duplicates reconnects when the server was demoted", async () => {
  const redis = await ownRedis();
  const world = await createWorld({ redisUrl: redis.url });
  const connection = workerConnection(world.config, "test") as Redis;
  // One blocking connection per queue.
  const connections = [connection, ...Array.from({ length: 9 }, () => connection.duplicate())];
  world.closing(async () => {
    for (const one of connections) one.disconnect();
  });
  for (const one of connections) {
    one.on("error", () => undefined);
    await one.ping();
  }
  await redis.command("replicaof", "127.0.0.1", 1);
  const closed = Promise.all(
    connections.map((one) => new Promise<void>((resolve) => one.once("close", () => resolve()))),
  );
  for (const one of connections) await expect(one.set("key", "value")).rejects.toThrow("READONLY");
  await closed;
  // The keys of the test are deleted after it.
  await redis.command("replicaof", "no", "one");
});
