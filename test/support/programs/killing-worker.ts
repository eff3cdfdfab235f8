import { readConfig } from "../../../src/config/config.ts";
import { createLog } from "../../../src/log.ts";
import { catalogueOf } from "../../../src/queues/job.ts";
import { LOCK_POLICY } from "../../../src/queues/queues.ts";
import { openRuntime } from "../../../src/roles/open-runtime.ts";
import { startWorkers } from "../../../src/roles/worker.ts";
import { batchJob } from "../jobs.ts";

/** A worker program for the tests of SIGKILL: the item `poison` kills the process that runs it, every time. */
const poisonous = batchJob(async ({ item }) => {
  if (item === "poison") {
    process.kill(process.pid, "SIGKILL");
    await new Promise(() => undefined);
  }
  return undefined;
});

const config = readConfig(process.env);
const runtime = openRuntime({
  config,
  clock: { now: () => new Date() },
  log: createLog({ level: "silent", format: "json" }),
  catalogue: catalogueOf([poisonous]),
  timetable: [],
});
const quick = { lockDurationMs: 1_000, stalledIntervalMs: 300, maxStalledCount: 1, maxStartedAttempts: 3 };
const locks = process.env.LOCKS === "production" ? LOCK_POLICY : quick;
const workers = startWorkers(runtime, { queues: ["maintenance"], locks });
await workers.ready();
process.stdout.write("ready\n");
