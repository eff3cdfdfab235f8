import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { QUEUE_NAMES, type QueueName } from "../config/queues.ts";
import { CARRIER_SIZE_LIMIT_BYTES, keyPrefix } from "./queues.ts";

/** Reconnects for ever, at least every two seconds, and not all processes at the same instant. */
const retryStrategy = (times: number): number =>
  Math.round(Math.min(100 * 2 ** Math.min(times, 10), 2_000) * (0.75 + Math.random() / 2));

/** Workers wait for Redis as long as it takes. */
export const workerConnection = (url: string, name: string): Redis =>
  new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy,
    keepAlive: 10_000,
    connectionName: `${name}-worker`,
    lazyConnect: true,
  });

/** Producers learn at once that Redis is away: the entry waits in Postgres instead. */
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
  /** True when a command sent now would reach Redis. */
  ready(): boolean;
  close(): Promise<void>;
};

/** Opens the producing side. Resolves without Redis too: it connects when Redis is there. */
export function openProducers(url: string, prefix: string, onError: (error: Error) => void): Producers {
  const redis = producerConnection(url, prefix);
  redis.on("error", onError);
  // The first attempt may fail; the retry strategy takes it from there.
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
