import { staticScore } from "./order-people.ts";
import { projectRatings } from "./pack-filter.ts";
import {
  ALWAYS,
  CHUNK,
  GROUP,
  maxCursors,
  NEVER,
  PARAM,
  PERSON,
  PERSON_WORDS,
  POSITION_BITS,
  RECORD,
  RECORD_WORDS,
  TRAITS_PER_WORD,
} from "./pair-layout.ts";
import type { Person } from "./person.ts";
import type { OpenPeople } from "./read-person.ts";
import { DEFAULT_RADIUS_KM, MISSING, PAIR_WEIGHTS } from "./score-pair.ts";
import { withSlot } from "./slots.ts";
import { openSeats, type Seat, type Slot, writeRadius, writeViewer } from "./viewer-params.ts";
import { type Filter, openFilter } from "./web-assembly.ts";

/**
 * Calls `take` with the positions of all packed people whose lists a candidate may reach, and of some others.
 *
 * @param candidate with indexes.
 */
export type FindViewers = (candidate: Person, take: (position: number) => void) => void;

/**
 * Calls `work` with a search for the viewers of candidates. It is the filter with the sides exchanged: what
 * a record holds of a candidate, quality and newness, is replaced by minus the lowest score that reaches one
 * of the person's lists, and the ratings they receive by those they give. All else is the same from both
 * sides but for the radius of proximity: the largest of a chunk stands for all.
 *
 * @param lowest for each position the lower score of the floors of both lists; -Infinity: everybody reaches
 * one, Infinity: they have no list.
 */
export function withViewers<T>(people: OpenPeople, lowest: Float64Array, work: (find: FindViewers) => T): T {
  const { memory, sizes } = people.packed;
  const findAll: FindViewers = (_, take) => {
    for (let position = 0; position < people.count; position++) take(position);
  };
  if (!memory) return work(findAll);
  return withSlot(people.packed, (slot) => {
    const radii = writeRecords(slot, people, lowest);
    const [seat] = openSeats(slot, people.packed, UNLIMITED) as [Seat];
    const filter = openFilter(memory);
    return work((candidate, take) => {
      if (candidate.interests.length > maxCursors(sizes)) findAll(candidate, take);
      else scanViewers({ slot, seat, filter, people, radii }, candidate, take);
    });
  });
}

/** The floors of the filter never rise. */
const UNLIMITED = 2 ** 31 - 1;
/** Above the rounding of the lowest scores to f32. */
const ROUNDING = 1e-6;

/** Writes the records of all people as viewers. @returns the largest radius of each chunk. */
function writeRecords(slot: Slot, people: OpenPeople, lowest: Float64Array): Float64Array {
  const { buffer, columns, sizes } = people.packed;
  const f64 = new Float64Array(buffer, 0, columns.bytes >> 3);
  const u32 = new Uint32Array(buffer, 0, columns.bytes >> 2);
  const { f32 } = slot;
  const to = (slot.at + slot.layout.viewers) >> 2;
  const from = columns.records >> 2;
  const radii = new Float64Array(sizes.chunks);
  f32.copyWithin(to, from, from + ((sizes.chunks * CHUNK) / GROUP) * RECORD_WORDS);
  for (let position = 0; position < people.count; position++) {
    const record = to + Math.floor(position / GROUP) * RECORD_WORDS + (position % GROUP);
    const at = (columns.people >> 3) + position * PERSON_WORDS;
    const starts = (columns.interestStarts >> 2) + position;
    const isEmpty = u32[starts] === u32[starts + 1];
    f32[record + RECORD.static] = viewerStatic(lowest[position] as number, isEmpty);
    const given = f64.subarray(at + PERSON.given, at + PERSON.given + 4);
    const ratings = projectRatings(Number.isNaN(given[0]) ? null : given);
    for (let axis = 0; axis < 3; axis++)
      f32[record + RECORD.ratings + axis * GROUP] = ratings[axis] as number;
    const radiusKm = f64[at + PERSON.distanceKm] as number;
    const chunk = Math.floor(position / CHUNK);
    const known = Number.isNaN(radiusKm) ? DEFAULT_RADIUS_KM : radiusKm;
    radii[chunk] = Math.max(radii[chunk] as number, known);
  }
  return radii;
}

function viewerStatic(lowest: number, hasNoInterests: boolean): number {
  if (!Number.isFinite(lowest)) return lowest < 0 ? ALWAYS : NEVER;
  const empty = hasNoInterests ? PAIR_WEIGHTS.interests * MISSING.interests : 0;
  return PAIR_WEIGHTS.fit * MISSING.fit + empty - lowest;
}

type ViewerScan = {
  readonly slot: Slot;
  readonly seat: Seat;
  readonly filter: Filter;
  readonly people: OpenPeople;
  readonly radii: Float64Array;
};

function scanViewers(
  { slot, seat, filter, people, radii }: ViewerScan,
  candidate: Person,
  take: (position: number) => void,
): void {
  const { sizes } = people.packed;
  const { at, layout, f32, i32 } = seat;
  const params = at >> 2;
  const set = (param: number, value: number): void => {
    f32[params + param] = value;
  };
  // All are in one tier: the two of a viewer have a floor together.
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
