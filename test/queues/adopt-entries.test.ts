import { describe, expect, it } from "vitest";
import { adoptEntries } from "../../src/queues/adopt-entries.ts";
import { sweep } from "../../src/queues/sweep.ts";
import { eventually } from "../support/eventually.ts";
import { ask, singleJob } from "../support/jobs.ts";
import { createWorld, type World } from "../support/world.ts";

const queues = async (world: World) =>
  (await world.query<{ queue: string }>("select queue from outbox order by id")).map(({ queue }) => queue);

describe("a job that moved to another queue", () => {
  it("takes along an entry that is enqueued again, unless a carrier holds it", async () => {
    const world = await createWorld();
    await ask(world, singleJob(undefined, { queue: "multipliers" }), { item: "waits" }, { item: "runs" });
    await world.query("update outbox set carrier = 'c', enqueued_at = now() where key = 'runs'");
    await ask(world, singleJob(undefined, { queue: "recommendations" }), { item: "waits" }, { item: "runs" });
    expect(await world.query("select key, queue, asks from outbox order by key")).toEqual([
      { key: "runs", queue: "multipliers", asks: 2 },
      { key: "waits", queue: "recommendations", asks: 2 },
    ]);
  });
});

describe("entries of a queue that this version does not have", () => {
  const plant = (world: World, job: string, due = "1 hour") =>
    world.query(
      `insert into outbox (queue, job, key, payload, run_at)
       values ('former-queue', $1, $2::text, '{"item": "a"}', now() - $2::text::interval)`,
      [job, due],
    );

  it("move into the queue of their job, once no other version has taken them for a minute", async () => {
    const world = await createWorld({ jobs: [singleJob(undefined, { queue: "recommendations" })] });
    await plant(world, "note-item", "30 seconds");
    expect(await adoptEntries(world)).toBe(0);
    await plant(world, "note-item");
    expect(await adoptEntries(world)).toBe(1);
    expect(await queues(world)).toEqual(["former-queue", "recommendations"]);
    expect(await adoptEntries(world)).toBe(0);
  });

  it("move into maintenance, where they are postponed, if their job is unknown as well", async () => {
    const world = await createWorld();
    await plant(world, "gone-job");
    await adoptEntries(world);
    expect(await queues(world)).toEqual(["maintenance"]);
  });

  it("do not stop the sweep while carriers hold them, and are given up after an hour", async () => {
    const world = await createWorld({ jobs: [singleJob()] });
    await eventually(() => expect(world.producers.ready()).toBe(true));
    await plant(world, "note-item");
    await world.query("update outbox set carrier = 'c', enqueued_at = now() - interval '59 minutes'");
    expect(await sweep(world)).toEqual({ due: 0, dead: 0 });
    expect(await adoptEntries(world)).toBe(0);
    await world.query("update outbox set enqueued_at = now() - interval '61 minutes'");
    expect(await adoptEntries(world)).toBe(1);
    expect(await queues(world)).toEqual(["maintenance"]);
  });
});
