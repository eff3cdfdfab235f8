import { QUEUE_WEIGHTS, type QueueName } from "../config/queues.ts";

/** How many carriers of a queue one worker runs at once. */
export const concurrencyOf = (queue: QueueName): number => QUEUE_WEIGHTS[queue];

/**
 * Locks and stalled checks: they decide how soon the work of a killed worker runs again (measured: within
 * 11.4 s).
 */
export type LockPolicy = {
  readonly lockDurationMs: number;
  readonly stalledIntervalMs: number;
  readonly maxStalledCount: number;
  /** A carrier has one attempt in BullMQ, so every further start follows a crash. */
  readonly maxStartedAttempts: number;
};

export const LOCK_POLICY: LockPolicy = {
  lockDurationMs: 8_000,
  stalledIntervalMs: 3_000,
  maxStalledCount: 3,
  maxStartedAttempts: 5,
};

/** At most this many carriers of a queue wait in Redis, whatever the backlog in Postgres. */
export const MAX_WAITING_CARRIERS = 100;

/**
 * Every BullMQ job has a priority: one without would run before priority 1. A range waits behind other work,
 * so that several runs at once delay that work by one range at most.
 */
export const PRIORITY = { tick: 1, work: 2, range: 3 } as const;

/** Carriers hold only ids; a larger one is a bug. */
export const CARRIER_SIZE_LIMIT_BYTES = 64 * 1024;

/** Finished carriers are kept only for display in Bull Board. */
export const RETENTION = {
  removeOnComplete: { age: 3_600, count: 5_000 },
  removeOnFail: { age: 14 * 24 * 3_600, count: 50_000 },
} as const;

/** All keys of a queue share a hash tag, and so a hash slot of Redis Cluster. */
export const keyPrefix = (prefix: string, queue: string): string => `{${prefix}:${queue}}`;
