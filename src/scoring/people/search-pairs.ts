import type { PackedPeople } from "./pack-people.ts";
import { layOutSlot } from "./pair-layout.ts";
import type { Person } from "./person.ts";
import { openReader } from "./read-person.ts";
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
export function searchPairs(
  packed: PackedPeople,
  viewers: readonly PairViewer[],
  keep: number,
): FoundPairs[] {
  const readPerson = openReader(packed);
  const readAll = function* (positions: Iterable<number>): Iterable<Person> {
    for (const position of positions) yield readPerson(position);
  };
  const positionOf = (id: number): number => {
    const position = packed.positions.get(id);
    if (position === undefined) throw new Error(`Person ${id} is not packed.`);
    return position;
  };
  const found = (viewer: PairViewer, candidates: readonly number[] | null): FoundPairs => {
    const people = readAll(candidates ?? packed.positions.values());
    const lists = bestPairs(readPerson(positionOf(viewer.id)), people, keep, new Set(viewer.blocked));
    return { viewerId: viewer.id, scoredAll: candidates === null, ...lists };
  };
  const { memory } = packed;
  if (!memory) return viewers.map((viewer) => found(viewer, null));
  return withSlot(packed, (slot) => {
    writeSlot(slot, packed, keep);
    const scan = openScan(memory);
    return viewers.map((viewer) => {
      const position = positionOf(viewer.id);
      const excluded = [position, ...viewer.blocked.flatMap((id) => packed.positions.get(id) ?? [])];
      writeViewer(slot, packed, position, readPerson(position));
      return found(viewer, candidatesOf(slot, scan, excluded));
    });
  });
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
