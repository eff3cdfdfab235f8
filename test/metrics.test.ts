import { collectDefaultMetrics, Registry } from "prom-client";
import { expect, it } from "vitest";
import { createMetrics, shareLoopWindow } from "../src/metrics.ts";
import { emptyTally } from "../src/queues/tally.ts";
import { reportCarrier } from "../src/roles/carrier-report.ts";
import { catalogue } from "../src/workers/index.ts";
import { eventually } from "./support/eventually.ts";
import { createWorld } from "./support/world.ts";

it("faults of use 10: a scrape is small, even after every part of every job has run", async () => {
  const { log, config, activity, clock } = await createWorld();
  const metrics = createMetrics();
  for (const name of catalogue.names) {
    const found = catalogue.find(name);
    if (!found) throw new Error(`no job ${name}`);
    const { job, part } = found;
    const ids = { id: "c", job: name, entries: ["1"], run: null, slot: null };
    const carrier = { ...ids, attempts: 1, addedAtMs: Date.now() - 20 };
    const tally = { ...emptyTally(), done: 1, skipped: 1 };
    const report = { carrier, work: { job, part }, tally, failures: [], tookMs: 12 };
    reportCarrier({ metrics, log, config, activity, clock }, report as Parameters<typeof reportCarrier>[1]);
  }
  const text = await metrics.registry.metrics();
  expect(catalogue.names.length).toBeGreaterThan(50);
  // Buckets make it large: 3,000 bytes a part were 181 KB at rest.
  expect(text.length / catalogue.names.length).toBeLessThan(1_600);
});

it("has no series of jobs, queues and callers before there are counts", async () => {
  const text = await createMetrics().registry.metrics();
  const own = text.split("\n").filter((line) => /^commonwork_\w+\{/.test(line));
  expect(own.filter((line) => !line.startsWith("commonwork_intake_group_size"))).toEqual([]);
});

it("measures the process once, however many runtimes are opened in it", () => {
  const name = "nodejs_eventloop_lag_seconds";
  const first = createMetrics().registry.getSingleMetric(name);
  expect(first).toBeDefined();
  expect(createMetrics().registry.getSingleMetric(name)).toBe(first);
});

it("the delay of the event loop is the same for all who read it within some seconds", async () => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  let nowMs = 0;
  shareLoopWindow(registry, () => nowMs);
  const read = async (name: string): Promise<number> => {
    const found = await registry.getSingleMetric(`nodejs_eventloop_lag_${name}seconds`)?.get();
    return found?.values[0]?.value ?? Number.NaN;
  };
  const measured = async (): Promise<number> => {
    nowMs += 20_000;
    return read("p99_");
  };
  // That of nothing is less than a microsecond.
  const least = 0.001;
  await eventually(async () => expect(await measured()).toBeGreaterThan(least));
  const [p99, max] = [await read("p99_"), await read("max_")];
  expect([p99, max].every((seconds) => seconds > least)).toBe(true);
  nowMs += 10_000;
  await registry.metrics();
  expect([await read("p99_"), await read("max_")]).toEqual([p99, max]);
});
