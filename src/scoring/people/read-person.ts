import type { PackedPeople } from "./pack-people.ts";
import { PERSON_WORDS } from "./pair-layout.ts";
import { type Person, QUIZ_DIMENSIONS } from "./person.ts";

/**
 * Reads people by position. Their traits and interests have other numbers than in the person that was packed,
 * in the same order, so that all scores are the same. People stay in memory, since neighbours have many
 * candidates in common.
 */
export function openReader({ buffer, columns, sizes }: PackedPeople): (position: number) => Person {
  const f64 = new Float64Array(buffer, 0, columns.bytes >> 3);
  const u32 = new Uint32Array(buffer, 0, columns.bytes >> 2);
  const people: Person[] = [];

  const listOf = (starts: number, position: number): [from: number, to: number] => [
    u32[(starts >> 2) + position] as number,
    u32[(starts >> 2) + position + 1] as number,
  ];
  const read = (position: number): Person => {
    const at = (columns.people >> 3) + position * PERSON_WORDS;
    const number = (index: number): number | null => {
      const value = f64[at + index] as number;
      return Number.isNaN(value) ? null : value;
    };
    const vector = (index: number, length: number): Float64Array | null =>
      number(index) === null ? null : f64.slice(at + index, at + index + length);
    const [trait, traitEnd] = listOf(columns.traitStarts, position);
    const [interest, interestEnd] = listOf(columns.interestStarts, position);
    const [gender, genderEnd] = listOf(columns.genderStarts, position);
    const [traits, strengths] = [columns.traitIndexes >> 2, columns.strengths >> 3];
    const [interests, genders] = [columns.interestIndexes >> 2, columns.preferredGenders >> 3];
    return {
      id: f64[at] as number,
      isCandidate: f64[at + 1] === 1,
      quality: number(2),
      newness: f64[at + 3] as number,
      locationText: number(4),
      gender: number(5),
      age: number(6),
      ageMin: number(7),
      ageMax: number(8),
      distanceKm: number(9),
      point: vector(10, 3),
      received: vector(13, 4),
      given: vector(17, 4),
      quiz: vector(21, QUIZ_DIMENSIONS),
      traitIds: u32.subarray(traits + trait, traits + traitEnd),
      strengths: f64.subarray(strengths + trait, strengths + traitEnd),
      interests: u32.subarray(interests + interest, interests + interestEnd),
      genders: f64.subarray(genders + gender, genders + genderEnd),
    };
  };
  return (position) => {
    if (position < 0 || position >= sizes.people) throw new Error(`No person has position ${position}.`);
    people[position] ??= read(position);
    return people[position] as Person;
  };
}
