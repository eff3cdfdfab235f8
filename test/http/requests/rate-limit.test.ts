import { once } from "node:events";
import net from "node:net";
import { describe, expect, inject, test } from "vitest";
import { addressKey, createRateLimit } from "../../../src/http/requests/rate-limit.ts";
import { eventually } from "../../support/eventually.ts";
import { createWorld } from "../../support/world.ts";

describe("addressKey", () => {
  test.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["::FFFF:203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:0::/56"],
    ["2001:db8:1:ff02::9", "2001:db8:1:ff00::/56"],
    ["2001:db8:1:ffff::9", "2001:db8:1:ff00::/56"],
    ["2001:0DB8:0001:0002::9", "2001:db8:1:0::/56"],
    ["2001:db8::9", "2001:db8:0:0::/56"],
    ["::1", "0:0:0:0::/56"],
    ["fe80::1%eth0", "fe80:0:0:0::/56"],
    [undefined, "unknown"],
  ])("%s is counted as %s", (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});

describe("createRateLimit", () => {
  const opened = async () => {
    const world = await createWorld();
    await eventually(() => expect(world.producers.ready()).toBe(true));
    const limit = (burst: number) =>
      createRateLimit({
        redis: world.producers.redis,
        keyPrefix: world.config.redisPrefix,
        burst,
        perSecond: burst / 30,
        // On a busy machine Redis may take longer than a service waits.
        redisTimeoutMs: 60_000,
      });
    return { world, limit };
  };

  test("lets exactly the burst pass at once, and takes points in slices", async () => {
    const { limit } = await opened();
    const { take } = limit(1_000);
    const waits = await Promise.all(Array.from({ length: 1_500 }, () => take("a")));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(1_000);
    expect(Math.max(...waits)).toBeGreaterThan(25_000);
    expect(await take("b")).toBe(0);
    // The rest of the slice is spent synchronously, without a call to Redis.
    expect(take("b")).toBe(0);
  });

  test("processes share the count", async () => {
    const { limit } = await opened();
    const processes = [limit(100), limit(100), limit(100)];
    const waits = await Promise.all(Array.from({ length: 300 }, (_, i) => processes[i % 3]?.take("a")));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(100);
  });

  test("a point that is given back can be taken again", async () => {
    const { limit } = await opened();
    const { take, refund } = limit(10);
    for (let n = 0; n < 50; n++) {
      expect(await take("a")).toBe(0);
      refund("a");
    }
    for (let n = 0; n < 10; n++) expect(await take("a")).toBe(0);
    expect(await take("a")).toBeGreaterThan(0);
    refund("a");
    expect(await take("a")).toBeGreaterThan(0);
  });

  test("falls back to counting locally while Redis hangs", async () => {
    const silent = await silentRedis();
    const world = await createWorld({ redisUrl: silent.url });
    world.closing(silent.close);
    await eventually(() => expect(world.producers.ready()).toBe(true));
    const { take } = createRateLimit({
      redis: world.producers.redis,
      keyPrefix: "x",
      burst: 10,
      perSecond: 0.1,
    });
    silent.hang();
    const waits: number[] = [];
    for (let n = 0; n < 12; n++) waits.push(await take("a"));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(10);
  });
});

/** A proxy to the test's Redis that can stop answering without closing the connection. */
async function silentRedis() {
  const target = new URL(inject("redisUrl"));
  const sockets = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const redis = net.connect({ port: Number(target.port || 6379), host: target.hostname });
    for (const socket of [client, redis]) sockets.add(socket.on("error", () => undefined));
    client.pipe(redis).pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as net.AddressInfo).port);
  return {
    url: url.href,
    hang: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
