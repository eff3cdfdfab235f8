/**
 * The queues. A queue is one policy: how many carriers run at once, and how soon a silent worker counts as
 * lost. The weight decides both the concurrency and the order in which the relay serves them. A queue is
 * listed here once it has a job.
 */
export const QUEUE_WEIGHTS = {
  commissions: 10,
  notifications: 5,
  matching: 3,
  multipliers: 3,
  recommendations: 3,
  feeds: 3,
  budgets: 2,
  media: 2,
  maintenance: 1,
} as const;

export type QueueName = keyof typeof QUEUE_WEIGHTS;

export const isQueueName = (name: string): name is QueueName => Object.hasOwn(QUEUE_WEIGHTS, name);

/** Heaviest first. */
export const QUEUE_NAMES = (Object.keys(QUEUE_WEIGHTS) as QueueName[]).sort(
  (a, b) => QUEUE_WEIGHTS[b] - QUEUE_WEIGHTS[a],
);
