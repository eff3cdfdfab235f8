import type { Floor, ListEntry } from "./list-columns.ts";

/** The rank of a pair in a list. */
export type PairRank = { readonly score: number; readonly candidateId: number };

/** An entry of a list that is merged. */
export type MergeEntry = ListEntry & { readonly candidateId: number };

/** A change of somebody who is, or was, on a list. */
export type MergeChange = { readonly candidateId: number; readonly entry: ListEntry };

export type MergeList = {
  /** Best first. Scores are rounded to f32. */
  readonly entries: readonly MergeEntry[];
  readonly floor: Floor | null;
  /** The exact score of an entry, computed again. */
  scoreOf(entry: MergeEntry): number;
};

export type Merged = { readonly entries: readonly ListEntry[]; readonly floor: Floor | null };

/** Whether `a` ranks before `b`: a higher score, then the lower id. */
const ranksBefore = (a: PairRank, b: PairRank): boolean =>
  a.score > b.score || (a.score === b.score && a.candidateId < b.candidateId);

/** Whether a candidate belongs on a list: nobody outside ranks before its floor. */
export const isAboveFloor = (rank: PairRank, floor: Floor | null): boolean =>
  floor === null || ranksBefore(rank, { score: floor.score, candidateId: floor.userId });

/**
 * Takes those who changed out of a list, puts those who rank before its floor in again, and cuts it to
 * `keep`. What is cut off raises the floor. The rest of the list keeps its order.
 *
 * @param changed ids of all who changed; those without an entry in `placed` are not listed any more.
 * @param placed with exact scores.
 */
export function mergeList(
  list: MergeList,
  changed: ReadonlySet<number>,
  placed: readonly MergeChange[],
  keep: number,
): Merged {
  const entries: MergeEntry[] = list.entries.filter(({ candidateId }) => !changed.has(candidateId));
  const exact = new Map<MergeEntry, number>();
  const scoreOf = (entry: MergeEntry): number => {
    const score = exact.get(entry) ?? list.scoreOf(entry);
    exact.set(entry, score);
    return score;
  };
  for (const { candidateId, entry } of placed) {
    const rank = { score: entry.score, candidateId };
    if (!isAboveFloor(rank, list.floor)) continue;
    const added = { ...entry, candidateId };
    exact.set(added, entry.score);
    entries.splice(indexFor(entries, rank, scoreOf), 0, added);
  }
  const [bestCut] = entries.splice(keep);
  const floor = bestCut ? { score: scoreOf(bestCut), userId: bestCut.candidateId } : list.floor;
  return { entries, floor };
}

/** Where a rank belongs. Rounded scores decide, and exact ones where they are equal. */
function indexFor(
  entries: readonly MergeEntry[],
  rank: PairRank,
  scoreOf: (entry: MergeEntry) => number,
): number {
  const rounded = Math.fround(rank.score);
  const index = entries.findIndex((entry) => {
    const theirs = Math.fround(entry.score);
    if (theirs !== rounded) return theirs < rounded;
    return ranksBefore(rank, { score: scoreOf(entry), candidateId: entry.candidateId });
  });
  return index < 0 ? entries.length : index;
}
