import { compareMatches, type MatchRank } from "./match.ts";

/** A volunteer whose profile changed, as far as one list is concerned. */
export type ChangedVolunteer = {
  /** Their current score; null if no skill matches, or their skills are hidden. */
  readonly now: MatchRank | null;
  /** Whether they are on the list. */
  readonly isStored: boolean;
};

/** One project's list, and volunteers whose profiles changed. */
export type ListChangeFacts = {
  /** Rows of the list. */
  readonly size: number;
  /** How many rows it may hold. */
  readonly capacity: number;
  /** Its last row; null when it is empty. */
  readonly last: MatchRank | null;
  /** All changed volunteers who are on the list or could be. */
  readonly changed: readonly ChangedVolunteer[];
};

/** What happens to a changed volunteer on a list. */
export type ListChange = "upsert" | "remove" | "none";

/**
 * Updates the list of one project for changed volunteers without looking at others, where the list shows
 * enough for that.
 *
 * A list with room contains everybody who matches. Volunteers beyond the end of a full one are not known, but
 * all of them rank after its last row. So the list can be updated as long as enough volunteers rank before
 * that row: unchanged ones on the list, and changed ones who rank before it now.
 *
 * @returns what happens to each, in order; the list is then cut to its capacity. Or `recompute`: it has to be
 *   computed from all volunteers.
 */
export function decideListChanges({
  size,
  capacity,
  last,
  changed,
}: ListChangeFacts): readonly ListChange[] | "recompute" {
  if (size < capacity || last === null)
    return changed.map(({ now, isStored }) => (now !== null ? "upsert" : isStored ? "remove" : "none"));
  const isKnown = ({ now }: ChangedVolunteer): boolean => now !== null && compareMatches(now, last) <= 0;
  const unchanged = size - changed.filter(({ isStored }) => isStored).length;
  if (unchanged + changed.filter(isKnown).length < capacity) return "recompute";
  return changed.map((one) => (isKnown(one) ? "upsert" : one.isStored ? "remove" : "none"));
}
