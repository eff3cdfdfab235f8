import { TIERS } from "./list-columns.ts";
import { CHUNK, maxCursors, PARAM, POSITION_BITS } from "./pair-layout.ts";
import type { Person } from "./person.ts";
import type { OpenPeople } from "./read-person.ts";
import type { PairTier } from "./score-pair.ts";
import { withSlot } from "./slots.ts";
import { openSeats, type Seat, writeViewer } from "./viewer-params.ts";
import { type Filter, openFilter } from "./web-assembly.ts";

/** The scores that candidates of each tier reach at least; null: all do. */
export type LeastScores = { readonly [Tier in PairTier]: number | null };

/**
 * Calls `take` with the positions of all candidates who reach the least score of their tier, and of some
 * others.
 *
 * @param viewer with indexes.
 */
export type FindFirst = (viewer: Person, least: LeastScores, take: (position: number) => void) => void;

/**
 * Calls `work` with a search among the first `count` packed people. It is the filter with floors that are
 * given, and do not rise.
 */
export function withFirst<T>(people: OpenPeople, count: number, work: (find: FindFirst) => T): T {
  const { packed } = people;
  const { memory, sizes } = packed;
  const findAll: FindFirst = (_viewer, _least, take) => {
    for (let position = 0; position < count; position++) take(position);
  };
  if (!memory || count === 0) return work(findAll);
  return withSlot(packed, (slot) => {
    const [seat] = openSeats(slot, packed, UNLIMITED) as [Seat];
    const filter = openFilter(memory);
    return work((viewer, least, take) => {
      if (viewer.interests.length > maxCursors(sizes)) return findAll(viewer, least, take);
      writeViewer(seat, people, viewer);
      scanFirst(seat, filter, count, least, take);
    });
  });
}

/** The floors of the filter never rise. */
const UNLIMITED = 2 ** 31 - 1;
/** Above the rounding of the least scores to f32. */
const ROUNDING = 1e-6;

function scanFirst(
  { at, layout, f32, i32 }: Seat,
  filter: Filter,
  count: number,
  least: LeastScores,
  take: (position: number) => void,
): void {
  const params = at >> 2;
  f32[params + PARAM.margin] = (f32[params + PARAM.margin] as number) + ROUNDING;
  filter.begin(at);
  for (const tier of TIERS) {
    const score = least[tier];
    if (score !== null) f32[params + FLOOR[tier]] = score;
  }
  const hits = (at + layout.hits) >> 2;
  for (let chunk = 0; chunk * CHUNK < count; chunk++) {
    i32[params + PARAM.hitCount] = 0;
    filter.scan(at, chunk);
    const found = i32[params + PARAM.hitCount] as number;
    for (let hit = 0; hit < found; hit++) {
      const position = (i32[hits + 2 * hit] as number) & POSITION_BITS;
      if (position < count) take(position);
    }
  }
}

const FLOOR = { A: PARAM.floorA, B: PARAM.floorB };
