import { QUEUE_NAMES } from "../config/queues.ts";
import type { Producers } from "./redis.ts";

/** How long a queue counts as live after a mark: longer than a restart of its only process takes. */
const LIVE_FOR_S = 120;
const MARK_EVERY_MS = 30_000;

const markKey = (producers: Producers, queue: string): string => `${producers.keyPrefix(queue)}:live`;

/** Marks the queues of this version in Redis as having a running process. */
export type LiveMarks = {
  /** @param lost whether the marks may be gone; they are then made at once. */
  renew(lost: boolean): Promise<void>;
};

export function createLiveMarks(producers: Producers): LiveMarks {
  let dueMs = Number.NEGATIVE_INFINITY;
  return {
    async renew(lost) {
      if (!lost && performance.now() < dueMs) return;
      await Promise.all(
        QUEUE_NAMES.map((queue) => producers.redis.set(markKey(producers, queue), "1", "EX", LIVE_FOR_S)),
      );
      dueMs = performance.now() + MARK_EVERY_MS;
    },
  };
}

/** Which of some queues no running process serves, of this version or another. */
export async function queuesWithoutProcess(
  producers: Producers,
  queues: readonly string[],
): Promise<string[]> {
  const found = await Promise.all(queues.map((queue) => producers.redis.exists(markKey(producers, queue))));
  return queues.filter((_, index) => found[index] === 0);
}
