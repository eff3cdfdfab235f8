import { describe, expect, it } from "vitest";
import { packPeople } from "../../../src/scoring/people/pack-people.ts";
import { openPackedScores } from "../../../src/scoring/people/packed-scores.ts";
import { preparePerson } from "../../../src/scoring/people/person.ts";
import { openPeople } from "../../../src/scoring/people/read-person.ts";
import { scoreInto, TERM_COUNT } from "../../../src/scoring/people/score-pair.ts";
import { AS_OF, person, randomPeople } from "../../support/people.ts";

const zeros = () => new Float64Array(TERM_COUNT + 1);

describe("openPackedScores", () => {
  it.each([
    ["clustered", 32, 500],
    ["none", 3, 5],
  ] as const)(
    "gives the terms, scores and tiers of scoreInto to the last bit from both sides: %s, %d traits",
    (geography, traits, interests) => {
      const facts = randomPeople(17, 90, { geography, traits, interests });
      const people = openPeople(packPeople(facts.map((one) => preparePerson(one, AS_OF))));
      const scores = openPackedScores(people.packed);
      const [packed, expected] = [zeros(), zeros()];
      const tiers = new Set<string>();
      for (let own = 0; own < people.count; own++) {
        const one = people.read(own);
        scores.begin(one);
        for (let other = 0; other < people.count; other++) {
          const tier = scores.ofCandidate(packed, other);
          expect(tier).toBe(scoreInto(expected, one, people.read(other)));
          expect(packed).toEqual(expected);
          expect(scores.ofViewer(packed, other)).toBe(scoreInto(expected, people.read(other), one));
          expect(packed).toEqual(expected);
          tiers.add(tier);
        }
      }
      expect([...tiers].sort()).toEqual(["A", "B"]);
    },
  );

  it("counts traits and interests that no packed person has", () => {
    const traits = new Map([
      [1, { value: 4, count: 5 }],
      [2, { value: -3, count: 5 }],
      [90, { value: 1, count: 5 }],
    ]);
    const packed = preparePerson(
      person(1, { traits: new Map([...traits].slice(0, 2)), interests: [5] }),
      AS_OF,
    );
    const stranger = preparePerson(person(2, { traits, interests: [5, 70] }), AS_OF);
    const people = openPeople(packPeople([packed]));
    const scores = openPackedScores(people.packed);
    scores.begin(people.withIndexes(stranger));
    const [found, expected] = [zeros(), zeros()];
    scores.ofCandidate(found, 0);
    scoreInto(expected, stranger, packed);
    expect(found).toEqual(expected);
    scores.ofViewer(found, 0);
    scoreInto(expected, packed, stranger);
    expect(found).toEqual(expected);
  });
});
