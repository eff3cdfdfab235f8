import { type Job as BullJob, MetricsTime, Worker } from "bullmq";
import type { QueueName } from "../config/queues.ts";
import { settlesWithin } from "../deadlines.ts";
import { warnThrottled } from "../log.ts";
import type { RunCarrierDeps } from "../queues/attempt.ts";
import type { Carrier } from "../queues/carriers.ts";
import { createCoalescer } from "../queues/coalesce-carriers.ts";
import { concurrencyOf, keyPrefix, LOCK_POLICY, type LockPolicy } from "../queues/queues.ts";
import { type RedisClient, VERSION_UNASKED, workerConnection } from "../queues/redis-connections.ts";
import { isRedisAbsent, refusesWrites } from "../queues/redis-errors.ts";
import { runCarrier } from "../queues/run-carrier.ts";
import type { Tally } from "../queues/tally.ts";
import { TICK } from "../schedules/register.ts";
import { summaryOf } from "./carrier-report.ts";
import { chargedExecution } from "./charged-execution.ts";
import { watchConsumption } from "./consumption.ts";
import { executionOf } from "./execution.ts";
import { type LoopUser, type LoopWatch, startLoopWatch } from "./loop-watch.ts";
import type { Runtime } from "./runtime.ts";
import { openSlots } from "./scheduler.ts";
import { traceCarrier } from "./trace-carrier.ts";

/** The consuming side of one process. */
export type Workers = {
  /** Resolves once every queue is being consumed. */
  ready(): Promise<void>;
  /** False when work waits but nothing has run for a while: the process should be restarted. */
  isAlive(): boolean;
  /** Takes no new carriers, waits for running ones up to the grace period, and gives the rest back. */
  stop(graceMs: number): Promise<void>;
};

export type WorkerOptions = {
  readonly queues: readonly QueueName[];
  readonly locks?: LockPolicy;
  readonly concurrency?: (queue: QueueName) => number;
};

/** How long an interrupted carrier may take to abandon its transaction. */
const ABANDON_MS = 2_000;

/**
 * Blocks of the event loop from this length on are logged: locks cannot be renewed then, and requests are not
 * answered.
 */
const LONG_MS = 1_000;

type WorkerDeps = {
  readonly runtime: Runtime;
  readonly loop: LoopWatch;
  readonly execution: RunCarrierDeps;
  readonly connection: RedisClient;
  readonly onError: (error: Error) => void;
  readonly locks: LockPolicy;
};

/** Starts a BullMQ worker per queue, over one connection (each opens a blocking one of its own). */
export function startWorkers(runtime: Runtime, options: WorkerOptions): Workers {
  const { queues, locks = LOCK_POLICY, concurrency = concurrencyOf } = options;
  const connection = workerConnection(runtime.config, runtime.config.redisPrefix);
  const onError = workerErrors(runtime, connection);
  const execution = executionOf(runtime, { coalescer: createCoalescer() });
  const loop = startLoopWatch((user, ms) => reportHeld(runtime, user, ms));
  const deps = { runtime, loop, execution, connection, onError, locks };
  const workers = queues.map((queue) => startWorker(deps, queue, concurrency(queue)));
  const consumption = watchConsumption(runtime, queues, workers);
  return {
    ready: async () => void (await Promise.all(workers.map((worker) => worker.waitUntilReady()))),
    isAlive: consumption.isAlive,
    async stop(graceMs) {
      consumption.stop();
      loop.stop();
      await stopWorkers(workers, graceMs);
      connection.disconnect();
    },
  };
}

/**
 * Logs errors of the workers and their connections at most once a minute. While Redis is away or unfit, only
 * the producers' connection logs it, for the whole process.
 */
function workerErrors({ log, producers }: Runtime, connection: RedisClient): (error: Error) => void {
  const connectionFailed = warnThrottled(log, "the workers have no connection to Redis");
  const commandFailed = warnThrottled(log, "a worker's command to Redis failed");
  const onError = (error: Error) => {
    if (refusesWrites(error)) return void producers.failed(error);
    if (!isRedisAbsent(error) && !("syscall" in error)) return commandFailed.warn(error);
    if (producers.ready()) connectionFailed.warn(error);
  };
  connection.on("error", onError);
  connection.on("ready", connectionFailed.recovered);
  return onError;
}

function startWorker(deps: WorkerDeps, queue: QueueName, concurrency: number): Worker {
  const { runtime, connection, onError, locks } = deps;
  const calling = new Set<string>();
  const worker = new Worker(queue, processorFor(deps, queue, calling), {
    ...VERSION_UNASKED,
    connection,
    prefix: keyPrefix(runtime.config.redisPrefix, queue),
    concurrency,
    lockDuration: locks.lockDurationMs,
    stalledInterval: locks.stalledIntervalMs,
    maxStalledCount: locks.maxStalledCount,
    maxStartedAttempts: locks.maxStartedAttempts,
    // After an error of Redis; 15 s by default, which is longer than most outages.
    runRetryDelay: 2_000,
    metrics: { maxDataPoints: MetricsTime.ONE_WEEK },
  });
  worker.on("error", onError);
  worker.on("stalled", () => runtime.metrics.stalled.inc({ queue }));
  worker.on("lockRenewalFailed", (ids) => {
    runtime.metrics.lockLost.inc({ queue }, ids.length);
    // Another worker may be running these by now: interrupt this copy. Around an outside call the row of the
    // entry is the lease, and the other worker does nothing.
    for (const id of ids) if (!calling.has(id)) worker.cancelJob(id, "the lock was lost");
  });
  return worker;
}

/** BullMQ counts the declared parameters: only a processor with three of them can be cancelled. */
const processorFor =
  ({ runtime, loop, execution }: WorkerDeps, queue: QueueName, calling: Set<string>) =>
  async (bullJob: BullJob, _token: string | undefined, signal: AbortSignal | undefined): Promise<unknown> => {
    if (bullJob.name === TICK) return tick(runtime, bullJob);
    const carrier = carrierOf(bullJob);
    const onProgress = (fraction: number) =>
      void bullJob.updateProgress(Math.round(fraction * 100)).catch(() => undefined);
    const job = runtime.catalogue.find(carrier.job)?.job;
    if (job?.form === "outside") calling.add(carrier.id);
    const run = () =>
      runCarrier(
        { ...execution, onProgress, ...chargedExecution(loop, { queue, job: carrier.job }, job, execution) },
        carrier,
        signal ?? new AbortController().signal,
      ).finally(() => calling.delete(carrier.id));
    const tally = await (runtime.tracing.isOn ? traceCarrier(runtime, queue, carrier, run) : run());
    if (carrier.entries.length === 1 && tally.retry + tally.dead > 0) throw new CarrierFailed(tally);
    return summaryOf(tally);
  };

const NO_JOB = { queue: "none", job: "none" } as const;

function reportHeld({ metrics, log }: Runtime, user: LoopUser | null, ms: number): void {
  metrics.loopDelay.observe({ ...(user ?? NO_JOB) }, ms / 1_000);
  if (ms < LONG_MS) return;
  log.warn({ ...user, delayMs: Math.round(ms) }, "the event loop was blocked");
}

type CarrierData = { entries: string[]; run?: string; slot?: string; attempts?: number };

/**
 * A start that did not end counts as an attempt: the carrier may have killed its worker, and would take
 * others down with it.
 */
function carrierOf({ id = "", name, data, timestamp, attemptsStarted }: BullJob<CarrierData>): Carrier {
  const { entries, run = null, slot = null, attempts = 0 } = data;
  const earlierAttempts = attempts + attemptsStarted - 1;
  return { id, job: name, entries, run, slot, attempts: earlierAttempts, addedAtMs: timestamp };
}

async function tick(runtime: Runtime, bullJob: BullJob): Promise<unknown> {
  const schedules = runtime.timetable.filter((schedule) => schedule.name === bullJob.data.schedule);
  const opened = await openSlots(runtime, schedules);
  return { opened: opened.map(({ slot }) => slot.toISOString()) };
}

/** The failure of a carrier as Bull Board shows it. The entry is in Postgres, with its next attempt. */
class CarrierFailed extends Error {
  override readonly name = "CarrierFailed";
  constructor(tally: Tally) {
    super(`${tally.dead > 0 ? "dead letter" : "will be retried"}: ${Object.keys(tally.reasons).join("; ")}`);
    // The stack of this error would not help.
    this.stack = `${this.name}: ${this.message}`;
  }
}

/** `close` waits for running carriers without a limit, so the limits are set here. */
async function stopWorkers(workers: readonly Worker[], graceMs: number): Promise<void> {
  const closed = Promise.allSettled(workers.map((worker) => worker.close()));
  if (await settlesWithin(graceMs, closed)) return;
  for (const worker of workers) worker.cancelAllJobs("shutting down");
  if (await settlesWithin(ABANDON_MS, closed)) return;
  await settlesWithin(ABANDON_MS, Promise.allSettled(workers.map((worker) => worker.close(true))));
}
