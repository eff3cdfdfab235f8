import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMPATIBILITY_WEIGHTS, compatibilityOf } from "../../../src/scoring/people/compatibility.ts";
import { countCommon } from "../../../src/scoring/people/interest-sets.ts";
import { preparePerson } from "../../../src/scoring/people/person.ts";
import { AS_OF, person, randomPeople } from "../../support/people.ts";

const prepared = (...given: Parameters<typeof person>) => preparePerson(person(...given), AS_OF);

describe("compatibilityOf", () => {
  it("gives the score that the formula gives by hand", () => {
    const traits = (...values: number[]) =>
      new Map(values.map((value, index) => [index, { value, count: 5 }]));
    const means = (attractive: number, smart: number, funny: number, interesting: number) => ({
      count: 3,
      attractive,
      smart,
      funny,
      interesting,
    });
    const viewer = prepared(1, { traits: traits(3, 4), interests: [1, 2], given: means(5, 1, 3, 3) });
    const target = prepared(2, {
      traits: traits(4, 3),
      interests: [2, 3, 4, 5, 6, 7, 8, 9],
      received: means(4, 3, 5, 4),
    });
    const found = compatibilityOf(viewer, target);
    expect(found).toMatchObject({ status: "SCORED" });
    // 0.45 x 0.98 + 0.25 x 1 / sqrt(2 x 8) + 0.1 x 0.8 + 0.2 x 0.75
    expect(found.score).toBeCloseTo(0.441 + 0.0625 + 0.08 + 0.15, 12);
  });

  it("has no score where neither has a signal, and one as soon as either has", () => {
    const nobody = prepared(1, { locationText: 3, gender: 1, updatedAt: AS_OF });
    expect(compatibilityOf(nobody, prepared(2))).toEqual({ status: "INSUFFICIENT_DATA", score: null });
    expect(compatibilityOf(nobody, prepared(2, { interests: [1] })).status).toBe("SCORED");
    expect(compatibilityOf(prepared(1, { interests: [1] }), nobody).status).toBe("SCORED");
  });

  it("regression 8: is never negative, and weights sum to 1", () => {
    expect(Object.values(COMPATIBILITY_WEIGHTS).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    const people = randomPeople(2, 60).map((facts) => preparePerson(facts, AS_OF));
    fc.assert(
      fc.property(fc.constantFrom(...people), fc.constantFrom(...people), (a, b) => {
        const { score } = compatibilityOf(a, b);
        expect(score === null || (score >= 0 && score <= 1)).toBe(true);
      }),
    );
  });
});

describe("interest sets", () => {
  const sets = fc.uniqueArray(fc.nat(30)).map((ids) => ids.sort((a, b) => a - b));

  it("have as many common ids as a Set finds", () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        expect(countCommon(a, b)).toBe(a.filter((id) => new Set(b).has(id)).length);
      }),
    );
  });
});
