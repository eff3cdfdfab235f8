import { projectRatings } from "./pack-filter.ts";
import type { PackedPeople } from "./pack-people.ts";
import {
  CHUNK,
  CURSOR_WORDS,
  GROUP,
  HIT_CAPACITY,
  MAX_GENDERS,
  NEAR_WORDS,
  NO_AGE,
  NO_GENDER,
  NO_OWN_TEXT,
  NOWHERE,
  PARAM,
  RECORD,
  RECORD_WORDS,
  type SlotLayout,
  TRAITS_PER_WORD,
} from "./pair-layout.ts";
import { type Person, QUIZ_DIMENSIONS } from "./person.ts";
import { DEFAULT_RADIUS_KM, EARTH_KM, MISSING, PAIR_WEIGHTS } from "./score-pair.ts";

/** A thread's part of the memory. */
export type Slot = {
  readonly at: number;
  readonly layout: SlotLayout;
  readonly f32: Float32Array;
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
};

/** Writes what does not depend on the viewer. */
export function writeSlot(slot: Slot, packed: PackedPeople, listLength: number): void {
  const { at, layout, i32, u8 } = slot;
  const { columns, sizes } = packed;
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
  set(PARAM.chunks, sizes.chunks);
  set(PARAM.excluded, at + layout.excluded);
  set(PARAM.genders, at + layout.genders);
  set(PARAM.counters, at + layout.counters);
  set(PARAM.kept, at + layout.kept);
  set(PARAM.hits, at + layout.hits);
  set(PARAM.hitCapacity, HIT_CAPACITY);
  set(PARAM.histograms, at + layout.histograms);
  set(PARAM.listLength, listLength);
  set(PARAM.postings, columns.postings);
  set(PARAM.cursors, at + layout.cursors);
  set(PARAM.masks, at + layout.masks);
  set(PARAM.rowMask, at + layout.rowMask);
  set(PARAM.laneMasks, at + layout.laneMasks);
  for (let bits = 0; bits < 16; bits++)
    for (let lane = 0; lane < 4; lane++)
      i32[((at + layout.laneMasks) >> 2) + bits * 4 + lane] = (bits >> lane) & 1 ? -1 : 0;
  u8.fill(0, at + layout.excluded, at + layout.excluded + sizes.chunks * CHUNK);
}

/** Writes the parameters of a viewer, which the filter reads. */
export function writeViewer(slot: Slot, packed: PackedPeople, position: number, viewer: Person): void {
  const { at, layout, f32, i32 } = slot;
  const { columns, sizes } = packed;
  const setInt = (param: number, value: number): void => {
    i32[(at >> 2) + param] = value;
  };
  const setFloat = (param: number, value: number): void => {
    f32[(at >> 2) + param] = value;
  };
  const group = Math.floor(position / GROUP);
  const record = (columns.records >> 2) + group * RECORD_WORDS + (position % GROUP);
  setInt(PARAM.ownChunk, Math.floor(position / CHUNK));
  for (const [axis, value] of projectRatings(viewer.given).entries())
    setFloat(PARAM.ratings + axis, (PAIR_WEIGHTS.fit / 2) * value);
  setFloat(PARAM.rootTraits, f32[record + RECORD.root] as number);
  setFloat(PARAM.fallback, f32[record + RECORD.fallback] as number);
  const hasInterests = viewer.interests.length > 0;
  setFloat(PARAM.emptyInterests, hasInterests ? 0 : PAIR_WEIGHTS.interests * MISSING.interests);
  setFloat(PARAM.interestCount, Math.max(1, viewer.interests.length));
  setInt(PARAM.popular, i32[record + RECORD.popular] as number);
  setInt(PARAM.row, columns.rows + position * sizes.traitWords * TRAITS_PER_WORD * 4);
  setInt(PARAM.quiz, columns.quizzes + position * QUIZ_DIMENSIONS * 4);
  setInt(PARAM.hasQuiz, viewer.quiz ? 1 : 0);
  writeMasks(slot, packed, position);
  setInt(PARAM.cursorCount, writeCursors(slot, packed, viewer));
  const near = (columns.near >> 2) + group * NEAR_WORDS + (position % GROUP);
  setInt(PARAM.text, viewer.locationText === null ? NO_OWN_TEXT : (i32[near + 3 * GROUP] as number));
  writeLocation(setFloat, viewer, sizes.traitWords * TRAITS_PER_WORD);
  setInt(PARAM.limitsDistance, viewer.distanceKm === null ? 0 : 1);
  const hasAgePreference = viewer.ageMin !== null || viewer.ageMax !== null;
  const known = (age: number): number => Math.max(-1, Math.min(NO_AGE - 1, age));
  setInt(PARAM.ageMin, known(Math.ceil(viewer.ageMin ?? 0)));
  setInt(PARAM.ageMax, hasAgePreference ? known(Math.floor(viewer.ageMax ?? NO_AGE)) : NO_AGE);
  writeGenders(slot.u8.subarray(at + layout.genders, at + layout.genders + NO_GENDER + 1), packed, viewer);
}

/** The trait masks of the viewer, and the first ones lane by lane. */
function writeMasks({ at, layout, i32 }: Slot, { columns, sizes }: PackedPeople, position: number): void {
  const [group, lane] = [Math.floor(position / GROUP), position % GROUP];
  const first = (columns.records >> 2) + group * RECORD_WORDS + RECORD.mask + lane;
  const extra = (columns.extraMasks >> 2) + group * (sizes.traitWords - 1) * GROUP + lane;
  for (let word = 0; word < sizes.traitWords; word++) {
    const mask = i32[word === 0 ? first : extra + (word - 1) * GROUP] as number;
    i32[((at + layout.masks) >> 2) + word] = mask;
    for (let bit = 0; bit < TRAITS_PER_WORD; bit++)
      i32[((at + layout.rowMask) >> 2) + word * TRAITS_PER_WORD + bit] = (mask >> bit) & 1 ? -1 : 0;
  }
}

/** A cursor for each interest that has postings. @returns their number. */
function writeCursors({ at, layout, i32 }: Slot, { columns }: PackedPeople, viewer: Person): number {
  let next = (at + layout.cursors) >> 2;
  const first = next;
  for (let i = 0; i < viewer.interests.length; i++) {
    const starts = (columns.postingStarts >> 2) + (viewer.interests[i] as number);
    const [from, to] = [i32[starts] as number, i32[starts + 1] as number];
    if (from === to) continue;
    i32[next + 1] = from;
    i32[next + 2] = to;
    next += CURSOR_WORDS;
  }
  return (next - first) / CURSOR_WORDS;
}

function writeGenders(codes: Uint8Array, { genders }: PackedPeople, viewer: Person): void {
  // Without a preference an unknown gender is met as well.
  codes.fill(viewer.genders.length === 0 ? 1 : 0);
  for (let i = 0; i < viewer.genders.length; i++) {
    const code = genders.get(viewer.genders[i] as number);
    if (code !== undefined && code < MAX_GENDERS) codes[code] = 1;
  }
}

function writeLocation(set: (param: number, value: number) => void, viewer: Person, traits: number): void {
  const radiusKm = viewer.distanceKm ?? DEFAULT_RADIUS_KM;
  const angle = Math.min(radiusKm / EARTH_KM, Math.PI);
  const chord = 2 * Math.sin(angle / 2);
  const unsure = UNSURE_CHORD + UNSURE_SHARE * chord;
  for (let axis = 0; axis < 3; axis++)
    set(PARAM.point + axis, viewer.point ? (viewer.point[axis] as number) : -NOWHERE);
  set(PARAM.proximityPerRadian, (PAIR_WEIGHTS.proximity * EARTH_KM) / radiusKm);
  set(PARAM.chord, viewer.point ? chord + NEAR_MARGIN : Number.POSITIVE_INFINITY);
  set(PARAM.chordMet, chord - unsure);
  set(PARAM.chordUnmet, chord + unsure);
  set(PARAM.margin, 2 * errorBound(radiusKm, angle, chord, traits));
}

const NEAR_MARGIN = 1e-5;
const UNSURE_CHORD = 3e-7;
const UNSURE_SHARE = 2e-6;
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
