import { describe, expect, it } from "vitest";
import { createRateLimiter, type RateLimiter } from "../../../src/ports/requests/rate-limiter.ts";
import { eventually } from "../../support/eventually.ts";
import { createWorld } from "../../support/world.ts";

const HOST = "api.test";

/** One request per 100 s: far longer than a test takes, so that waits can be compared. */
const SLOW = 0.01;
const GAP_MS = 1_000 / SLOW;
const FAST = 100_000;

type Processes = [a: RateLimiter, b: RateLimiter, wipeRedis: () => Promise<unknown>];

async function twoProcesses(perSecond = SLOW): Promise<Processes> {
  const world = await createWorld();
  await eventually(() => expect(world.producers.ready()).toBe(true));
  const { redis } = world.producers;
  const keyPrefix = `${world.config.redisPrefix}:outbound`;
  const limiter = () => createRateLimiter({ redis, keyPrefix, perSecond });
  return [limiter(), limiter(), async () => redis.del(await redis.keys(`{${keyPrefix}:*`))];
}

const alone = (perSecond = SLOW): RateLimiter =>
  createRateLimiter({ redis: null, keyPrefix: "test", perSecond });

const limiterOf = async (kind: string): Promise<RateLimiter> =>
  kind === "alone" ? alone() : (await twoProcesses())[0];

describe("the rate limiter", () => {
  it("spaces the requests of all processes", async () => {
    const [a, b] = await twoProcesses();
    const waits = [
      await a.reserve(HOST, "1"),
      await b.reserve(HOST, "2"),
      await a.reserve(HOST, "3"),
      await b.reserve(HOST, "4"),
    ];
    expect(waits[0]).toBe(0);
    for (const [index, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(Math.max(0, index - 0.5) * GAP_MS);
      expect(wait).toBeLessThanOrEqual(index * GAP_MS);
    }
  });

  it.each(["shared", "alone"])("%s, has a bucket per host", async (kind) => {
    const limiter = await limiterOf(kind);
    await limiter.reserve(HOST, "1");
    await limiter.pause(HOST, 2 * GAP_MS);
    await limiter.setRate("other.test", FAST);
    expect(await limiter.reserve("other.test", "1")).toBe(0);
    expect(await limiter.reserve("other.test", "2")).toBeLessThanOrEqual(1);
    expect(await limiter.reserve(HOST, "2")).toBeGreaterThan(GAP_MS);
  });

  it.each(["shared", "alone"])("%s, keeps the slot of a waiting request", async (kind) => {
    const limiter = await limiterOf(kind);
    await limiter.reserve(HOST, "1");
    const second = await limiter.reserve(HOST, "2");
    const again = await limiter.reserve(HOST, "2");
    expect(again).toBeLessThanOrEqual(second);
    expect(again).toBeGreaterThan(0);
    // The third gets the slot after it, however often the second asked.
    const third = await limiter.reserve(HOST, "3");
    expect(third).toBeGreaterThan(GAP_MS);
    expect(third).toBeLessThanOrEqual(2 * GAP_MS);
  });

  it.each(["shared", "alone"])("%s, adopts a new rate", async (kind) => {
    const limiter = await limiterOf(kind);
    await limiter.setRate(HOST, FAST);
    expect(await limiter.reserve(HOST, "1")).toBe(0);
    expect(await limiter.reserve(HOST, "2")).toBeLessThanOrEqual(1);
  });

  it.each(["shared", "alone"])(
    "%s, holds those that have reserved a slot during a pause, and spaces them afterwards",
    async (kind) => {
      const limiter = await limiterOf(kind);
      await limiter.setRate(HOST, 2);
      expect(await limiter.reserve(HOST, "1")).toBe(0);
      for (const request of ["2", "3"])
        expect(await limiter.reserve(HOST, request)).toBeLessThanOrEqual(1_000);
      await limiter.pause(HOST, 1_200);
      expect(await limiter.reserve(HOST, "2")).toBeGreaterThan(500);
      await eventually(async () => expect(await limiter.reserve(HOST, "2")).toBe(0));
      expect(await limiter.reserve(HOST, "3")).toBeGreaterThan(0);
    },
  );

  it("shares rates and pauses between processes", async () => {
    const [a, b] = await twoProcesses();
    await a.setRate(HOST, FAST);
    await b.reserve(HOST, "1");
    expect(await b.reserve(HOST, "2")).toBeLessThanOrEqual(1);
    await a.pause(HOST, GAP_MS);
    expect(await b.reserve(HOST, "3")).toBeGreaterThan(GAP_MS / 2);
  });

  it("falls back to the initial rate when Redis is wiped, until the rate is set again, even unchanged", async () => {
    const [a, b, wipeRedis] = await twoProcesses();
    await a.setRate(HOST, FAST);
    await wipeRedis();
    await b.reserve(HOST, "1");
    expect(await b.reserve(HOST, "2")).toBeGreaterThan(GAP_MS / 2);
    await wipeRedis();
    await a.setRate(HOST, FAST);
    await b.reserve(HOST, "3");
    expect(await b.reserve(HOST, "4")).toBeLessThanOrEqual(1);
  });

  it("limits within the process while Redis is unreachable", async () => {
    const world = await createWorld({ redisUrl: "redis://127.0.0.1:1" });
    const limiter = createRateLimiter({ redis: world.producers.redis, keyPrefix: "away", perSecond: SLOW });
    expect(await limiter.reserve(HOST, "1")).toBe(0);
    expect(await limiter.reserve(HOST, "2")).toBeGreaterThan(GAP_MS / 2);
    await limiter.pause(HOST, 5 * GAP_MS);
    expect(await limiter.reserve(HOST, "3")).toBeGreaterThan(4 * GAP_MS);
  });
});
