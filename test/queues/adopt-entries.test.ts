import { describe, expect, it } from "vitest";
import { QUEUE_NAMES } from "../../src/config/queues.ts";
import { adoptEntries } from "../../src/queues/adopt-entries.ts";
import { queuesWithoutProcess } from "../../src/queues/live-queues.ts";
import { sweep } from "../../src/queues/sweep.ts";
import { eventually } from "../support/eventually.ts";
import { enqueueIn, singleJob } from "../support/jobs.ts";
import { createWorld, type World } from "../support/world.ts";

const queues = async (world: World) =>
  (await world.query<{ queue: string }>("select queue from outbox order by id")).map(({ queue }) => queue);

describe("a job that moved to another queue", () => {
  it("takes along an entry that is enqueued again, unless a carrier holds it", async () => {
    const world = await createWorld();
    await enqueueIn(
      world,
      singleJob(undefined, { queue: "multipliers" }),
      { item: "waits" },
      { item: "runs" },
    );
    await world.query("update outbox set carrier = 'c', enqueued_at = now() where key = 'runs'");
    await enqueueIn(
      world,
      singleJob(undefined, { queue: "recommendations" }),
      { item: "waits" },
      { item: "runs" },
    );
    expect(await world.query("select key, queue, asks from outbox order by key")).toEqual([
      { key: "runs", queue: "multipliers", asks: 2 },
      { key: "waits", queue: "recommendations", asks: 2 },
    ]);
  });
});

/** A world whose Redis is connected. */
async function connectedWorld(...jobs: Parameters<typeof singleJob>[1][]): Promise<World> {
  const world = await createWorld({ jobs: jobs.map((fields) => singleJob(undefined, fields)) });
  await eventually(() => expect(world.producers.ready()).toBe(true));
  return world;
}

describe("entries of a queue that this version does not have", () => {
  const plant = (world: World, job: string, due = "1 hour") =>
    world.query(
      `insert into outbox (queue, job, key, payload, run_at)
       values ('former-queue', $1, $2::text, '{"item": "a"}', now() - $2::text::interval)`,
      [job, due],
    );

  it("move into the queue of their job if no other version has taken them for a minute", async () => {
    const world = await connectedWorld({ queue: "recommendations" });
    await plant(world, "note-item", "30 seconds");
    expect(await adoptEntries(world)).toBe(0);
    await plant(world, "note-item");
    expect(await adoptEntries(world)).toBe(1);
    expect(await queues(world)).toEqual(["former-queue", "recommendations"]);
    expect(await adoptEntries(world)).toBe(0);
  });

  it("move into maintenance, where they are postponed, if their job is unknown as well", async () => {
    const world = await connectedWorld();
    await plant(world, "gone-job");
    await adoptEntries(world);
    expect(await queues(world)).toEqual(["maintenance"]);
  });

  it("do not stop the sweep while carriers hold them, and are given up after an hour", async () => {
    const world = await connectedWorld({});
    await plant(world, "note-item");
    await world.query("update outbox set carrier = 'c', enqueued_at = now() - interval '59 minutes'");
    expect(await sweep(world)).toEqual({ due: 0, dead: 0 });
    expect(await adoptEntries(world)).toBe(0);
    await world.query("update outbox set enqueued_at = now() - interval '61 minutes'");
    expect(await adoptEntries(world)).toBe(1);
    expect(await queues(world)).toEqual(["maintenance"]);
  });

  it("stay, waiting and with carriers of any age, while a running process serves the queue", async () => {
    const world = await connectedWorld({ queue: "recommendations" });
    for (const job of ["note-item", "future-job"]) {
      await plant(world, job, "1 day");
      await plant(world, job, "2 days");
    }
    await world.query(
      "update outbox set carrier = 'c', enqueued_at = now() - interval '1 day' where key = '2 days'",
    );
    const mark = `${world.producers.keyPrefix("former-queue")}:live`;
    await world.producers.redis.set(mark, "1");
    expect(await adoptEntries(world)).toBe(0);
    expect(await queues(world)).toEqual(Array(4).fill("former-queue"));
    expect(await world.query("select 1 from outbox where carrier = 'c'")).toHaveLength(2);
    await world.producers.redis.del(mark);
    expect(await adoptEntries(world)).toBe(4);
    expect((await queues(world)).toSorted()).toEqual([
      ...["maintenance", "maintenance"],
      ...["recommendations", "recommendations"],
    ]);
  });

  it("stay while Redis cannot tell which queues other processes serve", async () => {
    const world = await createWorld();
    await plant(world, "gone-job");
    expect(await adoptEntries({ ...world, producers: { ...world.producers, ready: () => false } })).toBe(0);
    expect(await queues(world)).toEqual(["former-queue"]);
  });
});

it("a relay marks the queues of its version as live, and again at once after Redis was wiped", async () => {
  const world = await connectedWorld();
  const dead = () => queuesWithoutProcess(world.producers, [...QUEUE_NAMES, "former-queue"]);
  expect(await dead()).toHaveLength(QUEUE_NAMES.length + 1);
  world.relay.start();
  await eventually(async () => expect(await dead()).toEqual(["former-queue"]));
  const keys = QUEUE_NAMES.flatMap((queue) =>
    ["live", "wipe-marker"].map((name) => `${world.producers.keyPrefix(queue)}:${name}`),
  );
  for (const key of keys) await world.producers.redis.del(key);
  await eventually(async () => expect(await dead()).toEqual(["former-queue"]));
});
