import { type Job as BullJob, MetricsTime, type Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { QueueName } from "../config/queues.ts";
import { settingsFrom } from "../config/settings.ts";
import { type Company, createCompany } from "../queues/coalesce-carriers.ts";
import type { Carrier, Tally } from "../queues/execution.ts";
import { concurrencyOf, keyPrefix, LOCK_POLICY, type LockPolicy } from "../queues/queues.ts";
import { workerConnection } from "../queues/redis.ts";
import { type RunJobDeps, runCarrier } from "../queues/run-carrier.ts";
import { openNextSlot } from "../schedules/next-slot.ts";
import { TICK } from "../schedules/register.ts";
import type { Runtime } from "./runtime.ts";
import { openSlots } from "./scheduler.ts";

/** The consuming side of one process. */
export type Workers = {
  /** Resolves once every queue is being listened to. */
  ready(): Promise<void>;
  /** False when work waits, nothing runs, and that has lasted: the process should be started anew. */
  isConsuming(): boolean;
  /** Takes no more; waits for running work up to the grace period; gives the rest back. */
  stop(graceMs: number): Promise<void>;
};

export type WorkerOptions = {
  readonly queues: readonly QueueName[];
  readonly locks?: LockPolicy;
  readonly concurrency?: (queue: QueueName) => number;
};

/** After the signal to stop, running work has this long to let go of its transaction. */
const LET_GO_MS = 2_000;
const IDLE_LIMIT_MS = 30_000;
const LOOK_EVERY_MS = 5_000;

/** Starts a BullMQ worker per queue, over one connection (each adds a blocking one of its own). */
export function startWorkers(runtime: Runtime, options: WorkerOptions): Workers {
  const { locks = LOCK_POLICY, concurrency = concurrencyOf } = options;
  const connection = workerConnection(runtime.config.redisUrl, runtime.config.redisPrefix);
  const complain = once(runtime);
  connection.on("error", complain);
  connection.connect().catch(complain);
  const company = createCompany();
  const workers = options.queues.map((queue) =>
    startWorker(runtime, company, queue, connection, locks, concurrency(queue)),
  );
  const watch = watchConsumption(runtime, options.queues, workers);
  return {
    ready: async () => void (await Promise.all(workers.map((worker) => worker.waitUntilReady()))),
    isConsuming: watch.isConsuming,
    async stop(graceMs) {
      watch.stop();
      await stopWorkers(workers, graceMs);
      connection.disconnect();
    },
  };
}

function startWorker(
  runtime: Runtime,
  company: Company,
  queue: QueueName,
  connection: Redis,
  locks: LockPolicy,
  concurrency: number,
): Worker {
  const worker = new Worker(queue, processorFor(runtime, company, queue), {
    connection,
    prefix: keyPrefix(runtime.config.redisPrefix, queue),
    concurrency,
    lockDuration: locks.lockDurationMs,
    stalledInterval: locks.stalledIntervalMs,
    maxStalledCount: locks.maxStalledCount,
    maxStartedAttempts: locks.maxStartedAttempts,
    metrics: { maxDataPoints: MetricsTime.ONE_WEEK },
  });
  worker.on("error", once(runtime));
  worker.on("stalled", () => runtime.metrics.stalled.inc({ queue }));
  worker.on("lockRenewalFailed", (ids) => {
    runtime.metrics.lockLost.inc({ queue }, ids.length);
    // Another worker may have taken these up: this copy lets go.
    for (const id of ids) worker.cancelJob(id, "the lock was lost");
  });
  return worker;
}

/** BullMQ looks at the number of parameters: the third one is what makes work cancellable. */
function processorFor(runtime: Runtime, company: Company, queue: QueueName) {
  return async (
    bullJob: BullJob,
    _token: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<unknown> => {
    if (bullJob.name === TICK) return tick(runtime, bullJob);
    // One that was begun before may have taken its worker down: whoever went with it would fall with it again.
    const alone = bullJob.data.alone === true || bullJob.attemptsStarted > 1;
    const carrier: Carrier = { id: bullJob.id ?? "", job: bullJob.name, ...bullJob.data, alone };
    const startedAt = Date.now();
    const tally = await runCarrier(
      dependenciesOf(runtime, company, bullJob),
      carrier,
      signal ?? new AbortController().signal,
    );
    report(runtime, queue, carrier, tally, {
      waitedMs: startedAt - bullJob.timestamp,
      tookMs: Date.now() - startedAt,
    });
    if (carrier.entries.length === 1 && tally.retry + tally.dead > 0) throw new CarrierFailed(tally);
    return summary(tally);
  };
}

async function tick(runtime: Runtime, bullJob: BullJob): Promise<unknown> {
  const schedules = runtime.timetable.filter((schedule) => schedule.name === bullJob.data.schedule);
  const opened = await openSlots(runtime, schedules);
  return { opened: opened.map(({ slot }) => slot.toISOString()) };
}

function dependenciesOf(runtime: Runtime, company: Company, bullJob: BullJob): RunJobDeps {
  return {
    company,
    db: runtime.db,
    clock: runtime.clock,
    log: runtime.log,
    catalogue: runtime.catalogue,
    ports: runtime.ports,
    compute: runtime.compute,
    settings: settingsFrom(runtime.config),
    transact: (work, signal) => runtime.relay.transact(runtime.db, work, signal),
    insteadOfCall: null,
    onRunFinished: (tx, runId) => openNextSlot(tx, runtime.timetable, runId, runtime.clock.now()),
    onProgress: (fraction) => void bullJob.updateProgress(Math.round(fraction * 100)).catch(() => undefined),
  };
}

/** Shown by Bull Board as the failure of a carrier; the entry itself is in Postgres, with its next try. */
class CarrierFailed extends Error {
  override readonly name = "CarrierFailed";
  constructor(tally: Tally) {
    super(
      `${tally.dead > 0 ? "dead letter" : "will be tried again"}: ${Object.keys(tally.reasons).join("; ")}`,
    );
    // Where it was thrown says nothing: the error is the tally.
    this.stack = `${this.name}: ${this.message}`;
  }
}

const ENDS = ["done", "skipped", "duplicate", "retry", "dead", "snoozed", "interrupted"] as const;

function summary(tally: Tally): Record<string, unknown> {
  const ends = ENDS.filter((end) => tally[end] > 0).map((end) => [end, tally[end]]);
  const extra = {
    ...(Object.keys(tally.counts).length > 0 ? { counts: tally.counts } : {}),
    ...(Object.keys(tally.reasons).length > 0 ? { reasons: tally.reasons } : {}),
  };
  return { ...Object.fromEntries(ends), ...extra };
}

/** One line a carrier, and its figures. */
function report(
  runtime: Runtime,
  queue: QueueName,
  carrier: Carrier,
  tally: Tally,
  times: { waitedMs: number; tookMs: number },
): void {
  const labels = { queue, job: carrier.job };
  runtime.metrics.wait.observe(labels, times.waitedMs / 1_000);
  runtime.metrics.run.observe(labels, times.tookMs / 1_000);
  for (const end of ENDS)
    if (tally[end] > 0) runtime.metrics.outcomes.inc({ ...labels, outcome: end }, tally[end]);
  runtime.log.info(
    { ...labels, carrier: carrier.id, entries: carrier.entries.length, ...times, ...summary(tally) },
    "carrier settled",
  );
}

/** Redis being away is said once, not with every attempt to reach it. */
function once(runtime: Runtime): (error: Error) => void {
  let saidAt = 0;
  return (error) => {
    if (Date.now() - saidAt < 30_000) return;
    saidAt = Date.now();
    runtime.log.warn({ err: error }, "worker connection");
  };
}

/**
 * A connection can be healthy while nothing is consumed: so look at consumption itself, queue by queue. A queue that an operator
 * paused is meant to stand still.
 */
function watchConsumption(runtime: Runtime, queues: readonly QueueName[], workers: readonly Worker[]) {
  const lastSign = new Map<string, number>(queues.map((queue) => [queue, Date.now()]));
  for (const worker of workers) worker.on("active", () => lastSign.set(worker.name, Date.now()));
  const look = async (name: QueueName) => {
    const queue = runtime.producers.queue(name);
    if (!runtime.producers.ready() || !(await isStuck(queue))) lastSign.set(name, Date.now());
  };
  const timer = setInterval(() => {
    for (const queue of queues) look(queue).catch(() => undefined);
  }, LOOK_EVERY_MS);
  return {
    isConsuming: () => [...lastSign.values()].every((at) => Date.now() - at < IDLE_LIMIT_MS),
    stop: () => clearInterval(timer),
  };
}

async function isStuck(queue: Queue): Promise<boolean> {
  const { prioritized = 0, wait = 0, active = 0 } = await queue.getJobCounts("prioritized", "wait", "active");
  return prioritized + wait > 0 && active === 0 && !(await queue.isPaused());
}

async function stopWorkers(workers: readonly Worker[], graceMs: number): Promise<void> {
  // close() waits for running work without a limit of its own; the limit is ours.
  const closed = Promise.allSettled(workers.map((worker) => worker.close()));
  if (await within(closed, graceMs)) return;
  for (const worker of workers) worker.cancelAllJobs("shutting down");
  if (await within(closed, LET_GO_MS)) return;
  await within(Promise.allSettled(workers.map((worker) => worker.close(true))), LET_GO_MS);
}

/** @returns true when the promise settled in time. */
async function within(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const settled = await Promise.race([promise.then(() => true as const), limit]);
  clearTimeout(timer);
  return settled;
}
