import type { Beginnings, QueueStates } from "./relay-round.ts";

/** Remembers where the looks of one relay ended, so that the next one does not read dead rows again. */
export type LookMemory = {
  /** Runs a look from where the last one ended; now and then, and after `forget`, from the beginning. */
  look(read: (from?: Beginnings) => Promise<QueueStates>): Promise<QueueStates>;
  /** Where the due entries of each queue began when they were last looked at. */
  beginnings(): Beginnings;
  /** Makes the next look start with the oldest entry: older ones than those seen last may have become due. */
  forget(): void;
};

/** Finds what was committed long after its `run_at`, by a host's long transaction or a moved entry. */
const FROM_THE_BEGINNING_EVERY_MS = 30_000;
/** Where dead rows make that expensive, it takes at most a fiftieth of the time. */
const SHARE_OF_TIME = 50;

export function createLookMemory(nowMs: () => number = () => performance.now()): LookMemory {
  let from: Beginnings | undefined;
  let wholeAtMs = Number.NEGATIVE_INFINITY;
  return {
    async look(read) {
      const startedMs = nowMs();
      const whole = from === undefined || startedMs >= wholeAtMs;
      const seen = await (whole ? read() : read(from));
      if (whole) {
        const endedMs = nowMs();
        wholeAtMs = endedMs + Math.max(FROM_THE_BEGINNING_EVERY_MS, (endedMs - startedMs) * SHARE_OF_TIME);
      }
      from = seen.from;
      return seen;
    },
    beginnings: () => from ?? new Map(),
    forget() {
      from = undefined;
    },
  };
}
