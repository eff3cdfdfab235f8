import { QUEUE_WEIGHTS, type QueueName } from "../config/queues.ts";

/** How many carriers of a queue one worker runs at once. */
export const concurrencyOf = (queue: QueueName): number => QUEUE_WEIGHTS[queue];

/** Times that decide how soon the work of a killed worker is taken up again (measured: 11.4 s at most). */
export type LockPolicy = {
  readonly lockDurationMs: number;
  readonly stalledIntervalMs: number;
  readonly maxStalledCount: number;
  /** A carrier is tried once, so every further start is a crash. */
  readonly maxStartedAttempts: number;
};

export const LOCK_POLICY: LockPolicy = {
  lockDurationMs: 8_000,
  stalledIntervalMs: 3_000,
  maxStalledCount: 3,
  maxStartedAttempts: 5,
};

/** No more carriers than this wait in Redis for one queue, whatever the backlog in Postgres. */
export const MAX_WAITING_CARRIERS = 100;

/** A job without a priority would run before priority 1, so every BullMQ job has one. */
export const PRIORITY = { tick: 1, work: 2 } as const;

/** A carrier holds ids alone; what is larger than this is a mistake. */
export const CARRIER_SIZE_LIMIT_BYTES = 64 * 1024;

/** Finished carriers are kept for the eyes of operators, and for no other purpose. */
export const RETENTION = {
  removeOnComplete: { age: 3_600, count: 5_000 },
  removeOnFail: { age: 14 * 24 * 3_600, count: 50_000 },
} as const;

/** Keys of one queue share a hash tag of their own, so that each lies in one slot of a Redis Cluster. */
export const keyPrefix = (prefix: string, queue: QueueName): string => `{${prefix}:${queue}}`;
