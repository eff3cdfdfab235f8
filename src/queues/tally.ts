import { addCounts, type Counts, type Outcome } from "./outcome.ts";

/** How the entries of one carrier ended. */
export type Tally = {
  done: number;
  skipped: number;
  /** Settled by another carrier before. */
  duplicate: number;
  retry: number;
  dead: number;
  snoozed: number;
  interrupted: number;
  /** They belong to another version of the program. */
  postponed: number;
  /** What the job counted. */
  counts: Counts;
  /** How often each reason was given, for skipped and for failed entries. */
  reasons: Record<string, number>;
};

export const emptyTally = (): Tally => ({
  done: 0,
  skipped: 0,
  duplicate: 0,
  retry: 0,
  dead: 0,
  snoozed: 0,
  interrupted: 0,
  postponed: 0,
  counts: {},
  reasons: {},
});

export function countOutcome(tally: Tally, outcome: Outcome): void {
  if (outcome.kind === "done") {
    tally.done += 1;
    tally.counts = addCounts(tally.counts, outcome.counts);
  } else {
    tally.skipped += 1;
    countReason(tally, outcome.reason);
  }
}

export function countReason({ reasons }: Tally, reason: string): void {
  reasons[reason] = (reasons[reason] ?? 0) + 1;
}
