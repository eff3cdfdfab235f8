/** What a job counted: `{ paid: 5 }`. */
export type Counts = Readonly<Record<string, number>>;

/** How a job ended. An exception means retry. */
export type Outcome =
  | { readonly kind: "done"; readonly counts: Counts }
  | { readonly kind: "skipped"; readonly reason: string };

export const done = (counts: Counts = {}): Outcome => ({ kind: "done", counts });

/** There was nothing to do, which is not a failure. The reason is stored with the run. */
export const skipped = (reason: string): Outcome => ({ kind: "skipped", reason });

/** Returned by the sum of a ranged job instead of an outcome when the run is not over. */
export type Further<Range> = {
  readonly kind: "further";
  readonly ranges: readonly Range[];
  readonly counts: Counts;
};

/**
 * Continues the run with these ranges; the sum is called again when they are settled, at once if there are
 * none. `counts` replaces the counts of the run, as with `done`, and the further ranges add to it: a sum
 * passes on the counts it wants to keep.
 */
export const further = <Range>(ranges: readonly Range[], counts: Counts = {}): Further<Range> => ({
  kind: "further",
  ranges,
  counts,
});

/**
 * Thrown by a job that can never succeed: the entry is dead at once. The reason is stored and must hold no
 * personal values.
 */
export class Cancel extends Error {
  override readonly name = "Cancel";
}

/** Thrown by a job to run again in `delayMs` milliseconds. Uses no attempt. */
export class Snooze extends Error {
  override readonly name = "Snooze";
  readonly delayMs: number;
  constructor(delayMs: number, reason = "snoozed") {
    super(reason);
    this.delayMs = Math.min(Math.max(delayMs, 0), MAX_SNOOZE_MS);
  }
}

const MAX_SNOOZE_MS = 7 * 24 * 3_600_000;

/** The attempt ran longer than the time limit of the job. Uses an attempt. */
export class TimeLimitExceeded extends Error {
  override readonly name = "TimeLimitExceeded";
}

/** The worker stopped, or lost its lock, before the attempt ended. Uses no attempt. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/**
 * Thrown by an outside call that certainly had no effect. Its stored request is discarded, so the next
 * attempt decides again what to send; unless an earlier attempt may have sent it: then it stays. With
 * `delayMs` it runs again then, without using an attempt. The reason is stored and must hold no personal
 * values.
 */
export class NotSent extends Error {
  override readonly name = "NotSent";
  readonly delayMs: number | null;
  constructor(reason: string, delayMs: number | null = null) {
    super(reason);
    this.delayMs = delayMs === null ? null : Math.min(Math.max(delayMs, 0), MAX_SNOOZE_MS);
  }
}

/**
 * An outside call failed. Kept apart from errors of Postgres, which can have the same codes. Uses an attempt.
 */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
}

/** The payload of an entry does not match the schema of its job. Never retried. */
export class PayloadRejected extends Error {
  override readonly name = "PayloadRejected";
}

/**
 * The stored value was written by a version with other fields. The entry waits for a version that knows them.
 * Uses no attempt.
 */
export class AnotherVersion extends Error {
  override readonly name = "AnotherVersion";
}

/** Sums counts key by key. */
export const addCounts = (a: Counts, b: Counts): Counts => addTo({ ...a }, b);

/** Adds counts to a sum key by key, in place. */
export function addTo(sum: Record<string, number>, counts: Counts): Record<string, number> {
  for (const name in counts) sum[name] = (sum[name] ?? 0) + (counts[name] as number);
  return sum;
}

/** Counts decisions to do nothing by their reason: `{ declined: 3 }`. */
export function countReasons(
  decisions: readonly { readonly kind: string; readonly reason?: string }[],
): Counts {
  const counts: Record<string, number> = {};
  for (const { kind, reason } of decisions) {
    if (kind === "none" && reason !== undefined) counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}
