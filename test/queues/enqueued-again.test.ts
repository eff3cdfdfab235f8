import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { gate } from "../support/gate.ts";
import { batchJob, enqueueIn, noted, singleJob } from "../support/jobs.ts";
import { createWorld } from "../support/world.ts";

const forms = { single: singleJob, batch: batchJob };

describe.each(Object.entries(forms))("enqueueing a key of a %s job again", (_form, define) => {
  it("before the attempt updates the entry to the newer payload", async () => {
    const job = define();
    const world = await createWorld({ jobs: [job] });
    await enqueueIn(world, job, { item: "a", value: "1" });
    await enqueueIn(world, job, { item: "a", value: "2" });
    await world.drain();
    expect(await noted(world)).toEqual(["2"]);
  });

  it("during the attempt waits for its commit and adds a new entry", async () => {
    const running = gate();
    const finish = gate();
    const job = define(async ({ value }) => {
      if (value !== "1") return undefined;
      running.open();
      await finish.passed;
      return undefined;
    });
    const world = await createWorld({ jobs: [job] });
    const [id] = await enqueueIn(world, job, { item: "a", value: "1" });
    const run = world.run(job, [id!]);
    await running.passed;
    const again = enqueueIn(world, job, { item: "a", value: "2" });
    await eventually(async () =>
      expect(
        await world.query(
          "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        ),
      ).toHaveLength(1),
    );
    finish.open();
    await Promise.all([run, again]);
    expect(await world.enqueued()).toMatchObject([{ key: "a", asks: 1 }]);
    await world.drain();
    expect(await noted(world)).toEqual(["1", "2"]);
  });

  it("during an attempt that fails updates the entry that is retried", async () => {
    const running = gate();
    const finish = gate();
    const job = define(async ({ value }) => {
      if (value !== "1") return undefined;
      running.open();
      await finish.passed;
      throw new Error("no");
    });
    const world = await createWorld({ jobs: [job] });
    const [id] = await enqueueIn(world, job, { item: "a", value: "1" });
    const run = world.run(job, [id!]);
    await running.passed;
    const again = enqueueIn(world, job, { item: "a", value: "2" });
    finish.open();
    await Promise.all([run, again]);
    await world.skipBackOff();
    await world.drain();
    expect(await noted(world)).toEqual(["2"]);
  });

  it("after the attempt adds a new entry", async () => {
    const job = define();
    const world = await createWorld({ jobs: [job] });
    await world.perform(job, { item: "a", value: "1" });
    await world.perform(job, { item: "a", value: "2" });
    expect(await noted(world)).toEqual(["1", "2"]);
  });

  it("is never lost in a race with workers: the last payload enqueued is the last one processed", async () => {
    const job = define();
    const world = await createWorld({ jobs: [job] });
    await world.startWorkers();
    for (let n = 1; n <= 60; n++) {
      await enqueueIn(world, job, { item: "a", value: String(n) });
      world.relay.wake();
    }
    await eventually(async () => expect(await world.enqueued()).toEqual([]));
    expect((await noted(world)).at(-1)).toBe("60");
  });
});
