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
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
      await delay(20);
    }
  }
}
