import { CHUNK, type PackedSizes, POPULAR_INTERESTS, TRAITS_PER_WORD } from "./pair-layout.ts";
import type { Person } from "./person.ts";

/** Counts that are needed before the layout. */
export type Counted = {
  readonly people: readonly Person[];
  readonly traits: ReadonlyMap<number, number>;
  readonly interests: ReadonlyMap<number, number>;
  /** Bit of each popular interest, by index. */
  readonly popular: ReadonlyMap<number, number>;
  readonly genders: ReadonlyMap<number, number>;
  readonly texts: ReadonlyMap<number, number>;
  readonly sizes: PackedSizes;
};

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

/** Counts people who are in the order of their positions. */
export function countPeople(people: readonly Person[], slots: number): Counted {
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
  const texts = numbered(present(people, ({ locationText }) => locationText));
  return {
    people,
    traits,
    interests,
    popular,
    genders: numbered(present(people, ({ gender }) => gender)),
    texts,
    sizes: {
      people: people.length,
      chunks: Math.max(1, Math.ceil(people.length / CHUNK)),
      traits: traits.size,
      traitWords: Math.max(1, Math.ceil(traits.size / TRAITS_PER_WORD)),
      interests: interests.size,
      texts: texts.size,
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
