import { FileFaulty, type MediaStore, StoreUnavailable } from "./media-store.ts";

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;
/** A store that asks for more is asked again after this. */
const LONGEST_RETRY_AFTER_MS = 600_000;

export type CircuitClock = { readonly nowMs: () => number; readonly random: () => number };

const REAL: CircuitClock = { nowMs: () => performance.now(), random: Math.random };

/**
 * Leaves a store alone while it is unavailable: after each failure no call reaches it for a pause that
 * doubles from 2 s to a minute, or for as long as the store asked. Any answer about a file closes the
 * circuit.
 */
export function withCircuit(store: MediaStore, { nowMs, random }: CircuitClock = REAL): MediaStore {
  let failures = 0;
  let closedUntilMs = 0;
  let reason = "";

  const guard = async <T>(call: () => Promise<T>): Promise<T> => {
    const waitMs = closedUntilMs - nowMs();
    if (waitMs > 0) throw new StoreUnavailable(reason, waitMs);
    try {
      const answer = await call();
      failures = 0;
      return answer;
    } catch (error) {
      if (error instanceof FileFaulty) failures = 0;
      throw error instanceof StoreUnavailable ? pause(error) : error;
    }
  };
  const pause = (error: StoreUnavailable): StoreUnavailable => {
    const now = nowMs();
    // Calls that began before the pause fail in it, and do not lengthen it.
    if (now >= closedUntilMs) {
      const doubled = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS) * (0.75 + random() / 2);
      failures += 1;
      closedUntilMs = now + Math.min(Math.max(doubled, error.retryAfterMs ?? 0), LONGEST_RETRY_AFTER_MS);
      reason = error.reason;
    }
    return new StoreUnavailable(error.reason, closedUntilMs - now);
  };

  return {
    async open(key, signal) {
      const file = await guard(() => store.open(key, signal));
      return { ...file, read: (start, length, s) => guard(() => file.read(start, length, s)) };
    },
    delete: (key, signal) => guard(() => store.delete(key, signal)),
  };
}
