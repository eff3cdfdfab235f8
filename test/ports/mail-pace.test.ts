import { describe, expect, it } from "vitest";
import { createPace, type Pace } from "../../src/ports/mail-pace.ts";
import { eventually } from "../support/eventually.ts";
import { createWorld } from "../support/world.ts";

type Processes = [a: Pace, b: Pace, wipeRedis: () => Promise<unknown>];

async function twoProcesses(perSecond: number): Promise<Processes> {
  const world = await createWorld();
  await eventually(() => expect(world.producers.ready()).toBe(true));
  const { redis } = world.producers;
  const keyPrefix = `${world.config.redisPrefix}:mail`;
  const pace = () => createPace({ redis, keyPrefix, perSecond });
  return [pace(), pace(), async () => redis.del(await redis.keys(`{${keyPrefix}}:*`))];
}

const alone = (perSecond: number): Pace => createPace({ redis: null, keyPrefix: "test", perSecond });

describe("the pace of e-mail", () => {
  it("is one for all processes: moments lie apart, whoever asks", async () => {
    const [a, b] = await twoProcesses(2);
    const waits = [await a.reserve("1"), await b.reserve("2"), await a.reserve("3"), await b.reserve("4")];
    expect(waits[0]).toBe(0);
    for (const [index, wait] of waits.entries()) {
      expect(wait).toBeGreaterThan(index * 500 - 250);
      expect(wait).toBeLessThanOrEqual(index * 500);
    }
  });

  it.each(["shared", "alone"])("%s, keeps a moment for whoever waits for it", async (kind) => {
    const pace = kind === "alone" ? alone(2) : (await twoProcesses(2))[0];
    await pace.reserve("1");
    const second = await pace.reserve("2");
    const again = await pace.reserve("2");
    expect(again).toBeLessThanOrEqual(second);
    expect(again).toBeGreaterThan(0);
    // The next one comes after it, however often the second asked.
    expect(await pace.reserve("3")).toBeGreaterThan(500);
  });

  it.each(["shared", "alone"])("%s, goes by what it was told", async (kind) => {
    const pace = kind === "alone" ? alone(2) : (await twoProcesses(2))[0];
    await pace.learn(1_000);
    expect(await pace.reserve("1")).toBe(0);
    expect(await pace.reserve("2")).toBeLessThanOrEqual(2);
  });

  it("what one process is told, all know", async () => {
    const [a, b] = await twoProcesses(2);
    await a.learn(1_000);
    await b.reserve("1");
    expect(await b.reserve("2")).toBeLessThanOrEqual(2);
    await a.pause(5_000);
    expect(await b.reserve("3")).toBeGreaterThan(4_000);
  });

  it("is careful after Redis was wiped until the next answer, even if that tells no news", async () => {
    const [a, b, wipeRedis] = await twoProcesses(2);
    await a.learn(1_000);
    await wipeRedis();
    await b.reserve("1");
    expect(await b.reserve("2")).toBeGreaterThan(250);
    await wipeRedis();
    await a.learn(1_000);
    await b.reserve("3");
    expect(await b.reserve("4")).toBeLessThanOrEqual(2);
  });

  it("goes on alone while Redis is away", async () => {
    const world = await createWorld({ redisUrl: "redis://127.0.0.1:1" });
    const pace = createPace({ redis: world.producers.redis, keyPrefix: "away", perSecond: 2 });
    expect(await pace.reserve("1")).toBe(0);
    expect(await pace.reserve("2")).toBeGreaterThan(400);
    await pace.pause(3_000);
    expect(await pace.reserve("3")).toBeGreaterThan(2_500);
  });
});
