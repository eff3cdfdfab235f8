import { keepLast } from "../scoring/memoize.ts";
import {
  type CompatibilityLists,
  type CompatibilityOptions,
  type CompatibilityRow,
  changedCompatibilityLists,
} from "../scoring/people/compatibility-lists.ts";
import type { EarlierVersion } from "../scoring/people/earlier-people.ts";
import {
  type ListOptions,
  type LoadedPeople,
  layOutPeople,
  type OpenedPeople,
  openLoaded,
  type RangeLists,
  rangeLists,
} from "../scoring/people/loaded-people.ts";
import { type PairPlacement, type Placing, placePeople } from "../scoring/people/place-people.ts";
import { openPlaced, type PlacedSource } from "../scoring/people/placed-people.ts";

/** The people of a version, with the key under which threads cache them. */
export type KeyedPeople = { readonly key: string; readonly loaded: LoadedPeople };

const open = keepLast(({ loaded }: KeyedPeople): OpenedPeople => openLoaded(loaded));

export type LoadInput = {
  /** JSON arrays of PersonRow in UTF-8, in shared memory: copies of texts would block the event loop. */
  readonly pieces: readonly Uint8Array[];
  /** In milliseconds. */
  readonly asOf: number;
  /** Number of threads that may search at the same time. */
  readonly slots: number;
  /** The version that lists are carried over from. */
  readonly earlier: EarlierVersion | null;
};

/** Thread task: lays out the people of a version. */
export const loadPeople = ({ pieces, asOf, slots, earlier }: LoadInput): LoadedPeople =>
  layOutPeople(textsOf(pieces), asOf, slots, earlier);

function* textsOf(pieces: readonly Uint8Array[]): Iterable<string> {
  // TextDecoder takes no shared memory.
  for (const bytes of pieces) yield Buffer.from(bytes).toString();
}

export type SearchInput = KeyedPeople &
  ListOptions & {
    /** Positions in the lists, from `from` up to but not including `to`. */
    readonly from: number;
    readonly to: number;
    /** A JSON array of [id, ids of users whom they must not see]. */
    readonly blocks: string;
  };

/** Thread task: the lists of a range of viewers. */
export const searchRange = (input: SearchInput): RangeLists =>
  rangeLists(open(input), input, readBlocks(input.blocks), input);

const readBlocks = (blocks: string): ReadonlyMap<number, readonly number[]> =>
  new Map(JSON.parse(blocks) as [number, number[]][]);

export type PlaceInput = KeyedPeople &
  Omit<Placing, "blocked"> & {
    readonly source: PlacedSource;
    /** Of those who are placed, as in SearchInput. */
    readonly blocks: string;
  };

const openPlacedOnce = keepLast((input: PlaceInput) => openPlaced(open(input), input.source));

/** Thread task: what changes when people are placed. */
export function placeInLists(input: PlaceInput): PairPlacement {
  const placed = openPlacedOnce(input);
  placed.follow(input.source);
  return placePeople(placed, { ...input, blocked: readBlocks(input.blocks) });
}

export type CompatibilityInput = KeyedPeople & {
  /** A JSON array of CompatibilityRow. */
  readonly targets: string;
  readonly options: CompatibilityOptions;
};

/** Thread task: how compatible users are with their targets. */
export const compareUsers = ({ targets, options, ...people }: CompatibilityInput): CompatibilityLists =>
  changedCompatibilityLists(open(people), JSON.parse(targets) as CompatibilityRow[], options);
