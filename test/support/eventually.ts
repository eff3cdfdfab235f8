import { setTimeout as delay } from "node:timers/promises";

/**
 * Repeats the assertion until it holds and gives back its result; past the deadline (15 s unless told: the machine may be busy) it throws what
 * the assertion threw last. The assertion is tried at least once.
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  options: { withinMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + (options.withinMs ?? 15_000);
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
      await delay(20);
    }
  }
}
