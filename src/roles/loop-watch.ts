/** Measures how long the event loop is blocked while work runs. */
export type LoopWatch = {
  /**
   * @returns a function that ends the measurement: the longest delay of the loop in milliseconds since the
   * beginning.
   */
  begin(): () => number;
  stop(): void;
};

/** Shorter delays than the interval are not seen. */
const INTERVAL_MS = 20;

/**
 * A timer that comes late was kept waiting by code that did not yield, and by little else: everything that
 * ran in the meantime is charged with the delay. Of jobs that run beside each other, the one that is also
 * slow when it runs alone is the cause.
 */
export function startLoopWatch(): LoopWatch {
  const running = new Set<{ longestMs: number }>();
  let tickedAt = performance.now();
  const charge = () => {
    const lateMs = performance.now() - tickedAt - INTERVAL_MS;
    for (const work of running) work.longestMs = Math.max(work.longestMs, lateMs);
  };
  const timer = setInterval(() => {
    charge();
    tickedAt = performance.now();
  }, INTERVAL_MS).unref();
  return {
    begin() {
      // What was late before is not charged to this work.
      charge();
      tickedAt = performance.now();
      const work = { longestMs: 0 };
      running.add(work);
      return () => {
        charge();
        running.delete(work);
        return work.longestMs;
      };
    },
    stop: () => clearInterval(timer),
  };
}
