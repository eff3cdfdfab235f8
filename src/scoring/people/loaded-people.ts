import { carryLists } from "./carry-lists.ts";
import { type EarlierPeople, type EarlierVersion, findEarlier, openChanged } from "./earlier-people.ts";
import { openLists, type PairListColumns } from "./list-columns.ts";
import { type PackedPeople, packPeople } from "./pack-people.ts";
import { type Person, preparePerson } from "./person.ts";
import { factsOf, type PersonRow } from "./read-facts.ts";
import { type OpenPeople, openPeople } from "./read-person.ts";
import { type FoundPairs, type PairViewer, searchPairs } from "./search-pairs.ts";

/**
 * The people of a version of the lists. Plain data in shared memory: it passes between threads.
 */
export type LoadedPeople = {
  readonly packed: PackedPeople;
  /** Positions in the lists, by position in the packed columns. */
  readonly listPositions: Int32Array;
  /** The reverse; -1 for an empty position. */
  readonly packedPositions: Int32Array;
  /** The version that lists are carried over from; null: none. */
  readonly earlier: EarlierPeople | null;
};

/** The same, opened for the calling thread. */
export type OpenedPeople = LoadedPeople & { readonly people: OpenPeople };

export const openLoaded = (loaded: LoadedPeople): OpenedPeople => ({
  ...loaded,
  people: openPeople(loaded.packed),
});

const sharedInts = (length: number): Int32Array =>
  new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));

/**
 * Lays out people.
 *
 * @param pieces JSON arrays of PersonRow.
 * @param asOf the instant of the lists, in milliseconds.
 * @param slots number of threads that may search at the same time.
 * @param earlier the version that lists are carried over from.
 */
export function layOutPeople(
  pieces: Iterable<string>,
  asOf: number,
  slots: number,
  earlier: EarlierVersion | null = null,
): LoadedPeople {
  const positions = new Map<number, number>();
  const people: Person[] = [];
  const changed = openChanged(earlier, asOf);
  let count = 0;
  for (const piece of pieces)
    for (const row of JSON.parse(piece) as PersonRow[]) {
      positions.set(row.id, row.position);
      count = Math.max(count, row.position + 1);
      changed.add(row);
      people.push(preparePerson(factsOf(row), asOf));
    }
  const packed = packPeople(people, { slots, first: changed.ids });
  const open = openPeople(packed);
  const listPositions = sharedInts(open.count);
  const packedPositions = sharedInts(count).fill(-1);
  for (let at = 0; at < open.count; at++) {
    const position = positions.get(open.idAt(at)) as number;
    listPositions[at] = position;
    packedPositions[position] = at;
  }
  return {
    packed,
    listPositions,
    packedPositions,
    earlier: earlier === null ? null : findEarlier(open, earlier, changed.ids.size),
  };
}

export type RangeLists = {
  /** In pieces that are stored one after the other. */
  readonly pieces: readonly PairListColumns[];
  readonly viewers: number;
  readonly pairs: number;
  /** Viewers whose lists were carried over from the earlier version. */
  readonly carried: number;
  /** Viewers whose pairs were all scored in f64. */
  readonly scoredAll: number;
};

export type ListOptions = {
  readonly keep: number;
  /** How many of a list are served. */
  readonly served: number;
  /** Number of viewers whose lists are stored by one statement. */
  readonly perPiece: number;
  /** The lists of the viewers in the earlier version, as earlier-lists.ts reads them. */
  readonly earlierLists: Uint8Array | null;
};

/**
 * The lists of the people at positions from `from` up to but not including `to`.
 *
 * @param blocked the users whom a user must not see, by id.
 */
export function rangeLists(
  { people, listPositions, packedPositions, earlier }: OpenedPeople,
  { from, to }: { readonly from: number; readonly to: number },
  blocked: ReadonlyMap<number, readonly number[]>,
  { keep, served, perPiece, earlierLists }: ListOptions,
): RangeLists {
  const packed = [...packedPositions.slice(from, to)].filter((position) => position >= 0);
  // Neighbours in position have many candidates in common.
  const viewers = packed
    .sort((a, b) => a - b)
    .map((position): PairViewer => {
      const id = people.idAt(position);
      return { id, blocked: blocked.get(id) ?? [] };
    });
  const pieces: PairListColumns[] = [];
  let [pairs, scoredAll, carried] = [0, 0, 0];
  for (let at = 0; at < viewers.length; at += perPiece) {
    const together = viewers.slice(at, at + perPiece);
    const lists = openLists(together.length, keep, listPositions);
    const take = (found: FoundPairs): void => {
      lists.add(found);
      pairs += found.A.count + found.B.count;
      if (found.scoredAll) scoredAll += 1;
    };
    const unproven =
      earlier === null || earlierLists === null
        ? together
        : carryLists(people, earlier, together, earlierLists, { keep, served }, take);
    carried += together.length - unproven.length;
    searchPairs(people, unproven, keep, take);
    pieces.push(lists.end());
  }
  return { pieces, viewers: viewers.length, pairs, carried, scoredAll };
}
