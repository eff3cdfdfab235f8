import type { QueueName } from "../config/queues.ts";
import { openProcessorClock } from "../processor-time.ts";

/** The job whose code runs. */
export type LoopUser = { readonly queue: QueueName; readonly job: string };

/** Measures how long the event loop is held, and by which job. */
export type LoopWatch = {
  /** @returns a function to call whenever code of the job is about to run: an answer has arrived for it. */
  watch(user: LoopUser): () => void;
  stop(): void;
};

/** Shorter times are not worth a series in the metrics. */
const SHORT_MS = 50;
/** How often the loop should come back to its timers. */
const INTERVAL_MS = 20;

/**
 * From the moment at which an answer arrives for a job, the loop belongs to that job, until an answer arrives
 * for another one or the loop has served all sockets. What a job uses in one iteration of the loop is added
 * up: ten carriers of a job hold it ten times as long. Jobs are measured in processor time, so that none is
 * charged with what other programs on the machine use. If a timer is late for another reason, such as other
 * programs, garbage collection or requests, no job is charged.
 *
 * @param onHeld receives each time of 50 ms or more; null: it was not a job.
 */
export function startLoopWatch(onHeld: (user: LoopUser | null, ms: number) => void): LoopWatch {
  const iteration = new Map<string, { readonly user: LoopUser; ms: number }>();
  let running: LoopUser | null = null;
  let sinceMs = 0;
  let knownMs = 0;
  const clock = openProcessorClock();
  let tickedMs = performance.now();
  const switchTo = (next: LoopUser | null) => {
    const nowMs = clock();
    if (running !== null) {
      const held = iteration.get(running.job) ?? { user: running, ms: 0 };
      held.ms += nowMs - sinceMs;
      iteration.set(running.job, held);
    }
    running = next;
    sinceMs = nowMs;
  };
  const endIteration = () => {
    switchTo(null);
    for (const { user, ms } of iteration.values()) {
      knownMs += ms;
      if (ms >= SHORT_MS) onHeld(user, ms);
    }
    iteration.clear();
  };
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const unknownMs = nowMs - tickedMs - INTERVAL_MS - knownMs;
    if (unknownMs >= SHORT_MS) onHeld(null, unknownMs);
    tickedMs = nowMs;
    knownMs = 0;
  }, INTERVAL_MS).unref();
  return {
    watch: (user) => () => {
      if (running === null) setImmediate(endIteration);
      switchTo(user);
    },
    stop: () => clearInterval(timer),
  };
}
