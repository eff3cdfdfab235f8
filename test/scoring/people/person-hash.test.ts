import { describe, expect, it } from "vitest";
import { type PersonFacts, preparePerson } from "../../../src/scoring/people/person.ts";
import { openHash, personHash } from "../../../src/scoring/people/person-hash.ts";
import { AS_OF, person, randomPeople } from "../../support/people.ts";

const hashOf = (facts: PersonFacts): string => personHash(preparePerson(facts, AS_OF)).join();

const MARKS = { count: 3, attractive: 1, smart: 2, funny: 3, interesting: 4 };
const KNOWN: Partial<PersonFacts> = {
  traits: new Map([[1, { value: 2, count: 5 }]]),
  quiz: [1, 2, 3, 4, 5, 6, 7, 8],
  interests: [1, 2],
  received: MARKS,
  given: MARKS,
};

describe("personHash", () => {
  it("depends on each fact that compatibility reads, and on no other", () => {
    const same = hashOf(person(1, KNOWN));
    const changes: Partial<PersonFacts>[] = [
      { traits: new Map([[2, { value: 2, count: 5 }]]) },
      { traits: new Map([[1, { value: 2, count: 4 }]]) },
      { traits: new Map() },
      { quiz: [1, 2, 3, 4, 5, 6, 7, 9] },
      { quiz: null },
      { interests: [1, 3] },
      { interests: [1] },
      { received: { ...MARKS, smart: 4 } },
      { received: null },
      { given: { ...MARKS, smart: 4 } },
      { given: null },
    ];
    const hashes = changes.map((change) => hashOf(person(1, { ...KNOWN, ...change })));
    expect(new Set([same, hashOf(person(2, KNOWN)), ...hashes]).size).toBe(2 + changes.length);
    expect(hashOf(person(1, { ...KNOWN, updatedAt: AS_OF, gender: 3, isCandidate: false }))).toBe(same);
  });

  it("of 5,000 people no two are equal", () => {
    const hashes = randomPeople(3, 5_000).map((facts) => hashOf({ ...facts, id: 1 }));
    const nobody = hashOf(person(1));
    const known = hashes.filter((hash) => hash !== nobody);
    // Among thousands, only those of whom nothing is known may be the same.
    expect(new Set(known).size).toBe(known.length);
  });

  it("tells lists apart that have the same numbers", () => {
    const of = (...lists: number[][]): string => {
      const { addAll, end } = openHash();
      for (const list of lists) addAll(list);
      return end().join();
    };
    expect(
      new Set([of([1, 2], [3]), of([1], [2, 3]), of([1, 2, 3]), of([3, 2, 1]), of([], [1, 2, 3])]).size,
    ).toBe(5);
  });
});
