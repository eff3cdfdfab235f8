import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { QUEUE_NAMES, type QueueName } from "../config/queues.ts";
import { type Log, type ThrottledWarning, warnThrottled } from "../log.ts";
import { CARRIER_SIZE_LIMIT_BYTES, keyPrefix } from "./queues.ts";
import { codeOf, redisFaults } from "./redis-faults.ts";

/** Reconnects forever, every two seconds at the latest, with jitter. */
const retryStrategy = (times: number): number =>
  Math.round(Math.min(100 * 2 ** Math.min(times, 10), 2_000) * (0.75 + Math.random() / 2));

/** Replies that say that the connection leads to a server that is not, or not yet, the primary. */
const NOT_PRIMARY = new Set(["READONLY", "LOADING", "MASTERDOWN"]);
const RECONNECT_PAUSE_MS = 2_000;

/**
 * Connects anew when the server was demoted: the address may lead to the new primary by now. Every two
 * seconds at most.
 */
function reconnectWhenDemoted(): (error: Error) => boolean {
  let last = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (!NOT_PRIMARY.has(codeOf(error)) || performance.now() - last < RECONNECT_PAUSE_MS) return false;
    last = performance.now();
    return true;
  };
}

/** Commands of workers wait for Redis without limit. */
export const workerConnection = (url: string, name: string): Redis =>
  new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy,
    reconnectOnError: reconnectWhenDemoted(),
    keepAlive: 10_000,
    connectionName: `${name}-worker`,
    lazyConnect: true,
  });

/** Commands of producers fail at once without Redis: the entries wait in Postgres instead. */
export const producerConnection = (url: string, name: string): Redis =>
  new Redis(url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    retryStrategy,
    reconnectOnError: reconnectWhenDemoted(),
    keepAlive: 10_000,
    connectionName: `${name}-producer`,
    lazyConnect: true,
    commandTimeout: 5_000,
  });

/** The producing side of every queue, over one connection. */
export type Producers = {
  readonly redis: Redis;
  readonly queues: ReadonlyMap<QueueName, Queue>;
  queue(name: QueueName): Queue;
  /**
   * True when the connection is up and leads to a Redis that can carry work, as far as was seen at the last
   * check.
   */
  ready(): boolean;
  close(): Promise<void>;
};

/** How soon a Redis that was found unfit is checked again. */
const RECHECK_MS = 2_000;

/**
 * Opens the producing side. Needs no Redis yet: it connects in the background. Each connection is checked
 * before it is used, since Redis may have been away, or another one, when the process started.
 */
export function openProducers(
  url: string,
  prefix: string,
  connection: ThrottledWarning,
  log: Log,
): Producers {
  const onError = connection.warn;
  const redis = producerConnection(url, prefix);
  redis.on("error", onError);
  redis.on("ready", connection.recovered);
  const fitness = watchFitness(redis, prefix, log);
  // The first attempt may fail; the retry strategy continues.
  redis.connect().catch(onError);
  const queues = new Map(
    QUEUE_NAMES.map((name) => {
      const queue = new Queue(name, {
        connection: redis,
        prefix: keyPrefix(prefix, name),
        defaultJobOptions: { sizeLimit: CARRIER_SIZE_LIMIT_BYTES },
      });
      queue.on("error", onError);
      return [name, queue] as const;
    }),
  );
  return {
    redis,
    queues,
    queue: (name) => queues.get(name) as Queue,
    ready: () => redis.status === "ready" && fitness.isFit(),
    async close() {
      fitness.stop();
      await Promise.allSettled([...queues.values()].map((queue) => queue.close()));
      redis.disconnect();
    },
  };
}

/**
 * Checks a connection whenever it is made, and again while a fault was found. Faults are logged at most once
 * a minute.
 */
function watchFitness(redis: Redis, prefix: string, log: Log) {
  const unfit = warnThrottled(log, "Redis cannot carry work; it waits in Postgres");
  let fit = true;
  let timer: NodeJS.Timeout | undefined;
  const check = async () => {
    clearTimeout(timer);
    const faults = await redisFaults(redis, prefix);
    fit = faults.length === 0;
    if (fit) return unfit.recovered();
    unfit.warn(new Error(faults.map(({ message }) => message).join(" ")));
    timer = setTimeout(checkSoon, RECHECK_MS);
  };
  // A connection that is lost during a check is checked when it is ready again.
  const checkSoon = () => void check().catch(() => undefined);
  redis.on("ready", checkSoon);
  return { isFit: () => fit, stop: () => clearTimeout(timer) };
}
