import { FileFaulty, type MediaStore, StoreUnavailable } from "./media-store.ts";

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;
/** The longest pause, even if the store asks for a longer one. */
const LONGEST_RETRY_AFTER_MS = 600_000;

export type CircuitClock = { readonly nowMs: () => number; readonly random: () => number };

const REAL: CircuitClock = { nowMs: () => performance.now(), random: Math.random };

type Circuit = {
  /** Makes a call. @throws StoreUnavailable without making it, while the circuit is open. */
  guard<T>(call: () => Promise<T>): Promise<T>;
  /** @throws StoreUnavailable while the circuit is open. */
  check(): void;
};

/**
 * Pauses calls to a store while it is unavailable: after each failure no call reaches it for a pause that
 * doubles from 2 s to a minute, or for as long as the store asked. Any answer about a file closes the
 * circuit.
 *
 * Deletions have a circuit of their own: credentials that may read but not delete must not keep files from
 * being checked.
 */
export function withCircuit(store: MediaStore, clock: CircuitClock = REAL): MediaStore {
  const reads = createCircuit(clock);
  const deletions = createCircuit(clock);
  return {
    async open(key, signal) {
      const file = await reads.guard(() => store.open(key, signal));
      return { ...file, read: (start, length, s) => reads.guard(() => file.read(start, length, s)) };
    },
    async delete(key, signal) {
      reads.check();
      return deletions.guard(() => store.delete(key, signal));
    },
  };
}

function createCircuit({ nowMs, random }: CircuitClock): Circuit {
  let failures = 0;
  let closedUntilMs = 0;
  let reason = "";
  const check = (): void => {
    const waitMs = closedUntilMs - nowMs();
    if (waitMs > 0) throw new StoreUnavailable(reason, waitMs);
  };
  const pause = (error: StoreUnavailable): StoreUnavailable => {
    const now = nowMs();
    // Calls that started before the pause and fail during it do not extend it.
    if (now >= closedUntilMs) {
      const doubled = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS) * (0.75 + random() / 2);
      failures += 1;
      closedUntilMs = now + Math.min(Math.max(doubled, error.retryAfterMs ?? 0), LONGEST_RETRY_AFTER_MS);
      reason = error.reason;
    }
    return new StoreUnavailable(error.reason, closedUntilMs - now);
  };
  return {
    check,
    async guard(call) {
      check();
      try {
        const answer = await call();
        failures = 0;
        return answer;
      } catch (error) {
        if (error instanceof FileFaulty) failures = 0;
        throw error instanceof StoreUnavailable ? pause(error) : error;
      }
    },
  };
}
