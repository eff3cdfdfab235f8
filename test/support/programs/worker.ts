import { readConfig } from "../../../src/config/config.ts";
import { QUEUE_NAMES } from "../../../src/config/queues.ts";
import { createLog } from "../../../src/log.ts";
import { catalogueOf } from "../../../src/queues/catalogue.ts";
import { LOCK_POLICY } from "../../../src/queues/queues.ts";
import { openRuntime } from "../../../src/roles/open-runtime.ts";
import { startWorkers } from "../../../src/roles/worker.ts";
import { batchJob } from "../jobs.ts";

/** The item `poison` kills the process that runs it, every time. */
const poisonous = batchJob(async ({ item }) => {
  if (item === "poison") {
    process.kill(process.pid, "SIGKILL");
    await new Promise(() => undefined);
  }
  return undefined;
});

/** A worker process for tests that kill it: with the job above, or with JOBS=all those of the catalogue. */
const jobs =
  process.env["JOBS"] === "all"
    ? (await import("../../../src/workers/index.ts")).catalogue.jobs
    : [poisonous];

const runtime = openRuntime({
  config: readConfig(process.env),
  clock: { now: () => new Date() },
  log: createLog({ level: "silent", format: "json" }),
  catalogue: catalogueOf(jobs),
  timetable: [],
});
/** A carrier that lost its worker once fails. */
const quick = { lockDurationMs: 1_000, stalledIntervalMs: 300, maxStalledCount: 0, maxStartedAttempts: 3 };
const locks = process.env["LOCKS"] === "production" ? LOCK_POLICY : quick;
await startWorkers(runtime, { queues: QUEUE_NAMES, locks }).ready();
