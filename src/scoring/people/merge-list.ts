import { type Floor, isAboveFloor } from "./floor.ts";
import type { ListEntry } from "./list-columns.ts";
import { PAIR_TERM_BYTES } from "./pair-bytes.ts";

/** The columns of a list while it is merged, best first. The first `count` entries are taken. */
export type MergedList = {
  count: number;
  readonly positions: Int32Array;
  /** Rounded. */
  readonly scores: Float32Array;
  readonly components: Uint8Array;
};

export const openMergedList = (room: number): MergedList => ({
  count: 0,
  positions: new Int32Array(room),
  scores: new Float32Array(room),
  components: new Uint8Array(room * PAIR_TERM_BYTES),
});

/** Somebody who changed and ranks before the floor of a list. */
export type Entering = ListEntry & { readonly candidateId: number };

export type MergeOptions = {
  readonly floor: Floor | null;
  readonly keep: number;
  /** Whether the entry is no longer valid: the person changed or was erased. */
  isDropped(position: number): boolean;
  idAt(position: number): number;
  /** The exact score of an entry, computed again. */
  scoreOf(position: number): number;
};

/**
 * Removes those who changed from a list, inserts those who enter it, and cuts it to `keep`. What is cut off
 * raises the floor. The rest of the list keeps its order.
 *
 * @param list has room for those who enter.
 * @param entering with exact scores.
 * @returns the next floor.
 */
export function mergeList(
  list: MergedList,
  entering: readonly Entering[],
  options: MergeOptions,
): Floor | null {
  const { floor, keep, isDropped, idAt, scoreOf } = options;
  dropEntries(list, isDropped);
  for (const entry of entering)
    if (isAboveFloor(entry, floor)) insertEntry(list, indexFor(list, entry, options), entry);
  if (list.count <= keep) return floor;
  const cut = list.positions[keep] as number;
  list.count = keep;
  return { score: scoreOf(cut), userId: idAt(cut) };
}

function dropEntries(list: MergedList, isDropped: (position: number) => boolean): void {
  const { positions, scores, components } = list;
  let left = 0;
  for (let n = 0; n < list.count; n++) {
    if (isDropped(positions[n] as number)) continue;
    if (left < n) {
      positions[left] = positions[n] as number;
      scores[left] = scores[n] as number;
      components.copyWithin(left * PAIR_TERM_BYTES, n * PAIR_TERM_BYTES, (n + 1) * PAIR_TERM_BYTES);
    }
    left += 1;
  }
  list.count = left;
}

function insertEntry(list: MergedList, index: number, entry: ListEntry): void {
  const { count, positions, scores, components } = list;
  positions.copyWithin(index + 1, index, count);
  scores.copyWithin(index + 1, index, count);
  components.copyWithin((index + 1) * PAIR_TERM_BYTES, index * PAIR_TERM_BYTES, count * PAIR_TERM_BYTES);
  positions[index] = entry.position;
  scores[index] = entry.score;
  components.set(entry.components, index * PAIR_TERM_BYTES);
  list.count += 1;
}

/** Where an entry belongs. Rounded scores decide, and exact ones where they are equal. */
function indexFor(
  { count, positions, scores }: MergedList,
  { score, candidateId }: Entering,
  { idAt, scoreOf }: MergeOptions,
): number {
  const rounded = Math.fround(score);
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((scores[middle] as number) > rounded) low = middle + 1;
    else high = middle;
  }
  const ranksBefore = (position: number): boolean => {
    const theirs = scoreOf(position);
    return theirs > score || (theirs === score && idAt(position) < candidateId);
  };
  while (low < count && scores[low] === rounded && ranksBefore(positions[low] as number)) low += 1;
  return low;
}
