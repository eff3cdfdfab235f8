import type { PackedPeople } from "./pack-people.ts";
import { CHUNK, layOutSlot, maxCursors } from "./pair-layout.ts";
import type { Person } from "./person.ts";
import type { OpenPeople } from "./read-person.ts";
import { bestPairs, type PairLists } from "./score-pair.ts";
import { type Slot, writeSlot, writeViewer } from "./viewer-params.ts";
import { openScan, type Scan } from "./web-assembly.ts";

/** A viewer and whom they do not meet. */
export type PairViewer = {
  readonly id: number;
  /** Ids of those who blocked the viewer or are blocked by them. */
  readonly blocked: readonly number[];
};

export type FoundPairs = PairLists & {
  readonly viewerId: number;
  /** Whether every pair was scored in f64, because too many tied for the filter or there is no filter. */
  readonly scoredAll: boolean;
};

/**
 * The best `keep` candidates of each tier for each viewer, as `bestPairs` finds them. The filter computes all
 * scores in f32 and leaves every pair that may be among the best; `scorePair` decides on those.
 *
 * @param viewers neighbours in position are fastest. An unknown id is an error.
 */
export function searchPairs(people: OpenPeople, viewers: readonly PairViewer[], keep: number): FoundPairs[] {
  const positionOf = (id: number): number => {
    const position = people.positionOf(id);
    if (position === undefined) throw new Error(`Person ${id} is not packed.`);
    return position;
  };
  return withSearch(people, keep, (search) =>
    viewers.map((viewer): FoundPairs => {
      const position = positionOf(viewer.id);
      const person = people.read(position);
      const excluded = [position, ...viewer.blocked.flatMap((id) => people.positionOf(id) ?? [])];
      const candidates = search(person, excluded, Math.floor(position / CHUNK));
      const blocked = new Set(viewer.blocked);
      const lists = bestPairs(person, readAll(people, candidates), keep, blocked);
      return { viewerId: viewer.id, scoredAll: candidates === null, ...lists };
    }),
  );
}

/**
 * Those packed people who may be among the best `keep` of a tier for somebody who is not packed.
 *
 * @param viewer with indexes.
 * @param excluded positions of those who may not be.
 * @returns positions; null: everybody may be.
 */
export const candidatesFor = (
  people: OpenPeople,
  viewer: Person,
  excluded: readonly number[],
  keep: number,
): readonly number[] | null => withSearch(people, keep, (search) => search(viewer, excluded, 0));

/** Filters candidates. @returns positions; null: everybody may be among the best. */
type Search = (viewer: Person, excluded: readonly number[], chunk: number) => readonly number[] | null;

function withSearch<T>(people: OpenPeople, keep: number, work: (search: Search) => T): T {
  const { packed } = people;
  const { memory } = packed;
  if (!memory) return work(() => null);
  return withSlot(packed, (slot) => {
    writeSlot(slot, packed, keep);
    const scan = openScan(memory);
    return work((viewer, excluded, chunk) => {
      if (viewer.interests.length > maxCursors(packed.sizes)) return null;
      writeViewer(slot, people, viewer, chunk);
      return candidatesOf(slot, scan, excluded);
    });
  });
}

/** @param positions null: everybody. */
function* readAll(people: OpenPeople, positions: readonly number[] | null): Iterable<Person> {
  if (positions !== null) for (const position of positions) yield people.read(position);
  else for (let position = 0; position < people.count; position++) yield people.read(position);
}

/** Positions that the filter leaves, or null when too many tie. */
function candidatesOf(slot: Slot, scan: Scan, excluded: readonly number[]): number[] | null {
  const { at, layout, i32, u8 } = slot;
  for (const position of excluded) u8[at + layout.excluded + position] = 1;
  const hits = scan(at);
  for (const position of excluded) u8[at + layout.excluded + position] = 0;
  if (hits < 0) return null;
  const first = (at + layout.hits) >> 2;
  return Array.from({ length: hits }, (_, hit) => (i32[first + 2 * hit] as number) & POSITION_BITS);
}

/** The other two bits of a hit are its tier as the filter sees it. */
const POSITION_BITS = 0x3fff_ffff;

/** Takes a free slot for the duration of `work`. */
function withSlot<T>(packed: PackedPeople, work: (slot: Slot) => T): T {
  const { buffer, columns, sizes } = packed;
  const layout = layOutSlot(sizes);
  const locks = new Int32Array(buffer, columns.locks, sizes.slots);
  const index = locks.findIndex((_, slot) => Atomics.compareExchange(locks, slot, 0, 1) === 0);
  if (index < 0) throw new Error(`All ${sizes.slots} slots of the packed people are in use.`);
  const bytes = columns.bytes;
  try {
    return work({
      at: columns.slots + index * layout.bytes,
      layout,
      f32: new Float32Array(buffer, 0, bytes >> 2),
      i32: new Int32Array(buffer, 0, bytes >> 2),
      u8: new Uint8Array(buffer, 0, bytes),
    });
  } finally {
    Atomics.store(locks, index, 0);
  }
}
