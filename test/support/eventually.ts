import { setTimeout as delay } from "node:timers/promises";

/**
 * Repeats an assertion until it holds, and returns its result. After the deadline it throws the last error.
 * The default of two minutes is for hangs, not for speed: the machine may be busy. The assertion runs at
 * least once.
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  options: { withinMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + (options.withinMs ?? 120_000);
  return repeat(assertion, async () => performance.now() < deadline);
}

/** How often progress is read. */
const PROGRESS_INTERVAL_MS = 5_000;

/**
 * Like `eventually`, for work whose duration depends on the machine: throws the last error once `progress`
 * has returned the same value for `stalledMs`. Retries must not count as progress, or work that fails for
 * ever never stalls.
 *
 * @param nowMs a clock in milliseconds; tests pass their own.
 */
export async function untilStalled<T>(
  assertion: () => T | Promise<T>,
  options: { progress: () => unknown; stalledMs?: number; nowMs?: () => number },
): Promise<T> {
  const { progress, stalledMs = 300_000, nowMs = () => performance.now() } = options;
  let last = "";
  let movedMs = nowMs();
  let readMs = Number.NEGATIVE_INFINITY;
  return repeat(assertion, async () => {
    if (nowMs() - readMs < Math.min(PROGRESS_INTERVAL_MS, stalledMs)) return true;
    readMs = nowMs();
    const current = JSON.stringify(await progress());
    if (current !== last) movedMs = nowMs();
    last = current;
    return nowMs() - movedMs < stalledMs;
  });
}

/** The interval grows, because each check takes processor time from the work that is awaited. */
const PAUSE_MS = { first: 20, growth: 1.2, last: 100 };

async function repeat<T>(assertion: () => T | Promise<T>, goesOn: () => Promise<boolean>): Promise<T> {
  for (let pauseMs = PAUSE_MS.first; ; pauseMs = Math.min(pauseMs * PAUSE_MS.growth, PAUSE_MS.last)) {
    try {
      return await assertion();
    } catch (error) {
      if (!(await goesOn())) throw error;
      await delay(pauseMs);
    }
  }
}
