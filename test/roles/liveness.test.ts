import { afterEach, describe, expect, it, vi } from "vitest";
import { openDatabase } from "../../src/db/client.ts";
import { createRelay } from "../../src/queues/relay.ts";
import { relayOnce } from "../../src/queues/relay-round.ts";
import { watchConsumption } from "../../src/roles/consumption.ts";
import { createScheduler } from "../../src/roles/scheduler.ts";
import { eventually } from "../support/eventually.ts";
import { enqueueIn, singleJob } from "../support/jobs.ts";
import { createWorld, type World } from "../support/world.ts";

/** Moves the clocks that liveness is measured with. */
function passSeconds(seconds: number): void {
  const [steady, wall] = [performance.now.bind(performance), Date.now.bind(Date)];
  vi.spyOn(performance, "now").mockImplementation(() => steady() + seconds * 1_000);
  vi.spyOn(Date, "now").mockImplementation(() => wall() + seconds * 1_000);
}

afterEach(() => void vi.restoreAllMocks());

/** A database whose only connection the test has. */
async function occupiedDatabase(world: World) {
  const db = openDatabase(world.config, { max: 1 });
  world.closing(() => db.close());
  const connection = await db.pool.connect();
  return { db, release: () => connection.release() };
}

describe("a process is not alive", () => {
  it("when no round of its scheduler ends", async () => {
    const world = await createWorld();
    const { db, release } = await occupiedDatabase(world);
    const scheduler = createScheduler({ ...world, db });
    scheduler.start();
    expect(scheduler.isAlive()).toBe(true);
    passSeconds(121);
    expect(scheduler.isAlive()).toBe(false);
    release();
    await eventually(() => expect(scheduler.isAlive()).toBe(true));
    await scheduler.stop();
  });

  it("when no poll of its relay ends", async () => {
    const world = await createWorld();
    const { db, release } = await occupiedDatabase(world);
    const relay = createRelay({ ...world, db });
    relay.start();
    expect(relay.isAlive()).toBe(true);
    passSeconds(31);
    expect(relay.isAlive()).toBe(false);
    release();
    await eventually(() => expect(relay.isAlive()).toBe(true));
    await relay.stop();
  });

  it("when work of a queue waits and none of it runs, unless an operator paused the queue", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    await eventually(() => expect(world.producers.ready()).toBe(true));
    const consumption = watchConsumption(world, [job.queue], []);
    await enqueueIn(world, job, { item: "a" });
    await relayOnce(world);
    const queue = world.producers.queue(job.queue);
    await eventually(async () => expect(await queue.getPrioritizedCount()).toBe(1));
    passSeconds(31);
    expect(consumption.isAlive()).toBe(false);
    await queue.pause();
    await eventually(() => expect(consumption.isAlive()).toBe(true));
    consumption.stop();
  });
});
