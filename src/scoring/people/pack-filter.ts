import type { Counted } from "./count-people.ts";
import { staticScore } from "./order-people.ts";
import type { ColumnLayout } from "./pair-columns.ts";
import {
  BLOCK,
  CHUNK,
  FLAG_NO_INTERESTS,
  FLAG_QUIZ,
  GROUP,
  genderBit,
  NEAR_WORDS,
  NEVER,
  NO_AGE,
  NO_GENDER,
  NO_TEXT,
  NOWHERE,
  RECORD,
  RECORD_WORDS,
  SPHERE_WORDS,
  TRAITS_PER_WORD,
} from "./pair-layout.ts";
import { type Person, QUIZ_DIMENSIONS } from "./person.ts";
import { MISSING, PAIR_WEIGHTS } from "./score-pair.ts";

/** The same memory as numbers of three kinds. */
export type MemoryViews = {
  readonly f32: Float32Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
};

/** Writes all columns that the filter reads. */
export function writeFilter(views: MemoryViews, columns: ColumnLayout, counted: Counted): void {
  for (let position = 0; position < counted.sizes.chunks * CHUNK; position++)
    writeCandidate(views, columns, counted, position);
  writePostings(views.u32, columns, counted);
  writeSpheres(views.f32, columns, counted);
}

/**
 * A mean-centred vector of four has three dimensions: this keeps lengths and angles. Zeros where it is
 * missing, which gives the fit of missing ratings.
 */
export function projectRatings(vector: ArrayLike<number> | null): [number, number, number] {
  if (!vector) return [0, 0, 0];
  const [a, b, c, d] = [vector[0] as number, vector[1] as number, vector[2] as number, vector[3] as number];
  return [(a + b - c - d) / 2, (a - b + c - d) / 2, (a - b - c + d) / 2];
}

/** 0.25 / sqrt(number of traits). */
export const traitsRoot = (count: number): number =>
  count === 0 ? 0 : PAIR_WEIGHTS.traits / Math.sqrt(count);

/** 0.25 x the most that the quiz vectors may give where there are too few common traits. */
export const traitsFallback = (quiz: Person["quiz"]): number =>
  PAIR_WEIGHTS.traits * (quiz ? 1 : MISSING.traits);

/** The columns of the filter. A position without a person is on no list. */
function writeCandidate(views: MemoryViews, columns: ColumnLayout, counted: Counted, position: number): void {
  const { f32, u32 } = views;
  const [group, lane] = [Math.floor(position / GROUP), position % GROUP];
  const record = (columns.records >> 2) + group * RECORD_WORDS + lane;
  const near = (columns.near >> 2) + group * NEAR_WORDS + lane;
  const person = counted.people[position];
  if (!person) {
    f32[record + RECORD.static] = NEVER;
    f32[record + RECORD.interests] = 1;
    return;
  }
  const hasInterests = person.interests.length > 0;
  const emptyScore = hasInterests ? 0 : PAIR_WEIGHTS.interests * MISSING.interests;
  f32[record + RECORD.static] = person.isCandidate
    ? staticScore(person) + PAIR_WEIGHTS.fit * MISSING.fit + emptyScore
    : NEVER;
  for (const [axis, value] of projectRatings(person.received).entries())
    f32[record + RECORD.ratings + axis * GROUP] = value;
  f32[record + RECORD.root] = traitsRoot(person.traitIds.length);
  f32[record + RECORD.fallback] = traitsFallback(person.quiz);
  f32[record + RECORD.interests] = Math.max(1, person.interests.length);
  writeTraits(views, columns, counted, position, person);
  for (let i = 0; i < person.interests.length; i++) {
    const bit = counted.popular.get(counted.interests.get(person.interests[i] as number) as number);
    if (bit !== undefined) setBit(u32, record + RECORD.popular, bit);
  }
  for (let axis = 0; axis < 3; axis++)
    f32[near + axis * GROUP] = person.point ? (person.point[axis] as number) : NOWHERE;
  u32[near + 3 * GROUP] =
    person.locationText === null ? NO_TEXT : (counted.texts.get(person.locationText) as number);
  if (person.quiz) f32.set(person.quiz, (columns.quizzes >> 2) + position * QUIZ_DIMENSIONS);
  const gender = person.gender === null ? NO_GENDER : (counted.genders.get(person.gender) as number);
  const known = person.gender === null ? 0 : genderBit(gender);
  const flags = (hasInterests ? 0 : FLAG_NO_INTERESTS) | (person.quiz ? FLAG_QUIZ : 0) | known;
  u32[(columns.meta >> 2) + position] = (person.age ?? NO_AGE) | (gender << 8) | flags;
}

function setBit(words: Uint32Array, at: number, bit: number): void {
  words[at] = (words[at] as number) | (1 << bit);
}

/** The strengths as a row, and which traits there are as masks: a strength of 0 is a trait as well. */
function writeTraits(
  { f32, u32 }: MemoryViews,
  columns: ColumnLayout,
  { traits, sizes }: Counted,
  position: number,
  person: Person,
): void {
  const [group, lane] = [Math.floor(position / GROUP), position % GROUP];
  const mask = (columns.records >> 2) + group * RECORD_WORDS + RECORD.mask + lane;
  const extra = (columns.extraMasks >> 2) + group * (sizes.traitWords - 1) * GROUP + lane;
  const row = (columns.rows >> 2) + position * sizes.traitWords * TRAITS_PER_WORD;
  for (let i = 0; i < person.traitIds.length; i++) {
    const index = traits.get(person.traitIds[i] as number) as number;
    const [word, bit] = [Math.floor(index / TRAITS_PER_WORD), index % TRAITS_PER_WORD];
    const strength = person.strengths[i] as number;
    f32[row + index] = strength;
    if (strength < 0) setBit(u32, (columns.signs >> 2) + position * sizes.traitWords + word, bit);
    setBit(u32, word === 0 ? mask : extra + (word - 1) * GROUP, bit);
  }
}

/** For each interest that is no bit of the records: the positions of those who have it, ascending. */
function writePostings(u32: Uint32Array, columns: ColumnLayout, counted: Counted): void {
  const { people, interests, popular, sizes } = counted;
  const starts = u32.subarray(columns.postingStarts >> 2, (columns.postingStarts >> 2) + sizes.interests + 1);
  const rare = function* (person: Person): Iterable<number> {
    for (let i = 0; i < person.interests.length; i++) {
      const index = interests.get(person.interests[i] as number) as number;
      if (!popular.has(index)) yield index;
    }
  };
  for (const person of people)
    for (const index of rare(person)) starts[index + 1] = (starts[index + 1] as number) + 1;
  for (let i = 1; i < starts.length; i++) starts[i] = (starts[i] as number) + (starts[i - 1] as number);
  const next = starts.slice(0, -1);
  for (const [position, person] of people.entries())
    for (const index of rare(person)) {
      const at = next[index] as number;
      u32[(columns.postings >> 2) + at] = position;
      next[index] = at + 1;
    }
}

/** Above the rounding of the coordinates to f32. */
const SPHERE_MARGIN = 1e-5;

/** Centre and radius of each block; infinite where a person has no location. */
function writeSpheres(f32: Float32Array, columns: ColumnLayout, { people, sizes }: Counted): void {
  for (let block = 0; block < (sizes.chunks * CHUNK) / BLOCK; block++) {
    const members = people.slice(block * BLOCK, (block + 1) * BLOCK);
    const points = members.flatMap(({ point }) => (point ? [point] : []));
    const centre = [0, 1, 2].map(
      (axis) => points.reduce((sum, point) => sum + (point[axis] as number), 0) / Math.max(1, points.length),
    );
    const distance = (point: ArrayLike<number>): number =>
      Math.hypot(...centre.map((value, axis) => value - (point[axis] as number)));
    const radius = points.reduce((max, point) => Math.max(max, distance(point)), 0) + SPHERE_MARGIN;
    const isOpen = points.length < members.length;
    f32.set(
      [...centre, isOpen ? Number.POSITIVE_INFINITY : radius],
      (columns.blocks >> 2) + block * SPHERE_WORDS,
    );
  }
}
