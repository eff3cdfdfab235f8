import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { QUEUE_NAMES, type QueueName } from "../config/queues.ts";
import type { ThrottledWarning } from "../log.ts";
import { CARRIER_SIZE_LIMIT_BYTES, keyPrefix } from "./queues.ts";

/** Reconnects forever, every two seconds at the latest, with jitter. */
const retryStrategy = (times: number): number =>
  Math.round(Math.min(100 * 2 ** Math.min(times, 10), 2_000) * (0.75 + Math.random() / 2));

/** Commands of workers wait for Redis without limit. */
export const workerConnection = (url: string, name: string): Redis =>
  new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy,
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
  /** True when the connection is up. */
  ready(): boolean;
  close(): Promise<void>;
};

/** Opens the producing side. Needs no Redis yet: it connects in the background. */
export function openProducers(url: string, prefix: string, connection: ThrottledWarning): Producers {
  const onError = connection.warn;
  const redis = producerConnection(url, prefix);
  redis.on("error", onError);
  redis.on("ready", connection.recovered);
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
    ready: () => redis.status === "ready",
    async close() {
      await Promise.allSettled([...queues.values()].map((queue) => queue.close()));
      redis.disconnect();
    },
  };
}
