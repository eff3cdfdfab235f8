import { expect, it } from "vitest";
import { createLog } from "../../src/log.ts";
import { executionOf } from "../../src/roles/execution.ts";
import { batchJob, enqueueIn, items } from "../support/jobs.ts";
import { createWorld } from "../support/world.ts";

const failing = batchJob(async ({ value }) => {
  if (value === "bad") throw new Error("secret value 4711");
  return undefined;
});

async function reported(values: readonly string[]) {
  const world = await createWorld({ jobs: [failing] });
  const lines: string[] = [];
  const log = createLog({
    level: "info",
    format: "json",
    destination: { write: (line) => lines.push(line) },
  });
  const ids = await enqueueIn(
    world,
    failing,
    ...items(values.length).map((item, n) => ({ ...item, value: values[n] })),
  );
  await world.run(failing, ids, executionOf({ ...world, log }));
  const metrics = await world.metrics.registry.getMetricsAsJSON();
  const outcomes = metrics.find(({ name }) => name === "commonwork_job_outcomes_total")?.values;
  return { ids, lines: lines.map((line) => JSON.parse(line)), outcomes };
}

it("writes one line at level info for a carrier whose entries were all settled", async () => {
  const { lines } = await reported(["good", "good", "good"]);
  expect(lines).toMatchObject([
    {
      level: "info",
      msg: "carrier settled",
      queue: "maintenance",
      job: "note-items",
      carrier: "by-hand",
      entries: 3,
      done: 3,
      counts: { noted: 3 },
    },
  ]);
  expect(lines[0].tookMs).toBeGreaterThanOrEqual(0);
});

it("writes one line at level warn that names the failed entries, and counts the outcomes", async () => {
  const { ids, lines, outcomes } = await reported(["good", "bad", "good"]);
  const reason = expect.stringMatching(/^Error at test\/roles\/carrier-report\.test\.ts/);
  expect(lines).toMatchObject([
    {
      level: "warn",
      msg: "carrier settled with failures",
      entries: 3,
      done: 2,
      retry: 1,
      failures: [{ entry: ids[1], outcome: "retry", reason }],
      err: { type: "Error" },
    },
  ]);
  const labels = { queue: "maintenance", job: "note-items" };
  expect(outcomes).toEqual([
    expect.objectContaining({ value: 2, labels: { ...labels, outcome: "done" } }),
    expect.objectContaining({ value: 1, labels: { ...labels, outcome: "retry" } }),
  ]);
});

it("writes that line at level debug in a text log", async () => {
  const world = await createWorld({ jobs: [failing], environment: { LOG_FORMAT: "text" } });
  const levels: string[] = [];
  const log = createLog({
    level: "debug",
    format: "json",
    destination: { write: (line) => void levels.push(JSON.parse(line).level) },
  });
  const [id] = await enqueueIn(world, failing, ...items(1));
  await world.run(failing, [id!], executionOf({ ...world, log }));
  expect(levels).toEqual(["debug"]);
});
