import type { PackedPeople } from "./pack-people.ts";
import { PERSON, PERSON_WORDS } from "./pair-layout.ts";
import { type Person, QUIZ_DIMENSIONS } from "./person.ts";

/** Packed people as a thread reads them. */
export type OpenPeople = {
  readonly packed: PackedPeople;
  readonly count: number;
  /**
   * A person by position. Their traits and interests are indexes, not ids, in the same order, so that all
   * scores are the same. People stay in memory, since neighbours have many candidates in common.
   */
  read(position: number): Person;
  /** The same without keeping them in memory. */
  readOnce(position: number): Person;
  idAt(position: number): number;
  isCandidateAt(position: number): boolean;
  /** Index of a location text in the columns of the filter; undefined if none of the packed people has it. */
  textIndexOf(text: number): number | undefined;
  /** Undefined for an id that is not packed. */
  positionOf(id: number): number | undefined;
  /** A packed person with ids instead of indexes. */
  withIds(person: Person): Person;
  /** A person who is not packed, with indexes like the packed people: their pairs have the same scores. */
  withIndexes(person: Person): Person;
};

/** Opens packed people for the calling thread. Takes about 0.2 us for each. */
export function openPeople(packed: PackedPeople): OpenPeople {
  const { buffer, columns, sizes } = packed;
  const f64 = new Float64Array(buffer, 0, columns.bytes >> 3);
  const traits = openIndexes(f64.subarray(columns.traitIds >> 3, (columns.traitIds >> 3) + sizes.traits));
  const [first, end] = [columns.interestIds >> 3, (columns.interestIds >> 3) + sizes.interests];
  const interests = openIndexes(f64.subarray(first, end));
  const idAt = (position: number): number => f64[(columns.people >> 3) + position * PERSON_WORDS] as number;
  const positions = new Map<number, number>();
  for (let position = 0; position < sizes.people; position++) positions.set(idAt(position), position);
  const texts = f64.subarray(columns.texts >> 3, (columns.texts >> 3) + sizes.texts);
  const textIndexes = new Map(Array.from(texts, (text, index) => [text, index]));
  const readAt = readerOf(packed, f64);
  // Allocated at once: an array that grows at random indexes would become a hash table.
  const people = Array.from({ length: sizes.people }, (): Person | null => null);
  return {
    packed,
    count: sizes.people,
    readOnce: readAt,
    read(position) {
      const person = people[position] ?? readAt(position);
      people[position] = person;
      return person;
    },
    idAt,
    isCandidateAt: (position) =>
      f64[(columns.people >> 3) + position * PERSON_WORDS + PERSON.isCandidate] === 1,
    textIndexOf: (text) => textIndexes.get(text),
    positionOf: (id) => positions.get(id),
    withIds: (person) => ({
      ...person,
      traitIds: Array.from(person.traitIds, (index) => traits.ids[index] as number),
      interests: Array.from(person.interests, (index) => interests.ids[index] as number),
    }),
    withIndexes(person) {
      const traitIndexes = traits.of(person.traitIds);
      const order = [...traitIndexes.keys()].sort(
        (a, b) => (traitIndexes[a] as number) - (traitIndexes[b] as number),
      );
      return {
        ...person,
        traitIds: order.map((at) => traitIndexes[at] as number),
        strengths: order.map((at) => person.strengths[at] as number),
        interests: interests.of(person.interests).sort((a, b) => a - b),
      };
    },
  };
}

/**
 * Indexes of ascending ids. Ids that no packed person has get the next indexes, in their order: they are
 * common with nobody, and only add to the number.
 */
function openIndexes(ids: Float64Array) {
  const indexes = new Map(Array.from(ids, (id, index) => [id, index]));
  return {
    ids,
    of(wanted: ArrayLike<number>): number[] {
      let unknown = ids.length;
      return Array.from(wanted, (id) => indexes.get(id) ?? unknown++);
    },
  };
}

/** Plain arrays take less memory than views of so few numbers, and are as fast. */
function copy(from: ArrayLike<number>, start: number, end: number): number[] {
  const numbers: number[] = [];
  for (let i = start; i < end; i++) numbers.push(from[i] as number);
  return numbers;
}

function readerOf({ buffer, columns, sizes }: PackedPeople, f64: Float64Array): (position: number) => Person {
  const u32 = new Uint32Array(buffer, 0, columns.bytes >> 2);
  const listOf = (starts: number, position: number): [from: number, to: number] => [
    u32[(starts >> 2) + position] as number,
    u32[(starts >> 2) + position + 1] as number,
  ];
  return (position) => {
    if (position < 0 || position >= sizes.people) throw new Error(`No person has position ${position}.`);
    const at = (columns.people >> 3) + position * PERSON_WORDS;
    const number = (index: number): number | null => {
      const value = f64[at + index] as number;
      return Number.isNaN(value) ? null : value;
    };
    const vector = (index: number, length: number): number[] | null =>
      number(index) === null ? null : copy(f64, at + index, at + index + length);
    const [trait, traitEnd] = listOf(columns.traitStarts, position);
    const [interest, interestEnd] = listOf(columns.interestStarts, position);
    const [gender, genderEnd] = listOf(columns.genderStarts, position);
    const [traits, strengths] = [columns.traitIndexes >> 2, columns.strengths >> 3];
    const [interests, genders] = [columns.interestIndexes >> 2, columns.preferredGenders >> 3];
    return {
      id: f64[at] as number,
      isCandidate: f64[at + PERSON.isCandidate] === 1,
      quality: number(PERSON.quality),
      newness: f64[at + PERSON.newness] as number,
      locationText: number(PERSON.locationText),
      gender: number(PERSON.gender),
      age: number(PERSON.age),
      ageMin: number(PERSON.ageMin),
      ageMax: number(PERSON.ageMax),
      distanceKm: number(PERSON.distanceKm),
      point: vector(PERSON.point, 3),
      received: vector(PERSON.received, 4),
      given: vector(PERSON.given, 4),
      quiz: vector(PERSON.quiz, QUIZ_DIMENSIONS),
      traitIds: copy(u32, traits + trait, traits + traitEnd),
      strengths: copy(f64, strengths + trait, strengths + traitEnd),
      interests: copy(u32, interests + interest, interests + interestEnd),
      genders: copy(f64, genders + gender, genders + genderEnd),
    };
  };
}
