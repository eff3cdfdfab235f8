import { EARTH_KM } from "../distance.ts";
import { projectRatings } from "./pack-filter.ts";
import {
  BLOCK,
  CHUNK,
  GROUP,
  PERSON,
  PERSON_WORDS,
  RECORD,
  RECORD_WORDS,
  SPHERE_WORDS,
} from "./pair-layout.ts";
import type { OpenPeople } from "./read-person.ts";
import { DEFAULT_RADIUS_KM, MISSING, PAIR_WEIGHTS } from "./score-pair.ts";
import type { Slot } from "./viewer-params.ts";

/** The facts that decide which list of each packed person a candidate is on, in the order of positions. */
export type ViewerSides = {
  readonly people: OpenPeople;
  readonly kinds: Uint8Array;
  /** -Infinity and Infinity without a preference. */
  readonly ageMin: Float64Array;
  readonly ageMax: Float64Array;
  /** Preferred genders as bits of their codes; ANY without a preference. */
  readonly genders: Int32Array;
  /** The part of a score for missing fit and missing interests. */
  readonly missing: Float64Array;
  /** The largest preferred distance of each block as a chord, and the largest radius of each chunk. */
  readonly chords: Float64Array;
  readonly radii: Float64Array;
};

/** The preferences by which a candidate is on list A. */
export const KIND = {
  /** Whether the candidate has the preferred age and gender. */
  anywhere: 0,
  /** The same, and is within the preferred distance. */
  near: 1,
  /** Not derivable from the gender bits. */
  unsure: 2,
} as const;

export const ANY_GENDER = -1;
const GENDER_BITS = 31;

/** Opens the sides of all packed people. Takes about 0.2 us for each. */
export function openViewerSides(people: OpenPeople): ViewerSides {
  const { buffer, columns, sizes } = people.packed;
  const f64 = new Float64Array(buffer, 0, columns.bytes >> 3);
  const u32 = new Uint32Array(buffer, 0, columns.bytes >> 2);
  const { count } = people;
  const sides: ViewerSides = {
    people,
    kinds: new Uint8Array(count),
    ageMin: new Float64Array(count),
    ageMax: new Float64Array(count),
    genders: new Int32Array(count),
    missing: new Float64Array(count),
    chords: new Float64Array((sizes.chunks * CHUNK) / BLOCK),
    radii: new Float64Array(sizes.chunks),
  };
  for (let position = 0; position < count; position++) {
    const at = (columns.people >> 3) + position * PERSON_WORDS;
    const wanted = wantedGenders(people, f64, u32, position);
    const radiusKm = f64[at + PERSON.distanceKm] as number;
    const isLimited = !Number.isNaN(radiusKm);
    sides.kinds[position] = wanted === null ? KIND.unsure : isLimited ? KIND.near : KIND.anywhere;
    sides.genders[position] = wanted ?? ANY_GENDER;
    sides.ageMin[position] = orElse(f64[at + PERSON.ageMin] as number, Number.NEGATIVE_INFINITY);
    sides.ageMax[position] = orElse(f64[at + PERSON.ageMax] as number, Number.POSITIVE_INFINITY);
    const starts = (columns.interestStarts >> 2) + position;
    const isEmpty = u32[starts] === u32[starts + 1];
    sides.missing[position] =
      PAIR_WEIGHTS.fit * MISSING.fit + (isEmpty ? PAIR_WEIGHTS.interests * MISSING.interests : 0);
    if (isLimited) raise(sides.chords, Math.floor(position / BLOCK), chordOf(radiusKm));
    raise(sides.radii, Math.floor(position / CHUNK), isLimited ? radiusKm : DEFAULT_RADIUS_KM);
  }
  return sides;
}

const orElse = (value: number, otherwise: number): number => (Number.isNaN(value) ? otherwise : value);
const chordOf = (radiusKm: number): number => 2 * Math.sin(Math.min(radiusKm / EARTH_KM, Math.PI) / 2);

function raise(values: Float64Array, at: number, value: number): void {
  values[at] = Math.max(values[at] as number, value);
}

/** The preferred genders as bits; null where one of them has none. */
function wantedGenders(
  { packed: { columns, genders } }: OpenPeople,
  f64: Float64Array,
  u32: Uint32Array,
  position: number,
): number | null {
  const from = u32[(columns.genderStarts >> 2) + position] as number;
  const to = u32[(columns.genderStarts >> 2) + position + 1] as number;
  if (from === to) return ANY_GENDER;
  let bits = 0;
  for (let i = from; i < to; i++) {
    const bit = genderBits(genders, f64[(columns.preferredGenders >> 3) + i] as number);
    if (bit === 0) return null;
    bits |= bit;
  }
  return bits;
}

/** The bit of a gender; 0 for one that has none. */
export function genderBits(codes: ReadonlyMap<number, number>, gender: number | null): number {
  const code = gender === null ? undefined : codes.get(gender);
  return code === undefined || code >= GENDER_BITS ? 0 : 1 << code;
}

/** Above the rounding of the spheres to f32. */
const NEAR_MARGIN = 1e-5;

/** Whether any person in a block may have a point within their preferred distance. */
export function isBlockNear(
  { people, chords }: ViewerSides,
  f32: Float32Array,
  block: number,
  point: ArrayLike<number> | null,
): boolean {
  // An unknown distance is within none.
  if (point === null) return false;
  const sphere = (people.packed.columns.blocks >> 2) + block * SPHERE_WORDS;
  let squares = 0;
  for (let axis = 0; axis < 3; axis++) {
    const difference = (point[axis] as number) - (f32[sphere + axis] as number);
    squares += difference * difference;
  }
  return Math.sqrt(squares) <= (chords[block] as number) + (f32[sphere + 3] as number) + NEAR_MARGIN;
}

/**
 * Writes the records of all people as viewers into a slot, except their floors: the ratings that they give
 * take the place of those that they receive.
 */
export function writeViewerRecords({ at, layout, f32, i32 }: Slot, { people }: ViewerSides): void {
  const flag = (at + layout.hasViewers) >> 2;
  if (i32[flag] === 1) return;
  const { buffer, columns, sizes } = people.packed;
  const f64 = new Float64Array(buffer, 0, columns.bytes >> 3);
  const to = (at + layout.viewers) >> 2;
  const from = columns.records >> 2;
  f32.copyWithin(to, from, from + ((sizes.chunks * CHUNK) / GROUP) * RECORD_WORDS);
  for (let position = 0; position < people.count; position++) {
    const record = to + Math.floor(position / GROUP) * RECORD_WORDS + (position % GROUP);
    const person = (columns.people >> 3) + position * PERSON_WORDS;
    const given = f64.subarray(person + PERSON.given, person + PERSON.given + 4);
    const ratings = projectRatings(Number.isNaN(given[0]) ? null : given);
    for (let axis = 0; axis < 3; axis++)
      f32[record + RECORD.ratings + axis * GROUP] = ratings[axis] as number;
  }
  i32[flag] = 1;
}
