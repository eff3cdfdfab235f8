import { compareMatches, type MatchRank } from "./match.ts";

/** One project's list, and one volunteer whose profile changed. */
export type ListChangeFacts = {
  /** What the volunteer scores now; null when nothing matches, or nothing of them is visible. */
  readonly now: MatchRank | null;
  /** Their row on the list; null when they are not on it. */
  readonly stored: MatchRank | null;
  /** Whether the list holds as many as are kept: then there may be candidates beyond its end. */
  readonly full: boolean;
  /** The last row of the others; null when there are none. */
  readonly lastOther: MatchRank | null;
};

/**
 * `recompute`: the list alone does not show who belongs on it, so it has to be computed from all volunteers.
 */
export type ListChange = "upsert" | "remove" | "none" | "recompute";

/**
 * Updates the list of one project for one volunteer without looking at other volunteers, where the list shows
 * enough for that.
 *
 * They are inserted or updated if they belong on the list, removed if they do not. A full list that they
 * leave, or at whose end they would be after falling, needs a recompute: the next candidate beyond its end is
 * not stored.
 */
export function decideListChange({ now, stored, full, lastOther }: ListChangeFacts): ListChange {
  if (now === null) return stored === null ? "none" : full ? "recompute" : "remove";
  if (!full) return "upsert";
  if (stored === null) return lastOther !== null && compareMatches(now, lastOther) < 0 ? "upsert" : "none";
  if (compareMatches(now, stored) <= 0) return "upsert";
  return lastOther !== null && compareMatches(now, lastOther) < 0 ? "upsert" : "recompute";
}
