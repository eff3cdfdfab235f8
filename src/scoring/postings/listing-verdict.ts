/** What follows from a list for the postings that it does not contain. */
export type ListingVerdict =
  /** They are missing. */
  | "complete"
  /** Nothing: the list has lost more than half of its postings, which looks like a fault of the host. */
  | "shrunk";

/** Successful lists in a row without a posting, after which it is closed. */
export const MISSES_TO_CLOSE = 2;

/** A list that has been short for this long is accepted as the new list. */
const SHRUNK_ACCEPTED_MS = 14 * 86_400_000;

/**
 * shrunk = found < previous / 2, unless that has been the case for two weeks. An empty list after one posting
 * is shrunk as well.
 */
export function listingVerdict(facts: {
  readonly found: number;
  /** Postings in the last complete list; null before the first. */
  readonly previous: number | null;
  readonly shrunkSince: Date | null;
  readonly now: Date;
}): ListingVerdict {
  const { found, previous, shrunkSince, now } = facts;
  if (previous === null || found >= previous / 2) return "complete";
  if (shrunkSince !== null && now.getTime() - shrunkSince.getTime() >= SHRUNK_ACCEPTED_MS) return "complete";
  return "shrunk";
}
