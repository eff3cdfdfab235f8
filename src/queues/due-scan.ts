import type { QueueStates, ScanStarts } from "./relay-round.ts";

/** The relay's scan for due entries, which resumes where the last one ended and rereads no dead rows. */
export type DueScan = {
  /** Scans from where the last scan ended, or from the oldest entry: every 30 s, and after `restart`. */
  run(read: (from?: ScanStarts) => Promise<QueueStates>): Promise<QueueStates>;
  /** Where the due entries of each queue began at the last scan; empty before the first one. */
  starts(): ScanStarts;
  /** Makes the next scan start at the oldest entry: ones older than those seen last may have become due. */
  restart(): void;
};

/** Finds what was committed long after its `run_at`, by a host's long transaction or a moved entry. */
const FULL_SCAN_EVERY_MS = 30_000;
/** Where dead rows make full scans expensive, they take at most 1/50 of the time. */
const FULL_SCAN_DUTY_CYCLE = 50;

export function createDueScan(nowMs: () => number = () => performance.now()): DueScan {
  let from: ScanStarts | undefined;
  let fullAtMs = Number.NEGATIVE_INFINITY;
  return {
    async run(read) {
      const startedMs = nowMs();
      const isFull = from === undefined || startedMs >= fullAtMs;
      const seen = await (isFull ? read() : read(from));
      if (isFull) {
        const endedMs = nowMs();
        fullAtMs = endedMs + Math.max(FULL_SCAN_EVERY_MS, (endedMs - startedMs) * FULL_SCAN_DUTY_CYCLE);
      }
      from = seen.from;
      return seen;
    },
    starts: () => from ?? new Map(),
    restart() {
      from = undefined;
    },
  };
}
