import { openLists, type PairListColumns } from "./list-columns.ts";
import { type PackedPeople, packPeople } from "./pack-people.ts";
import { type Person, preparePerson } from "./person.ts";
import { factsOf, type PersonRow } from "./read-facts.ts";
import { type OpenPeople, openPeople } from "./read-person.ts";
import { type PairViewer, searchPairs } from "./search-pairs.ts";

/**
 * The people of a version of the lists. Plain data in shared memory: it passes between threads.
 */
export type LoadedPeople = {
  readonly packed: PackedPeople;
  /** Positions in the lists, by position in the packed columns. */
  readonly listPositions: Int32Array;
  /** The reverse; -1 for a position at which nobody is. */
  readonly packedPositions: Int32Array;
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
 */
export function layOutPeople(pieces: Iterable<string>, asOf: number, slots: number): LoadedPeople {
  const positions = new Map<number, number>();
  const people: Person[] = [];
  let count = 0;
  for (const piece of pieces)
    for (const row of JSON.parse(piece) as PersonRow[]) {
      positions.set(row.id, row.position);
      count = Math.max(count, row.position + 1);
      people.push(preparePerson(factsOf(row), asOf));
    }
  const packed = packPeople(people, { slots });
  const open = openPeople(packed);
  const listPositions = sharedInts(open.count);
  const packedPositions = sharedInts(count).fill(-1);
  for (let at = 0; at < open.count; at++) {
    const position = positions.get(open.idAt(at)) as number;
    listPositions[at] = position;
    packedPositions[position] = at;
  }
  return { packed, listPositions, packedPositions };
}

export type RangeLists = {
  /** In pieces that are stored one after the other. */
  readonly pieces: readonly PairListColumns[];
  readonly viewers: number;
  readonly pairs: number;
  /** Viewers whose pairs were all scored in f64. */
  readonly scoredAll: number;
};

/**
 * The lists of the people at positions from `from` up to but not including `to`.
 *
 * @param blocked those whom a user does not meet, by id.
 * @param perPiece number of viewers whose lists are stored by one statement.
 */
export function rangeLists(
  { people, listPositions, packedPositions }: OpenedPeople,
  { from, to }: { readonly from: number; readonly to: number },
  blocked: ReadonlyMap<number, readonly number[]>,
  { keep, perPiece }: { readonly keep: number; readonly perPiece: number },
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
  let [pairs, scoredAll] = [0, 0];
  for (let at = 0; at < viewers.length; at += perPiece) {
    const together = viewers.slice(at, at + perPiece);
    const lists = openLists(together.length, keep, listPositions);
    searchPairs(people, together, keep, (found) => {
      lists.add(found);
      pairs += found.A.count + found.B.count;
      if (found.scoredAll) scoredAll += 1;
    });
    pieces.push(lists.end());
  }
  return { pieces, viewers: viewers.length, pairs, scoredAll };
}
