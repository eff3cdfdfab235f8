import { orAborted } from "../deadlines.ts";

/** Limits how many calls run at a time to the number of threads; the others wait. */
export type Semaphore = {
  /**
   * Waits until a call may run.
   *
   * @returns releases it for the next call.
   * @throws the reason of the signal, or an Error when too many calls are waiting.
   */
  acquire(signal: AbortSignal): Promise<() => void>;
};

/**
 * Piscina does not replace an ended thread for calls in its queue, so no call may wait there: calls wait
 * here, and each that is admitted finds a thread or starts one.
 */
export function createSemaphore(size: number, maxWaiting = Number.POSITIVE_INFINITY): Semaphore {
  let free = size;
  let waiting = new Set<() => void>();
  const wait = async (signal: AbortSignal): Promise<void> => {
    if (waiting.size >= maxWaiting) throw new Error(`more than ${maxWaiting} calls wait for a thread`);
    let wake = (): void => undefined;
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    waiting.add(wake);
    await orAborted(woken, signal).finally(() => waiting.delete(wake));
  };
  return {
    async acquire(signal) {
      signal.throwIfAborted();
      while (free === 0) await wait(signal);
      free -= 1;
      return () => {
        free += 1;
        const woken = waiting;
        waiting = new Set();
        for (const wake of woken) wake();
      };
    },
  };
}
