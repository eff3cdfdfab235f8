/** What a job did, counted: `{ paid: 5 }`. */
export type Counts = Readonly<Record<string, number>>;

/** How one piece of work ended. Throwing means: try again later. */
export type Outcome =
  | { readonly kind: "done"; readonly counts: Counts }
  | { readonly kind: "skipped"; readonly reason: string };

export const done = (counts: Counts = {}): Outcome => ({ kind: "done", counts });

/** There was nothing to do, and that is well: the reason is kept. */
export const skipped = (reason: string): Outcome => ({ kind: "skipped", reason });

/** What the sum of a ranged job may say instead of an outcome: the run is not over. */
export type Further<Range> = {
  readonly kind: "further";
  readonly ranges: readonly Range[];
  readonly counts: Counts;
};

/**
 * The run goes on with these ranges; the sum is asked again when they are settled, at once when there are none. The counts are those of
 * the run from here on, as they are with `done`: a sum that keeps what its ranges counted says it again. Further ranges add to them.
 */
export const further = <Range>(ranges: readonly Range[], counts: Counts = {}): Further<Range> => ({
  kind: "further",
  ranges,
  counts,
});

/** Thrown by a job: this work will never succeed, so it is a dead letter at once. The reason must hold no personal values. */
export class Cancel extends Error {
  override readonly name = "Cancel";
}

/** Thrown by a job: not now, but in `delayMs` milliseconds. Uses no attempt. */
export class Snooze extends Error {
  override readonly name = "Snooze";
  readonly delayMs: number;
  constructor(delayMs: number, reason = "snoozed") {
    super(reason);
    this.delayMs = Math.min(Math.max(delayMs, 0), MAX_SNOOZE_MS);
  }
}

const MAX_SNOOZE_MS = 7 * 24 * 3_600_000;

/** The work ran longer than its limit allows. Uses an attempt. */
export class TimeLimitExceeded extends Error {
  override readonly name = "TimeLimitExceeded";
}

/** The worker was told to stop, or lost its lock, before the work ended. Uses no attempt. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** The outside world failed a call. Kept apart from faults of Postgres, which may carry the same codes. Uses an attempt. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
}

/** What waits in the outbox does not fit the schema of its job. Never tried again. */
export class PayloadRejected extends Error {
  override readonly name = "PayloadRejected";
}

/** Sums counts key by key. */
export function addCounts(a: Counts, b: Counts): Counts {
  const sum: Record<string, number> = { ...a };
  for (const [name, n] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + n;
  return sum;
}
