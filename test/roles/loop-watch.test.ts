import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { startLoopWatch } from "../../src/roles/loop-watch.ts";
import { eventually } from "../support/eventually.ts";
import { ask, singleJob } from "../support/jobs.ts";
import { createWorld } from "../support/world.ts";

function block(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

const watching = () => {
  const watch = startLoopWatch();
  onTestFinished(watch.stop);
  return watch;
};

describe("the watch of the event loop", () => {
  it("charges work with the time that the loop was blocked while it ran", async () => {
    const watch = watching();
    const end = watch.begin();
    block(200);
    await delay(1);
    expect(end()).toBeGreaterThanOrEqual(170);
  });

  it("charges work that ends without letting a timer run", () => {
    const watch = watching();
    const end = watch.begin();
    block(200);
    expect(end()).toBeGreaterThanOrEqual(170);
  });

  it("does not charge work with what came before it", () => {
    const watch = watching();
    block(2_000);
    const end = watch.begin();
    expect(end()).toBeLessThan(1_500);
  });
});

it("a job that blocks the loop appears in the metrics under its name", async () => {
  const job = singleJob(async () => {
    block(300);
    return undefined;
  });
  const world = await createWorld({ jobs: [job] });
  await world.startWorkers();
  await ask(world, job, { item: "a" });
  await eventually(async () =>
    expect(await world.metrics.registry.metrics()).toMatch(
      /^commonwork_job_loop_delay_seconds_count\{queue="maintenance",job="note-item"\} 1$/m,
    ),
  );
});
