import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import { createLog } from "../../src/log.ts";
import { catalogueOf } from "../../src/queues/catalogue.ts";
import { openRuntime } from "../../src/roles/open-runtime.ts";
import { startWorkers } from "../../src/roles/worker.ts";
import { catalogue } from "../../src/workers/index.ts";
import { slowRun } from "./long-run-job.ts";

// A worker of the queue of sales that also knows a run of slow ranges.
const config = readConfig({ ...process.env, LOG_LEVEL: "warn" });
const runtime = openRuntime({
  config,
  clock: systemClock,
  log: createLog(config.log),
  catalogue: catalogueOf([...catalogue.jobs, slowRun]),
  timetable: [],
});
runtime.relay.start();
const workers = startWorkers(runtime, { queues: ["commissions"] });
await workers.ready();
process.stdout.write(`${JSON.stringify({ msg: "started", port: 0 })}\n`);
