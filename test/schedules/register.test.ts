import { describe, expect, it } from "vitest";
import { lockKey } from "../../src/db/schema-keys.ts";
import { createScheduler, openSlots } from "../../src/roles/scheduler.ts";
import { reconcileSchedulers } from "../../src/schedules/register.ts";
import type { Schedule } from "../../src/schedules/schedule.ts";
import { eventually } from "../support/eventually.ts";
import { note, noted, singleJob } from "../support/jobs.ts";
import { openTransaction } from "../support/open-transaction.ts";
import { ownRedis } from "../support/own-redis.ts";
import { createWorld, type World } from "../support/world.ts";

const job = singleJob(async (_item, { tx, now }) => {
  await note(tx, now.toISOString());
  return undefined;
});

const schedule = (name: string, pattern = "0 3 * * *"): Schedule => ({
  name,
  pattern,
  tz: "America/Los_Angeles",
  job,
  input: { item: name },
  misfire: "once",
});

const reconcile = (world: World, timetable: readonly Schedule[]) =>
  reconcileSchedulers(world.producers, timetable, world.log);

const ready = (world: World) => eventually(() => expect(world.producers.ready()).toBe(true));

const schedulers = async (world: World) =>
  (await world.producers.queue("maintenance").getJobSchedulers(0, -1)).sort((a, b) =>
    a.key < b.key ? -1 : 1,
  );

/** The state of a scheduler whose next tick was lost. */
const setNext = async (world: World, name: string, at: number) => {
  const { redis, queue } = world.producers;
  const key = `${queue("maintenance").opts.prefix}:maintenance`;
  for (const tick of await queue("maintenance").getDelayed()) {
    await redis.zrem(`${key}:delayed`, tick.id!);
    await redis.del(`${key}:${tick.id}`);
  }
  await redis.zadd(`${key}:repeat`, at, name);
};

describe("the schedulers in Redis", () => {
  it("match the timetable: in the queue of the job, with its zone and a priority", async () => {
    const world = await createWorld({ jobs: [job] });
    await ready(world);
    expect(await reconcile(world, [schedule("one"), schedule("two")])).toEqual({
      written: ["one", "two"],
      removed: [],
    });
    expect(await schedulers(world)).toMatchObject([
      { key: "one", pattern: "0 3 * * *", tz: "America/Los_Angeles", name: "tick" },
      { key: "two" },
    ]);
    for (const tick of await world.producers.queue("maintenance").getDelayed())
      expect(tick.opts.priority).toBe(1);
  });

  it("are not rewritten while they are current: an overdue tick would be lost", async () => {
    const world = await createWorld({ jobs: [job] });
    await ready(world);
    await reconcile(world, [schedule("one")]);
    const overdue = Date.now() - 60_000;
    await setNext(world, "one", overdue);
    expect(await reconcile(world, [schedule("one")])).toEqual({ written: [], removed: [] });
    expect((await schedulers(world))[0]?.next).toBe(overdue);
  });

  it("are rewritten when long overdue, since they would not fire again", async () => {
    const world = await createWorld({ jobs: [job] });
    await ready(world);
    await reconcile(world, [schedule("one")]);
    await setNext(world, "one", Date.now() - 3_600_000);
    expect(await reconcile(world, [schedule("one")])).toMatchObject({ written: ["one"] });
    expect((await schedulers(world))[0]?.next).toBeGreaterThan(Date.now());
  });

  it("follow a changed pattern, and are removed with their schedule", async () => {
    const world = await createWorld({ jobs: [job] });
    await ready(world);
    await reconcile(world, [schedule("one"), schedule("two")]);
    const changed = [schedule("one", "30 4 * * *")];
    expect(await reconcile(world, changed)).toEqual({ written: ["one"], removed: ["two"] });
    expect(await schedulers(world)).toMatchObject([{ key: "one", pattern: "30 4 * * *" }]);
    expect(await world.producers.queue("maintenance").getDelayed()).toHaveLength(1);
  });

  it("are restored after a wipe of Redis", async () => {
    const redis = await ownRedis();
    const world = await createWorld({ jobs: [job], redisUrl: redis.url, timetable: [schedule("one")] });
    await ready(world);
    await reconcile(world, world.timetable);
    await redis.flushAll();
    expect(await schedulers(world)).toEqual([]);
    const scheduler = createScheduler(world);
    scheduler.start();
    await eventually(async () => expect(await schedulers(world)).toMatchObject([{ key: "one" }]));
    await scheduler.stop();
  });

  it("open slots: a worker that gets a tick opens due slots", async () => {
    const everySecond = schedule("every-second", "* * * * * *");
    const world = await createWorld({ jobs: [job], timetable: [everySecond], at: "2026-05-01T12:00:00Z" });
    await openSlots(world, world.timetable);
    await world.startWorkers();
    world.at("2026-05-01T12:00:05Z");
    await reconcile(world, world.timetable);
    await eventually(async () => expect(await noted(world)).toContain("2026-05-01T12:00:05.000Z"));
    const ticks = await world.producers.queue("maintenance").getCompleted();
    expect(ticks.filter((tick) => tick.name === "tick").length).toBeGreaterThan(0);
  });
});

describe("the scheduler role", () => {
  it("opens due slots without Redis", async () => {
    const redis = await ownRedis();
    const world = await createWorld({
      jobs: [job],
      redisUrl: redis.url,
      timetable: [schedule("one", "0 * * * *")],
      at: "2026-05-01T12:30:00Z",
    });
    await openSlots(world, world.timetable);
    await redis.stop();
    await eventually(() => expect(world.producers.ready()).toBe(false));
    world.at("2026-05-01T13:00:00Z");
    const scheduler = createScheduler(world);
    scheduler.start();
    await eventually(async () => expect(await world.enqueued()).toHaveLength(1));
    await scheduler.stop();
    await redis.start();
  });

  it("is held by one process at a time", async () => {
    const world = await createWorld({
      jobs: [job],
      timetable: [schedule("one", "0 * * * *")],
      at: "2026-05-01T12:30:00Z",
    });
    await openSlots(world, world.timetable);
    const holder = await world.db.pool.connect();
    await holder.query(`select pg_advisory_lock(${lockKey("scheduler")})`);
    world.at("2026-05-01T13:00:00Z");
    const scheduler = createScheduler(world);
    scheduler.start();
    await scheduler.stop();
    expect(await world.enqueued()).toEqual([]);
    await holder.query(`select pg_advisory_unlock(${lockKey("scheduler")})`);
    holder.release();
    const next = createScheduler(world);
    next.start();
    await next.stop();
    expect(await world.enqueued()).toHaveLength(1);
  });

  it("survives the loss of its connection in the middle of a round", async () => {
    const world = await createWorld({
      jobs: [job],
      timetable: [schedule("one", "0 * * * *")],
      at: "2026-05-01T12:30:00Z",
    });
    const blocker = await openTransaction(world);
    await blocker.query("lock table schedules");
    const scheduler = createScheduler(world);
    scheduler.start();
    await eventually(async () => {
      const killed = await world.query(
        `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
         and database = (select oid from pg_database where datname = current_database())`,
      );
      expect(killed).toHaveLength(1);
    });
    await blocker.end("rollback");
    await scheduler.stop();
    const next = createScheduler(world);
    next.start();
    await next.stop();
    expect(await world.query("select name from schedules")).toEqual([{ name: "one" }]);
  });
});
