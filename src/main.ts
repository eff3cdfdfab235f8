import { systemClock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import { type HttpServer, startHttp } from "./http/server.ts";
import { createLog, type Log } from "./log.ts";
import { checkServers } from "./roles/boot-checks.ts";
import { previewDueSlots } from "./roles/dry-run-scheduler.ts";
import { openRuntime } from "./roles/open-runtime.ts";
import type { Runtime } from "./roles/runtime.ts";
import { createScheduler } from "./roles/scheduler.ts";
import { type Stage, shutDown } from "./roles/shutdown.ts";
import { startWorkers, type Workers } from "./roles/worker.ts";
import { timetable } from "./schedules/timetable.ts";
import { catalogue } from "./workers/index.ts";

/** A process that has started its roles. */
export type Service = {
  readonly port: number | null;
  /** Ends in bounded stages: webhooks, jobs, schedules, connections. @returns false when something had to be cut off. */
  stop(): Promise<boolean>;
};

const MARGIN_MS = 6_000;

/**
 * The composition root: opens the connections, checks the servers, starts the roles of the configuration.
 * @throws NotFit when Postgres or Redis cannot be trusted with work.
 */
export async function startService(config: Config, log: Log = createLog(config.log)): Promise<Service> {
  const runtime = openRuntime({ config, clock: systemClock, log, catalogue, timetable });
  try {
    await checkServers(runtime);
  } catch (error) {
    await runtime.close();
    throw error;
  }
  if (config.supabase)
    log.info(
      "a SUPABASE_ variable is set: Commonwork needs the connection string of its Postgres alone, as DATABASE_URL",
    );
  const stages: Stage[] = [];
  if (config.dryRun) stages.push({ name: "previews", limitMs: 1_000, stop: previewDueSlots(runtime) });
  else runtime.relay.start();
  const workers = runsWorkers(config) ? startWorkers(runtime, { queues: config.workerQueues }) : null;
  const http = await listen(runtime, workers);
  if (http) stages.push({ name: "http", limitMs: MARGIN_MS, stop: () => http.stop() });
  if (workers) {
    stages.push({
      name: "workers",
      limitMs: config.shutdownGraceMs + MARGIN_MS,
      stop: () => workers.stop(config.shutdownGraceMs),
    });
  }
  if (config.roles.includes("scheduler") && !config.dryRun) {
    const scheduler = createScheduler(runtime);
    scheduler.start();
    stages.push({ name: "scheduler", limitMs: MARGIN_MS, stop: () => scheduler.stop() });
  }
  stages.push({ name: "connections", limitMs: MARGIN_MS, stop: () => runtime.close() });
  log.info(
    { roles: config.roles, queues: config.workerQueues, port: http?.port ?? null, dryRun: config.dryRun },
    "started",
  );
  return { port: http?.port ?? null, stop: () => shutDown(stages, log) };
}

/** A dry run takes nothing from the queues. */
const runsWorkers = (config: Config): boolean => config.roles.includes("worker") && !config.dryRun;

async function listen(runtime: Runtime, workers: Workers | null): Promise<HttpServer | null> {
  if (!runtime.config.listens) return null;
  return startHttp(runtime, workers ? { isConsuming: workers.isConsuming } : {});
}
