import { EARTH_KM } from "../distance.ts";
import { projectRatings, traitsFallback, traitsRoot } from "./pack-filter.ts";
import type { PackedPeople } from "./pack-people.ts";
import {
  CHUNK,
  CURSOR_WORDS,
  genderBit,
  HIT_CAPACITY,
  MAX_GENDERS,
  NO_AGE,
  NO_GENDER,
  NO_OWN_TEXT,
  NOWHERE,
  PARAM,
  SEATS,
  type SeatLayout,
  type SlotLayout,
  TRAITS_PER_WORD,
} from "./pair-layout.ts";
import { type Person, QUIZ_DIMENSIONS } from "./person.ts";
import type { OpenPeople } from "./read-person.ts";
import { DEFAULT_RADIUS_KM, MISSING, PAIR_WEIGHTS } from "./score-pair.ts";

/** A thread's part of the memory. */
export type Slot = {
  readonly at: number;
  readonly layout: SlotLayout;
  readonly f32: Float32Array;
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
};

/** A viewer's part of a slot. */
export type Seat = Omit<Slot, "layout"> & { readonly layout: SeatLayout };

/** Writes what does not depend on the viewers. */
export function openSeats(slot: Slot, packed: PackedPeople, listLength: number): Seat[] {
  const { layout, ...memory } = slot;
  const excluded = memory.at + layout.excluded;
  memory.u8.fill(0, excluded, excluded + CHUNK);
  return Array.from({ length: SEATS }, (_, index) => {
    const seat = { ...memory, at: memory.at + layout.seats + index * layout.seat.bytes, layout: layout.seat };
    writeSeat(seat, slot, packed, listLength);
    return seat;
  });
}

function writeSeat(seat: Seat, slot: Slot, { columns, sizes }: PackedPeople, listLength: number): void {
  const { at, layout, i32 } = seat;
  const set = (param: number, value: number): void => {
    i32[(at >> 2) + param] = value;
  };
  set(PARAM.records, columns.records);
  set(PARAM.near, columns.near);
  set(PARAM.rows, columns.rows);
  set(PARAM.extraMasks, columns.extraMasks);
  set(PARAM.traitWords, sizes.traitWords);
  set(PARAM.quizzes, columns.quizzes);
  set(PARAM.meta, columns.meta);
  set(PARAM.blocks, columns.blocks);
  set(PARAM.excluded, slot.at + slot.layout.excluded);
  set(PARAM.genders, at + layout.genders);
  set(PARAM.counters, slot.at + slot.layout.counters);
  set(PARAM.kept, slot.at + slot.layout.kept);
  set(PARAM.bounded, slot.at + slot.layout.bounded);
  set(PARAM.hits, at + layout.hits);
  set(PARAM.hitCapacity, HIT_CAPACITY);
  set(PARAM.histograms, at + layout.histograms);
  set(PARAM.listLength, listLength);
  set(PARAM.postings, columns.postings);
  set(PARAM.cursors, at + layout.cursors);
  set(PARAM.masks, at + layout.masks);
  set(PARAM.row, at + layout.row);
  set(PARAM.rowMask, at + layout.rowMask);
  set(PARAM.quiz, at + layout.quiz);
  set(PARAM.signs, columns.signs);
  set(PARAM.ownSigns, at + layout.ownSigns);
  set(PARAM.squares, at + layout.squares);
}

/**
 * Writes the parameters of a viewer, which the filter reads.
 *
 * @param viewer with indexes; packed or not.
 */
export function writeViewer(seat: Seat, people: OpenPeople, viewer: Person): void {
  const { at, f32, i32, layout } = seat;
  const { packed } = people;
  const setInt = (param: number, value: number): void => {
    i32[(at >> 2) + param] = value;
  };
  const setFloat = (param: number, value: number): void => {
    f32[(at >> 2) + param] = value;
  };
  for (const [axis, value] of projectRatings(viewer.given).entries())
    setFloat(PARAM.ratings + axis, (PAIR_WEIGHTS.fit / 2) * value);
  const { traitIds, interests, quiz } = viewer;
  setFloat(PARAM.rootTraits, traitsRoot(traitIds.length));
  setFloat(PARAM.fallback, traitsFallback(quiz));
  setFloat(PARAM.emptyInterests, interests.length > 0 ? 0 : PAIR_WEIGHTS.interests * MISSING.interests);
  setFloat(PARAM.interestCount, Math.max(1, interests.length));
  setInt(PARAM.hasQuiz, quiz ? 1 : 0);
  for (let i = 0; i < QUIZ_DIMENSIONS; i++)
    f32[((at + layout.quiz) >> 2) + i] = quiz ? (quiz[i] as number) : 0;
  writeTraits(seat, packed, viewer);
  setInt(PARAM.popular, popularBits(seat, packed, viewer));
  setInt(PARAM.cursorCount, writeCursors(seat, packed, viewer));
  const text = viewer.locationText === null ? undefined : people.textIndexOf(viewer.locationText);
  setInt(PARAM.text, text ?? NO_OWN_TEXT);
  writeLocation(setFloat, viewer, packed.sizes.traitWords * TRAITS_PER_WORD);
  setInt(PARAM.limitsDistance, viewer.distanceKm === null ? 0 : 1);
  const hasAgePreference = viewer.ageMin !== null || viewer.ageMax !== null;
  const known = (age: number): number => Math.max(-1, Math.min(NO_AGE - 1, age));
  setInt(PARAM.ageMin, known(Math.ceil(viewer.ageMin ?? 0)));
  setInt(PARAM.ageMax, hasAgePreference ? known(Math.floor(viewer.ageMax ?? NO_AGE)) : NO_AGE);
  writeGenders(seat.u8.subarray(at + layout.genders, at + layout.genders + NO_GENDER + 1), packed, viewer);
  setInt(PARAM.wanted, wantedBits(packed, viewer));
  // Without a preference an unknown gender is accepted as well.
  setInt(PARAM.anyGender, viewer.genders.length === 0 ? -1 : 0);
}

/**
 * The viewer's strengths as a row; which traits there are as masks, one for each word and lane by lane; their
 * signs; sums of squares for each value of each byte of a mask. Traits that no packed person has only add to
 * the number.
 */
function writeTraits(seat: Seat, { sizes }: PackedPeople, { traitIds, strengths }: Person): void {
  const { at, layout, f32, i32 } = seat;
  const [row, rowMask] = [(at + layout.row) >> 2, (at + layout.rowMask) >> 2];
  const [masks, signs] = [(at + layout.masks) >> 2, (at + layout.ownSigns) >> 2];
  const count = sizes.traitWords * TRAITS_PER_WORD;
  f32.fill(0, row, row + count);
  i32.fill(0, rowMask, rowMask + count);
  i32.fill(0, masks, masks + sizes.traitWords);
  i32.fill(0, signs, signs + sizes.traitWords);
  for (let i = 0; i < traitIds.length; i++) {
    const index = traitIds[i] as number;
    if (index >= sizes.traits) continue;
    const strength = strengths[i] as number;
    const [word, bit] = [Math.floor(index / TRAITS_PER_WORD), 1 << (index % TRAITS_PER_WORD)];
    f32[row + index] = strength;
    i32[rowMask + index] = -1;
    i32[masks + word] = (i32[masks + word] as number) | bit;
    if (strength < 0) i32[signs + word] = (i32[signs + word] as number) | bit;
  }
  let table = (at + layout.squares) >> 2;
  for (let byte = 0; byte < count / 8; byte++, table += 256) {
    f32[table] = 0;
    for (let value = 1; value < 256; value++) {
      const lowest = 31 - Math.clz32(value & -value);
      const strength = f32[row + byte * 8 + lowest] as number;
      f32[table + value] = (f32[table + (value & (value - 1))] as number) + strength * strength;
    }
  }
}

/** The viewer's popular interests as bits. */
function popularBits({ i32 }: Seat, { columns, sizes }: PackedPeople, { interests }: Person): number {
  let bits = 0;
  for (let i = 0; i < interests.length; i++) {
    const index = interests[i] as number;
    const bit = index < sizes.interests ? (i32[(columns.popularBits >> 2) + index] as number) : -1;
    if (bit >= 0) bits |= 1 << bit;
  }
  return bits;
}

/** A cursor for each interest that has postings. @returns their number. */
function writeCursors({ at, layout, i32 }: Seat, { columns, sizes }: PackedPeople, viewer: Person): number {
  let next = (at + layout.cursors) >> 2;
  const first = next;
  for (let i = 0; i < viewer.interests.length; i++) {
    const index = viewer.interests[i] as number;
    if (index >= sizes.interests) continue;
    const starts = (columns.postingStarts >> 2) + index;
    const [from, to] = [i32[starts] as number, i32[starts + 1] as number];
    if (from === to) continue;
    i32[next + 1] = from;
    i32[next + 2] = to;
    next += CURSOR_WORDS;
  }
  return (next - first) / CURSOR_WORDS;
}

function wantedBits({ genders }: PackedPeople, viewer: Person): number {
  let bits = 0;
  for (let i = 0; i < viewer.genders.length; i++) {
    const code = genders.get(viewer.genders[i] as number);
    if (code !== undefined) bits |= genderBit(code);
  }
  return bits;
}

function writeGenders(codes: Uint8Array, { genders }: PackedPeople, viewer: Person): void {
  codes.fill(viewer.genders.length === 0 ? 1 : 0);
  for (let i = 0; i < viewer.genders.length; i++) {
    const code = genders.get(viewer.genders[i] as number);
    if (code !== undefined && code < MAX_GENDERS) codes[code] = 1;
  }
}

function writeLocation(set: (param: number, value: number) => void, viewer: Person, traits: number): void {
  const chord = writeRadius(set, viewer, viewer.distanceKm ?? DEFAULT_RADIUS_KM, traits);
  const unsure = UNSURE_CHORD + UNSURE_SHARE * chord;
  for (let axis = 0; axis < 3; axis++)
    set(PARAM.point + axis, viewer.point ? (viewer.point[axis] as number) : -NOWHERE);
  set(PARAM.chordMet, chord - unsure);
  set(PARAM.chordUnmet, chord + unsure);
  const met = Math.max(0, chord - unsure);
  set(PARAM.squareMet, met * met * (1 - SQUARE_MARGIN));
  set(PARAM.squareUnmet, (chord + unsure) ** 2 * (1 + SQUARE_MARGIN));
}

/**
 * Writes the radius of proximity.
 *
 * @param traits as many as a row has.
 * @returns the chord of the radius.
 */
export function writeRadius(
  set: (param: number, value: number) => void,
  { point }: Pick<Person, "point">,
  radiusKm: number,
  traits: number,
): number {
  const angle = Math.min(radiusKm / EARTH_KM, Math.PI);
  const chord = 2 * Math.sin(angle / 2);
  set(PARAM.proximityPerRadian, (PAIR_WEIGHTS.proximity * EARTH_KM) / radiusKm);
  set(PARAM.chord, point ? chord + NEAR_MARGIN : Number.POSITIVE_INFINITY);
  set(PARAM.margin, 2 * errorBound(radiusKm, angle, chord, traits));
  return chord;
}

const NEAR_MARGIN = 1e-5;
const UNSURE_CHORD = 3e-7;
const UNSURE_SHARE = 2e-6;
/** Above the rounding of a squared chord to f32, and of its root. */
const SQUARE_MARGIN = 1e-5;
/** A difference of two coordinates in f32, as a chord: sqrt(3) x 2^-24, rounded up. */
const CHORD_ERROR = 1.2e-7;
const SUM_ERROR = 1.5e-6;
const ERROR_PER_TRAIT = 1.7e-8;

/**
 * No score of the filter is farther from that in f64 than this (decision 0161): 1.5e-6 for sums and the other
 * terms, 1.7e-8 for each trait, and for proximity the coordinates and the end of the series of the arc.
 */
export function errorBound(radiusKm: number, angle: number, chord: number, traits: number): number {
  const perRadian = (PAIR_WEIGHTS.proximity * EARTH_KM) / radiusKm;
  const squared = chord * chord;
  const series = chord * (1 + squared * (1 / 24 + squared * (3 / 640 + (squared * 5) / 7168)));
  return SUM_ERROR + ERROR_PER_TRAIT * traits + perRadian * (CHORD_ERROR + Math.max(0, angle - series));
}
