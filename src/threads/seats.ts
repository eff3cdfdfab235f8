import { orAborted } from "../deadlines.ts";

/** Admits as many calls at a time as there are threads; the others wait. */
export type Seats = {
  /**
   * Waits for a free seat.
   *
   * @returns what leaves it.
   * @throws the reason of the signal, or an Error when too many calls are waiting.
   */
  take(signal: AbortSignal): Promise<() => void>;
};

/**
 * Piscina starts no thread for waiting calls in place of one that was ended, so that no call may wait there:
 * calls wait here, and each that is admitted finds a thread or starts one.
 */
export function createSeats(size: number, maxWaiting = Number.POSITIVE_INFINITY): Seats {
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
    async take(signal) {
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
