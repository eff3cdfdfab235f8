import { compareMatches, type Match } from "./match.ts";

type Key = Pick<Match, "score" | "matchedCount" | "volunteerId">;

/** What is known of one list when one volunteer changed. */
export type PlaceFacts = {
  /** What they score now; null: nothing matches, or nothing is to be seen. */
  readonly now: Key | null;
  /** What the list holds of them; null: they are not on it. */
  readonly held: Key | null;
  /** True when the list holds as many as are kept: then somebody may stand behind its end. */
  readonly full: boolean;
  /** The last of the others; null: there is none. */
  readonly lastOther: Key | null;
};

export type PlaceDecision = "put" | "remove" | "leave" | "recompute";

/**
 * What becomes of a list when one volunteer changed: they are put where they belong, taken off, or left out, as long as the others tell
 * all there is to know. A full list that they leave, or fall to the end of, has to be worked out again: whoever stood behind its
 * end is not known.
 */
export function decidePlace({ now, held, full, lastOther }: PlaceFacts): PlaceDecision {
  if (now === null) return held === null ? "leave" : full ? "recompute" : "remove";
  if (!full) return "put";
  if (held === null) return lastOther !== null && compareMatches(now, lastOther) < 0 ? "put" : "leave";
  if (compareMatches(now, held) <= 0) return "put";
  return lastOther !== null && compareMatches(now, lastOther) < 0 ? "put" : "recompute";
}
