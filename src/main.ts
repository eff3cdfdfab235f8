import type { Config } from "./config/config.ts";
import { closeListener, listen, serveOn } from "./http/server.ts";
import { createLog, type Log, type LogOptions, warnThrottled } from "./log.ts";
import { checkServers } from "./roles/boot-checks.ts";
import { capabilitiesOf } from "./roles/capabilities.ts";
import { createDryRunScheduler } from "./roles/dry-run-scheduler.ts";
import { openRuntime } from "./roles/open-runtime.ts";
import { startPresence } from "./roles/presence.ts";
import type { Runtime } from "./roles/runtime.ts";
import { createScheduler, type Scheduler } from "./roles/scheduler.ts";
import { type ShutdownStep, shutDown } from "./roles/shutdown.ts";
import { startWorkers } from "./roles/worker.ts";
import { nextSlotsOfTheDay } from "./schedules/slots-of-the-day.ts";
import { timetable } from "./schedules/timetable.ts";
import { openTracing } from "./tracing/open-tracing.ts";
import type { Tracing } from "./tracing/tracing.ts";
import { VERSION } from "./version.ts";
import { catalogue } from "./workers/index.ts";

/** A running process of the service. */
export type Service = {
  readonly port: number | null;
  /**
   * Stops webhooks, jobs, schedules and connections, in that order, each within a limit.
   * @returns false if a limit was exceeded.
   */
  stop(): Promise<boolean>;
};

const STEP_LIMIT_MS = 6_000;

/** The means by which a process reports. */
export type Reporting = { readonly log: Log; readonly tracing: Tracing };

/** Opens tracing, if it is configured, and the log, whose lines contain the current trace. */
export async function openReporting(
  config: Config,
  destination?: LogOptions["destination"],
): Promise<Reporting> {
  const failed: { warn?: (error: unknown) => void } = {};
  const tracing = await openTracing(config.tracing, (error) => failed.warn?.(error));
  const log = createLog({
    ...config.log,
    ...(destination ? { destination } : {}),
    ...(tracing.isOn ? { fields: tracing.logFields } : {}),
  });
  failed.warn = warnThrottled(log, "traces could not be exported; they are dropped").warn;
  return { log, tracing };
}

/**
 * The composition root: takes the port, opens the connections, checks the servers and starts the configured
 * roles.
 *
 * @throws UnsuitableServer when Postgres or Redis cannot be used.
 */
export async function startService(config: Config, { log, tracing }: Reporting): Promise<Service> {
  const listener = config.listens ? await listen(config) : null;
  const runtime = openRuntime({ config, log, tracing, catalogue, timetable });
  try {
    await checkServers(runtime);
  } catch (error) {
    await runtime.close();
    if (listener) await closeListener(listener);
    throw error;
  }
  if (config.supabase)
    log.info("SUPABASE_ variables are ignored: set DATABASE_URL to the connection string of its Postgres");
  for (const capability of capabilitiesOf(config)) log.info(capability, "capability");
  runtime.serverClock?.start();
  const steps: ShutdownStep[] = [];
  if (!config.dryRun) runtime.relay.start();
  const workers = runsWorkers(config) ? startWorkers(runtime, { queues: config.workerQueues }) : null;
  // In a dry run as well: previews read the mirrors.
  if (config.roles.includes("worker")) runtime.mirroring.start();
  const scheduler = schedulerOf(runtime);
  const roles = [workers, scheduler, runtime.relay];
  const isAlive = () => roles.every((role) => role?.isAlive() ?? true);
  const presence = config.dryRun ? null : startPresence(runtime);
  const http = listener && serveOn(listener, runtime, { isAlive });
  scheduler?.start();
  if (scheduler)
    for (const line of nextSlotsOfTheDay(timetable, runtime.clock.now())) log.info(line, "schedule");
  if (http) steps.push({ name: "http", limitMs: STEP_LIMIT_MS, stop: () => http.stop() });
  if (workers) {
    steps.push({
      name: "workers",
      limitMs: config.shutdownGraceMs + STEP_LIMIT_MS,
      stop: () => workers.stop(config.shutdownGraceMs),
    });
  }
  if (scheduler) steps.push({ name: "scheduler", limitMs: STEP_LIMIT_MS, stop: () => scheduler.stop() });
  if (presence) steps.push({ name: "presence", limitMs: STEP_LIMIT_MS, stop: () => presence.stop() });
  steps.push({ name: "connections", limitMs: STEP_LIMIT_MS, stop: () => runtime.close() });
  steps.push({ name: "tracing", limitMs: STEP_LIMIT_MS, stop: () => tracing.close() });
  log.info(startedLine(config, http?.port ?? null), "started");
  return { port: http?.port ?? null, stop: () => shutDown(steps, log) };
}

const startedLine = ({ host, roles, workerQueues, dryRun }: Config, port: number | null) => ({
  version: VERSION,
  roles,
  ...(roles.includes("worker") ? { queues: workerQueues } : {}),
  port,
  ...(port === null ? {} : { url: `http://${host.includes(":") ? `[${host}]` : host}:${port}` }),
  dryRun,
});

/** A dry run consumes no queue. */
const runsWorkers = (config: Config): boolean => config.roles.includes("worker") && !config.dryRun;

function schedulerOf(runtime: Runtime): Scheduler | null {
  if (runtime.config.dryRun) return createDryRunScheduler(runtime);
  return runtime.config.roles.includes("scheduler") ? createScheduler(runtime) : null;
}
