import { Queue } from "bullmq";
import { Cluster } from "ioredis";
import type { QueueName } from "../config/queues.ts";
import { type Log, type ThrottledWarning, warnThrottled } from "../log.ts";
import { CARRIER_SIZE_LIMIT_BYTES, keyPrefix } from "./queues.ts";
import {
  producerConnection,
  type RedisAddress,
  type RedisClient,
  VERSION_UNASKED,
} from "./redis-connections.ts";
import { isRedisAbsent } from "./redis-errors.ts";
import { redisFaults } from "./redis-faults.ts";

/** The producing side of every queue, over one connection. */
export type Producers = {
  readonly redis: RedisClient;
  /** Made at its first use: most processes produce for few queues, or for none. */
  queue(name: QueueName): Queue;
  /** What all keys of a queue begin with, also of one that this version does not have. */
  keyPrefix(queue: string): string;
  /**
   * True when the connection is up and leads to a Redis that can carry work, as far as was seen at the last
   * check.
   */
  ready(): boolean;
  /**
   * Reports that a command failed. Redis is checked then, and its fault logged once for the whole process.
   * @returns false when it is not a fault of Redis: the caller logs it.
   */
  failed(error: unknown): boolean;
  close(): Promise<void>;
};

/** How soon a Redis that was found unfit is checked again. */
const RECHECK_MS = 2_000;

/**
 * Opens the producing side. Needs no Redis yet: it connects in the background. Each connection is checked
 * before it is used, since Redis may have been away, or another one, when the process started.
 */
export function openProducers(address: RedisAddress & { readonly redisPrefix: string }, log: Log): Producers {
  const prefix = address.redisPrefix;
  const connection = warnThrottled(log, "no connection to Redis; work waits in Postgres");
  const redis = producerConnection(address, prefix);
  redis.on("error", (error) => connection.warn(rootCause(error)));
  redis.on("ready", connection.recovered);
  const fitness = watchFitness(redis, prefix, log);
  const queues = new Map<QueueName, Queue>();
  const openQueue = (name: QueueName): Queue => {
    const queue = new Queue(name, {
      connection: redis,
      prefix: keyPrefix(prefix, name),
      defaultJobOptions: { sizeLimit: CARRIER_SIZE_LIMIT_BYTES },
      ...VERSION_UNASKED,
    });
    // Errors of the connection, which has a listener already.
    queue.on("error", () => undefined);
    queues.set(name, queue);
    return queue;
  };
  return {
    redis,
    queue: (name) => queues.get(name) ?? openQueue(name),
    keyPrefix: (queue) => keyPrefix(prefix, queue),
    ready: () => redis.status === "ready" && fitness.isFit(),
    failed(error) {
      if (!isRedisAbsent(error)) return false;
      void fitness.check();
      return true;
    },
    async close() {
      fitness.stop();
      await Promise.allSettled([...queues.values()].map((queue) => queue.close()));
      redis.disconnect();
    },
  };
}

/** For commands that need no Redis, where none is configured: what they enqueue waits for the relay. */
export function noProducers(): Producers {
  const absent = (): never => {
    throw new Error("REDIS_URL is not set");
  };
  return {
    get redis(): RedisClient {
      return absent();
    },
    queue: absent,
    keyPrefix: absent,
    ready: () => false,
    failed: () => false,
    close: async () => undefined,
  };
}

/** The error of a Cluster client only says that no node answers; the reason is in `lastNodeError`. */
const rootCause = (error: Error & { lastNodeError?: Error | null }): Error => error.lastNodeError ?? error;

/** Whether the socket of a connection has ended. Its status shows that only one event later. */
const isClosing = (redis: RedisClient): boolean =>
  !(redis instanceof Cluster) && redis.stream?.writable === false;

/**
 * Checks a connection whenever it is made (in a Cluster, whenever a node is connected), when a command
 * failed, and again while a fault was found. Faults are logged at most once a minute.
 */
function watchFitness(redis: RedisClient, prefix: string, log: Log) {
  const unfit: ThrottledWarning = warnThrottled(log, "Redis cannot carry work; it waits in Postgres");
  let fit = true;
  let running = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const check = async () => {
    if (running || redis.status !== "ready") return;
    running = true;
    clearTimeout(timer);
    const reasons = await redisFaults(redis, prefix).then(
      (faults) => faults.map(({ message }) => message),
      (error: Error) => [error.message],
    );
    running = false;
    // A connection that was lost during the check reports that itself, and is checked when it is ready again.
    if (stopped || redis.status !== "ready" || isClosing(redis)) return;
    fit = reasons.length === 0;
    if (fit) return unfit.recovered();
    unfit.warn(new Error(reasons.join(" ")));
    timer = setTimeout(check, RECHECK_MS);
  };
  redis.on("ready", check);
  redis.on("+node", check);
  return {
    isFit: () => fit,
    check,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
