import { expect, it } from "vitest";
import { migrateDatabase } from "../../src/db/migrate/migrate.ts";
import { lockKey } from "../../src/db/schema-keys.ts";
import { listenForEntries } from "../../src/queues/pg-listener.ts";
import { createScheduler } from "../../src/roles/scheduler.ts";
import { eventually } from "../support/eventually.ts";
import { noted, singleJob } from "../support/jobs.ts";
import { hostEvent } from "../support/platform.ts";
import { drawName, type ScratchDatabase, scratchDatabase } from "../support/scratch-database.ts";
import { createWorld, type World } from "../support/world.ts";

const job = singleJob();

/** A world in a schema of its own, with a schedule at two o'clock. */
async function deploy(database: ScratchDatabase): Promise<World> {
  const address = { databaseUrl: database.url, databaseSchema: drawName() };
  await migrateDatabase(address);
  const input = { item: address.databaseSchema };
  return createWorld({
    database: address,
    jobs: [job],
    timetable: [{ name: "two", pattern: "0 2 * * *", tz: "UTC", job, input, misfire: "once" }],
    at: "2026-05-01T01:00:00Z",
  });
}

async function runRound(world: World): Promise<void> {
  const scheduler = createScheduler(world);
  scheduler.start();
  await scheduler.stop();
  await world.drain();
}

it("two deployments in one database run their schedulers independently", async () => {
  const database = await scratchDatabase();
  const [one, two] = [await deploy(database), await deploy(database)];
  for (const world of [one, two]) {
    await runRound(world);
    world.at("2026-05-01T02:00:00Z");
  }
  const holder = await one.db.pool.connect();
  await holder.query(`select pg_advisory_lock(${lockKey("scheduler")})`);
  await runRound(one);
  await runRound(two);
  holder.release(true);
  expect(await noted(one)).toEqual([]);
  expect(await noted(two)).toEqual([two.config.databaseSchema]);
  await eventually(async () => {
    await runRound(one);
    expect(await noted(one)).toEqual([one.config.databaseSchema]);
  });
});

it("two deployments in one database are notified of their own events only", async () => {
  const database = await scratchDatabase();
  const [one, two] = [await deploy(database), await deploy(database)];
  const heard = new Map([one, two].map((world) => [world, 0]));
  for (const world of [one, two]) {
    const listener = listenForEntries(world.db, () => void heard.set(world, (heard.get(world) ?? 0) + 1));
    world.closing(() => listener.stop());
    listener.start();
  }
  await eventually(() => expect([...heard.values()]).toEqual([1, 1]));
  await hostEvent(two, "profile_updated");
  await eventually(() => expect(heard.get(two)).toBe(2));
  // Notifications arrive in the order of the commits: one of the second deployment would be counted here.
  await hostEvent(one, "profile_updated");
  await eventually(() => expect(heard.get(one)).toBe(2));
  expect([...heard.values()]).toEqual([2, 2]);
  expect(await one.enqueued()).toHaveLength(1);
});
