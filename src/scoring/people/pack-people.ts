import { orderPeople, staticScore } from "./order-people.ts";
import {
  BLOCK,
  CHUNK,
  type ColumnLayout,
  FLAG_NO_INTERESTS,
  FLAG_QUIZ,
  GROUP,
  layOutColumns,
  MAX_GENDERS,
  MAX_RARE_INTERESTS,
  MAX_TRAIT_WORDS,
  NEAR_WORDS,
  NEVER,
  NO_AGE,
  NO_GENDER,
  NO_TEXT,
  NOWHERE,
  type PackedSizes,
  PERSON_WORDS,
  POPULAR_INTERESTS,
  RECORD,
  RECORD_WORDS,
  SPHERE_WORDS,
  TRAITS_PER_WORD,
} from "./pair-layout.ts";
import { type Person, QUIZ_DIMENSIONS } from "./person.ts";
import { MISSING, PAIR_WEIGHTS } from "./score-pair.ts";
import { openMemory, type WasmMemory } from "./web-assembly.ts";

/** People as columns in one buffer, which threads share. Plain data: it passes between threads. */
export type PackedPeople = {
  /** Null where the filter cannot run: then every pair is scored in f64. */
  readonly memory: WasmMemory | null;
  readonly buffer: SharedArrayBuffer;
  readonly sizes: PackedSizes;
  readonly columns: ColumnLayout;
  /** Codes of the genders in the columns of the filter, by number. */
  readonly genders: ReadonlyMap<number, number>;
  /** Positions by id. */
  readonly positions: ReadonlyMap<number, number>;
};

export type PackOptions = {
  /** Number of threads that may scan at the same time. */
  readonly slots?: number;
  /** False: without the filter, as where SIMD or shared memory is missing. */
  readonly filter?: boolean;
};

const DEFAULT_SLOTS = 16;

/** What is counted before anything is laid out. */
type Counted = {
  readonly people: readonly Person[];
  readonly traits: ReadonlyMap<number, number>;
  readonly interests: ReadonlyMap<number, number>;
  /** Bit of each popular interest, by index. */
  readonly popular: ReadonlyMap<number, number>;
  readonly genders: ReadonlyMap<number, number>;
  readonly texts: ReadonlyMap<number, number>;
  readonly sizes: PackedSizes;
};

type Views = { readonly f32: Float32Array; readonly u32: Uint32Array; readonly f64: Float64Array };

/** Lays out the people of a run. Takes about 10 us for each. */
export function packPeople(
  given: readonly Person[],
  { slots = DEFAULT_SLOTS, filter = true }: PackOptions = {},
): PackedPeople {
  const counted = countPeople(orderPeople(given), slots);
  const { people, sizes, genders } = counted;
  const columns = layOutColumns(sizes);
  const memory = filter && fitsFilter(counted) ? openMemory(columns.bytes) : null;
  const buffer = memory?.buffer ?? new SharedArrayBuffer(columns.bytes);
  const views = {
    f32: new Float32Array(buffer, 0, columns.bytes >> 2),
    u32: new Uint32Array(buffer, 0, columns.bytes >> 2),
    f64: new Float64Array(buffer, 0, columns.bytes >> 3),
  };
  writeLists(views, columns, counted);
  for (const [position, person] of people.entries()) writePerson(views.f64, columns, position, person);
  if (memory) {
    for (let position = 0; position < sizes.chunks * CHUNK; position++)
      writeCandidate(views, columns, counted, position);
    writePostings(views.u32, columns, counted);
    writeSpheres(views.f32, columns, counted);
  }
  const positions = new Map(people.map(({ id }, position) => [id, position]));
  return { memory, buffer, sizes, columns, genders, positions };
}

const fitsFilter = ({ traits, genders, sizes }: Counted): boolean =>
  traits.size <= MAX_TRAIT_WORDS * TRAITS_PER_WORD &&
  genders.size <= MAX_GENDERS &&
  sizes.maxRareInterests <= MAX_RARE_INTERESTS;

/** Numbers the values in ascending order. */
const numbered = (values: Iterable<number>): Map<number, number> =>
  new Map([...new Set(values)].sort((a, b) => a - b).map((value, index) => [value, index]));

function* flat(people: readonly Person[], of: (person: Person) => ArrayLike<number>): Iterable<number> {
  for (const person of people) {
    const values = of(person);
    for (let i = 0; i < values.length; i++) yield values[i] as number;
  }
}

function* present(people: readonly Person[], of: (person: Person) => number | null): Iterable<number> {
  for (const person of people) {
    const value = of(person);
    if (value !== null) yield value;
  }
}

function countPeople(people: readonly Person[], slots: number): Counted {
  const traits = numbered(flat(people, ({ traitIds }) => traitIds));
  const interests = numbered(flat(people, (person) => person.interests));
  const popular = popularOf(people, interests);
  const total = (of: (person: Person) => number): number => people.reduce((sum, one) => sum + of(one), 0);
  const rareOf = (person: Person): number => {
    let count = 0;
    for (let i = 0; i < person.interests.length; i++)
      if (!popular.has(interests.get(person.interests[i] as number) as number)) count += 1;
    return count;
  };
  return {
    people,
    traits,
    interests,
    popular,
    genders: numbered(present(people, ({ gender }) => gender)),
    texts: numbered(present(people, ({ locationText }) => locationText)),
    sizes: {
      people: people.length,
      chunks: Math.max(1, Math.ceil(people.length / CHUNK)),
      traitWords: Math.max(1, Math.ceil(traits.size / TRAITS_PER_WORD)),
      interests: interests.size,
      slots,
      traitEntries: total(({ traitIds }) => traitIds.length),
      interestEntries: total((person) => person.interests.length),
      genderEntries: total(({ genders }) => genders.length),
      maxRareInterests: people.reduce((max, person) => Math.max(max, rareOf(person)), 0),
    },
  };
}

function popularOf(people: readonly Person[], interests: ReadonlyMap<number, number>): Map<number, number> {
  const counts = new Uint32Array(interests.size);
  for (const id of flat(people, (person) => person.interests)) {
    const index = interests.get(id) as number;
    counts[index] = (counts[index] as number) + 1;
  }
  const byCount = [...counts.keys()].sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b);
  return new Map(byCount.slice(0, POPULAR_INTERESTS).map((index, bit) => [index, bit]));
}

/** The traits, interests and preferred genders of all people: where each person's begin, and the entries. */
function writeLists({ u32, f64 }: Views, columns: ColumnLayout, counted: Counted): void {
  const { people, traits, interests } = counted;
  const [traitStarts, traitIndexes, strengths] = [
    columns.traitStarts >> 2,
    columns.traitIndexes >> 2,
    columns.strengths >> 3,
  ];
  let [trait, interest, gender] = [0, 0, 0];
  for (const [position, person] of people.entries()) {
    for (let i = 0; i < person.traitIds.length; i++, trait++) {
      u32[traitIndexes + trait] = traits.get(person.traitIds[i] as number) as number;
      f64[strengths + trait] = person.strengths[i] as number;
    }
    for (let i = 0; i < person.interests.length; i++, interest++)
      u32[(columns.interestIndexes >> 2) + interest] = interests.get(person.interests[i] as number) as number;
    for (let i = 0; i < person.genders.length; i++, gender++)
      f64[(columns.preferredGenders >> 3) + gender] = person.genders[i] as number;
    u32[traitStarts + position + 1] = trait;
    u32[(columns.interestStarts >> 2) + position + 1] = interest;
    u32[(columns.genderStarts >> 2) + position + 1] = gender;
  }
}

/** The f64 columns, NaN for null. `readPerson` reads them. */
function writePerson(f64: Float64Array, columns: ColumnLayout, position: number, person: Person): void {
  const at = (columns.people >> 3) + position * PERSON_WORDS;
  const { quality, locationText, gender, age, ageMin, ageMax, distanceKm } = person;
  const single = [quality, person.newness, locationText, gender, age, ageMin, ageMax, distanceKm];
  f64[at] = person.id;
  f64[at + 1] = person.isCandidate ? 1 : 0;
  for (const [index, value] of single.entries()) f64[at + 2 + index] = value ?? Number.NaN;
  const vectors = [person.point, person.received, person.given, person.quiz];
  let next = at + 10;
  for (const [index, length] of [3, 4, 4, QUIZ_DIMENSIONS].entries()) {
    const vector = vectors[index];
    for (let i = 0; i < length; i++) f64[next + i] = vector ? (vector[i] as number) : Number.NaN;
    next += length;
  }
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

/** The columns of the filter. A position without a person is on no list. */
function writeCandidate(views: Views, columns: ColumnLayout, counted: Counted, position: number): void {
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
  const traits = person.traitIds.length;
  f32[record + RECORD.root] = traits === 0 ? 0 : PAIR_WEIGHTS.traits / Math.sqrt(traits);
  f32[record + RECORD.fallback] = PAIR_WEIGHTS.traits * (person.quiz ? 1 : MISSING.traits);
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
  const flags = (hasInterests ? 0 : FLAG_NO_INTERESTS) | (person.quiz ? FLAG_QUIZ : 0);
  u32[(columns.meta >> 2) + position] = (person.age ?? NO_AGE) | (gender << 8) | flags;
}

function setBit(words: Uint32Array, at: number, bit: number): void {
  words[at] = (words[at] as number) | (1 << bit);
}

/** The strengths as a row, and which traits there are as masks: a strength of 0 is a trait as well. */
function writeTraits(
  { f32, u32 }: Views,
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
    f32[row + index] = person.strengths[i] as number;
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

/** Centre and radius of each block; infinite where somebody has no location. */
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
