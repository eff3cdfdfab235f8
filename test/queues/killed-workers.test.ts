import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { LOCK_POLICY } from "../../src/queues/queues.ts";
import { sweep } from "../../src/queues/sweep.ts";
import { eventually } from "../support/eventually.ts";
import { batchJob, enqueueIn, items, noted } from "../support/jobs.ts";
import { spawnWorker } from "../support/kills.ts";
import { createWorld, type World } from "../support/world.ts";

/** Worker processes, one at a time: when one was killed, the next one is started. @returns how they ended. */
function keepWorkersRunning(world: World) {
  let child: ChildProcess | undefined;
  let stopped = false;
  const deaths: string[] = [];
  const run = async () => {
    while (!stopped) {
      child = spawnWorker(world);
      const [code, signal] = await once(child, "exit");
      deaths.push(signal ?? `code ${code}`);
    }
  };
  const running = run();
  world.closing(async () => {
    stopped = true;
    child?.kill("SIGKILL");
    await running;
  });
  return deaths;
}

describe("a job that kills its worker each time", () => {
  it("ends as a dead letter, and the rest of its group is done by other workers", async () => {
    // This process only needs the name and the batch size of the job.
    const world = await createWorld({ jobs: [batchJob()] });
    await enqueueIn(world, batchJob(), ...items(4), { item: "poison" });
    world.relay.start();
    const deaths = keepWorkersRunning(world);
    await eventually(
      async () => {
        await sweep(world, 1_000);
        await world.query("update outbox set run_at = now() where dead_at is null and carrier is null");
        expect(await world.enqueued()).toMatchObject([
          { key: "poison", dead: true, error: "its worker was lost while it ran" },
        ]);
      },
      { withinMs: 240_000 },
    );
    expect(await noted(world)).toEqual(items(4).map(({ item }) => item));
    expect(new Set(deaths)).toEqual(new Set(["SIGKILL"]));
    expect(deaths.length).toBeGreaterThanOrEqual(2);
  });
});

describe("a worker that is killed while it runs a job", () => {
  it("has its job run again by another, with the lock times of production", async () => {
    const world = await createWorld({ jobs: [batchJob()] });
    await enqueueIn(world, batchJob(), { item: "poison" });
    world.relay.start();
    const child = spawnWorker(world, { LOCKS: "production" });
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
    await world.startWorkers({ queues: ["maintenance"], locks: LOCK_POLICY });
    await eventually(async () => expect(await noted(world)).toEqual(["poison"]));
  });
});
