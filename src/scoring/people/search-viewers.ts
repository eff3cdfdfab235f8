import { staticScore } from "./order-people.ts";
import {
  ALWAYS,
  BLOCK,
  GROUP,
  maxCursors,
  NEVER,
  PARAM,
  POSITION_BITS,
  RECORD_WORDS,
  TRAITS_PER_WORD,
} from "./pair-layout.ts";
import type { Person } from "./person.ts";
import { withSlot } from "./slots.ts";
import { openSeats, type Seat, type Slot, writeRadius, writeViewer } from "./viewer-params.ts";
import {
  ANY_GENDER,
  genderBits,
  isBlockNear,
  KIND,
  type ViewerSides,
  writeViewerRecords,
} from "./viewer-sides.ts";
import { type Filter, openFilter } from "./web-assembly.ts";

/**
 * Calls `take` with the positions of all packed people whose lists a candidate may reach, and of some others.
 *
 * @param candidate with indexes.
 */
export type FindViewers = (candidate: Person, take: (position: number) => void) => void;

/**
 * Calls `work` with a search for the viewers of candidates. It is the filter with the sides exchanged: what a
 * record holds of a candidate, quality and newness, is replaced by minus the floor of the list on which the
 * viewer has the candidate, and the ratings they receive by those they give. All else is symmetric except for
 * the radius of proximity: the largest one of a chunk is used for all.
 *
 * @param floors the score that reaches a list, by 2 x position + tier; -Infinity: everybody reaches it,
 *   Infinity: there is no list.
 */
export function withViewers<T>(sides: ViewerSides, floors: Float64Array, work: (find: FindViewers) => T): T {
  const { people } = sides;
  const { memory, sizes } = people.packed;
  const findAll: FindViewers = (_, take) => {
    for (let position = 0; position < people.count; position++) take(position);
  };
  if (!memory) return work(findAll);
  return withSlot(people.packed, (slot) => {
    writeViewerRecords(slot, sides);
    const [seat] = openSeats(slot, people.packed, UNLIMITED) as [Seat];
    const scan = { slot, seat, filter: openFilter(memory), sides, floors };
    let last: Person | null = null;
    return work((candidate, take) => {
      if (candidate.interests.length > maxCursors(sizes)) return findAll(candidate, take);
      if (last === null || !hasSameTiers(last, candidate)) writeFloors(scan, candidate);
      last = candidate;
      scanViewers(scan, candidate, take);
    });
  });
}

/** The floors of the filter never rise. */
const UNLIMITED = 2 ** 31 - 1;
/** Above the rounding of the floors to f32. */
const ROUNDING = 1e-6;

/** Whether two candidates are on the same list of every viewer. */
const hasSameTiers = (a: Person, b: Person): boolean =>
  a.age === b.age && a.gender === b.gender && [0, 1, 2].every((axis) => a.point?.[axis] === b.point?.[axis]);

type ViewerScan = {
  readonly slot: Slot;
  readonly seat: Seat;
  readonly filter: Filter;
  readonly sides: ViewerSides;
  readonly floors: Float64Array;
};

/** Writes into the record of each viewer the floor of the list on which they have a candidate. */
function writeFloors({ slot, sides, floors }: ViewerScan, candidate: Person): void {
  const { kinds, missing, people } = sides;
  const { f32 } = slot;
  const { count } = people;
  const records = (slot.at + slot.layout.viewers) >> 2;
  const isWanted = openWanted(sides, candidate);
  for (let block = 0; block * BLOCK < count; block++) {
    const isNear = isBlockNear(sides, f32, block, candidate.point);
    const end = Math.min(count, (block + 1) * BLOCK);
    for (let position = block * BLOCK; position < end; position++) {
      const kind = kinds[position] as number;
      const a = floors[2 * position] as number;
      let floor = floors[2 * position + 1] as number;
      if (kind === KIND.unsure) floor = Math.min(a, floor);
      else if ((isNear || kind === KIND.anywhere) && isWanted(position))
        floor = kind === KIND.anywhere || a < floor ? a : floor;
      const record = records + (position >> GROUP_BITS) * RECORD_WORDS + (position & (GROUP - 1));
      // Infinite floors become ALWAYS and NEVER.
      f32[record] = Math.max(NEVER, Math.min(ALWAYS, (missing[position] as number) - floor));
    }
  }
}

const GROUP_BITS = Math.log2(GROUP);

/** Whether a candidate has the age and gender that the viewer at a position prefers. */
function openWanted(
  { ageMin, ageMax, genders, people }: ViewerSides,
  { age, gender }: Person,
): (position: number) => boolean {
  const bits = genderBits(people.packed.genders, gender);
  const isOfGender = (position: number): boolean => {
    const wanted = genders[position] as number;
    return wanted === ANY_GENDER || (wanted & bits) !== 0;
  };
  if (age !== null)
    return (position) =>
      age >= (ageMin[position] as number) && age <= (ageMax[position] as number) && isOfGender(position);
  // An unknown age is in no preferred range.
  return (position) =>
    ageMin[position] === Number.NEGATIVE_INFINITY &&
    ageMax[position] === Number.POSITIVE_INFINITY &&
    isOfGender(position);
}

function scanViewers(
  { slot, seat, filter, sides: { people, radii } }: ViewerScan,
  candidate: Person,
  take: (position: number) => void,
): void {
  const { sizes } = people.packed;
  const { at, layout, f32, i32 } = seat;
  const params = at >> 2;
  const set = (param: number, value: number): void => {
    f32[params + param] = value;
  };
  // All are in one tier: the records have the floors.
  const side = { given: candidate.received, genders: [], ageMin: null, ageMax: null, distanceKm: null };
  writeViewer(seat, people, { ...candidate, ...side });
  i32[params + PARAM.records] = slot.at + slot.layout.viewers;
  filter.begin(at);
  for (const floor of [PARAM.floorA, PARAM.floorB]) set(floor, -staticScore(candidate));
  const hits = (at + layout.hits) >> 2;
  for (let chunk = 0; chunk < sizes.chunks; chunk++) {
    writeRadius(set, candidate, radii[chunk] as number, sizes.traitWords * TRAITS_PER_WORD);
    f32[params + PARAM.margin] = (f32[params + PARAM.margin] as number) + ROUNDING;
    i32[params + PARAM.hitCount] = 0;
    filter.scan(at, chunk);
    const count = i32[params + PARAM.hitCount] as number;
    for (let hit = 0; hit < count; hit++) take((i32[hits + 2 * hit] as number) & POSITION_BITS);
  }
}
