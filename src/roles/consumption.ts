import type { Queue, Worker } from "bullmq";
import type { QueueName } from "../config/queues.ts";
import type { Runtime } from "./runtime.ts";

const STUCK_AFTER_MS = 30_000;
const CHECK_EVERY_MS = 5_000;

export type Consumption = {
  /**
   * False when carriers of a queue have waited for 30 s while none of it ran: the process should be
   * restarted.
   */
  isAlive(): boolean;
  stop(): void;
};

/**
 * Watches that the queues are consumed, since a worker with a healthy connection can still take no jobs. A
 * queue that an operator paused does not count.
 */
export function watchConsumption(
  runtime: Pick<Runtime, "producers">,
  queues: readonly QueueName[],
  workers: readonly Worker[],
): Consumption {
  const aliveAt = new Map<string, number>(queues.map((queue) => [queue, Date.now()]));
  for (const worker of workers) worker.on("active", () => aliveAt.set(worker.name, Date.now()));
  const check = async (name: QueueName) => {
    const queue = runtime.producers.queue(name);
    if (!runtime.producers.ready() || !(await isStuck(queue))) aliveAt.set(name, Date.now());
  };
  const timer = setInterval(() => {
    for (const queue of queues) check(queue).catch(() => undefined);
  }, CHECK_EVERY_MS);
  return {
    isAlive: () => [...aliveAt.values()].every((at) => Date.now() - at < STUCK_AFTER_MS),
    stop: () => clearInterval(timer),
  };
}

async function isStuck(queue: Queue): Promise<boolean> {
  const { prioritized = 0, wait = 0, active = 0 } = await queue.getJobCounts("prioritized", "wait", "active");
  return prioritized + wait > 0 && active === 0 && !(await queue.isPaused());
}
