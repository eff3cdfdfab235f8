import { systemClock } from "../clock.ts";
import { type Config, readConfig } from "../config/config.ts";
import { settingsFrom } from "../config/settings.ts";
import { inTransaction } from "../db/transaction.ts";
import { createLog, type Log } from "../log.ts";
import type { RunJobDeps } from "../queues/run-carrier.ts";
import { openRuntime } from "../roles/open-runtime.ts";
import type { Runtime } from "../roles/runtime.ts";
import { openNextSlot } from "../schedules/next-slot.ts";
import { timetable } from "../schedules/timetable.ts";
import { catalogue } from "../workers/index.ts";
import type { Terminal } from "./terminal.ts";

/** Runs `work` with everything a service process opens, but without starting a role. */
export async function withRuntime<T>(terminal: Terminal, work: (runtime: Runtime) => Promise<T>): Promise<T> {
  const config = readConfig(terminal.environment);
  const runtime = openRuntime({ config, clock: systemClock, log: quietLog(config), catalogue, timetable });
  try {
    return await work(runtime);
  } finally {
    await runtime.close();
  }
}

/** Warnings and errors only, as text on a terminal. */
function quietLog(config: Config): Log {
  const level = config.log.level === "info" ? "warn" : config.log.level;
  return createLog({ level, format: process.stderr.isTTY ? "text" : config.log.format });
}

/** How this process runs jobs itself, without workers. */
export const executionHere = (runtime: Runtime): RunJobDeps => ({
  ...runtime,
  settings: settingsFrom(runtime.config),
  transact: (work, signal) => inTransaction(runtime.db, work, signal),
  insteadOfCall: null,
  onRunFinished: (tx, runId) => openNextSlot(tx, runtime.timetable, runId, runtime.clock.now()),
  onProgress: () => undefined,
});

const REDIS_LIMIT_MS = 3_000;

/** Whether Redis answers within three seconds. */
export async function redisAnswers({ producers }: Pick<Runtime, "producers">): Promise<boolean> {
  const deadline = performance.now() + REDIS_LIMIT_MS;
  while (!producers.ready() && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return producers.ready();
}
