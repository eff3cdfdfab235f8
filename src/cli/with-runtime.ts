import { systemClock } from "../clock.ts";
import { type Config, readConfig, readDatabaseConfig } from "../config/config.ts";
import { settingsFrom } from "../config/settings.ts";
import { type Database, openDatabase } from "../db/client.ts";
import { inTransaction } from "../db/transaction.ts";
import { createLog, type Log } from "../log.ts";
import type { RunJobDeps } from "../queues/run-carrier.ts";
import { openRuntime } from "../roles/open-runtime.ts";
import type { Runtime } from "../roles/runtime.ts";
import { openNextSlot } from "../schedules/next-slot.ts";
import { timetable } from "../schedules/timetable.ts";
import { catalogue } from "../workers/index.ts";
import type { Terminal } from "./terminal.ts";

/** Opens Postgres alone for the time of `work`: most commands need nothing else, not even the name of a Redis. */
export async function withDatabase<T>(terminal: Terminal, work: (db: Database) => Promise<T>): Promise<T> {
  const url = readDatabaseConfig(terminal.environment).databaseUrl;
  const db = openDatabase(url, { max: 2, applicationName: "commonwork-cli" });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

/** Opens what a process of the service shares, without starting any role, for the time of `work`. */
export async function withRuntime<T>(terminal: Terminal, work: (runtime: Runtime) => Promise<T>): Promise<T> {
  const config = readConfig(terminal.environment);
  const runtime = openRuntime({ config, clock: systemClock, log: quietLog(config), catalogue, timetable });
  try {
    return await work(runtime);
  } finally {
    await runtime.close();
  }
}

/** Between the answers of a command only trouble is of interest; a person reads it as text. */
function quietLog(config: Config): Log {
  const level = config.log.level === "info" ? "warn" : config.log.level;
  return createLog({ level, format: process.stderr.isTTY ? "text" : config.log.format });
}

/** How jobs run in this program itself, for real. */
export const executionHere = (runtime: Runtime): RunJobDeps => ({
  ...runtime,
  settings: settingsFrom(runtime.config),
  transact: (work, signal) => inTransaction(runtime.db, work, signal),
  insteadOfCall: null,
  onRunFinished: (tx, runId) => openNextSlot(tx, runtime.timetable, runId, runtime.clock.now()),
  onProgress: () => undefined,
});

const REDIS_LIMIT_MS = 3_000;

/** Whether Redis answers, now or within three seconds. */
export async function redisAnswers({ producers }: Pick<Runtime, "producers">): Promise<boolean> {
  const deadline = performance.now() + REDIS_LIMIT_MS;
  while (!producers.ready() && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return producers.ready();
}
