import { type Counted, countPeople } from "./count-people.ts";
import { orderPeople } from "./order-people.ts";
import { type MemoryViews, writeFilter } from "./pack-filter.ts";
import { type ColumnLayout, layOutColumns } from "./pair-columns.ts";
import {
  MAX_GENDERS,
  MAX_RARE_INTERESTS,
  MAX_TRAIT_WORDS,
  type PackedSizes,
  PERSON_WORDS,
  TRAITS_PER_WORD,
} from "./pair-layout.ts";
import { type Person, QUIZ_DIMENSIONS } from "./person.ts";
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
};

export type PackOptions = {
  /** Number of threads that may scan at the same time. */
  readonly slots?: number;
  /** False: without the filter, as where SIMD or shared memory is missing. */
  readonly filter?: boolean;
  /** Ids of those who get the first positions. */
  readonly first?: ReadonlySet<number>;
};

const DEFAULT_SLOTS = 16;

/** Lays out the people of a run. Takes about 25 us for each. */
export function packPeople(
  given: readonly Person[],
  { slots = DEFAULT_SLOTS, filter = true, first }: PackOptions = {},
): PackedPeople {
  const counted = countPeople(orderPeople(given, first), slots);
  const { people, sizes, genders } = counted;
  const columns = layOutColumns(sizes);
  const memory = filter && fitsFilter(counted) ? openMemory(columns.bytes) : null;
  const buffer = memory?.buffer ?? new SharedArrayBuffer(columns.bytes);
  const views: MemoryViews = {
    f32: new Float32Array(buffer, 0, columns.bytes >> 2),
    u32: new Uint32Array(buffer, 0, columns.bytes >> 2),
    f64: new Float64Array(buffer, 0, columns.bytes >> 3),
  };
  writeLists(views, columns, counted);
  for (const [position, person] of people.entries()) writePerson(views.f64, columns, position, person);
  if (memory) writeFilter(views, columns, counted);
  return { memory, buffer, sizes, columns, genders };
}

const fitsFilter = ({ traits, genders, sizes }: Counted): boolean =>
  traits.size <= MAX_TRAIT_WORDS * TRAITS_PER_WORD &&
  genders.size <= MAX_GENDERS &&
  sizes.maxRareInterests <= MAX_RARE_INTERESTS;

/** The traits, interests and preferred genders of all people: where each person's begin, and the entries. */
function writeLists({ u32, f64 }: MemoryViews, columns: ColumnLayout, counted: Counted): void {
  const { people, traits, interests } = counted;
  const [traitStarts, traitIndexes, strengths] = [
    columns.traitStarts >> 2,
    columns.traitIndexes >> 2,
    columns.strengths >> 3,
  ];
  for (const [id, index] of traits) f64[(columns.traitIds >> 3) + index] = id;
  for (const [id, index] of interests) {
    f64[(columns.interestIds >> 3) + index] = id;
    u32[(columns.popularBits >> 2) + index] = counted.popular.get(index) ?? -1;
  }
  for (const [text, index] of counted.texts) f64[(columns.texts >> 3) + index] = text;
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

/** The f64 columns, NaN for null. `openPeople` reads them. */
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
