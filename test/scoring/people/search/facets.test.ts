import { describe, expect, it } from "vitest";
import { ageOn } from "../../../../src/scoring/people/age.ts";
import { countFacets, type FacetFacts } from "../../../../src/scoring/people/search/facets.ts";

const people = (count: number, facts: Partial<FacetFacts>): FacetFacts[] =>
  Array.from({ length: count }, () => ({ gender: null, intent: null, age: null, subjectIds: [], ...facts }));

describe("facets", () => {
  it("count values, most frequent first, and leave out counts below five", () => {
    const facets = countFacets([
      ...people(5, { gender: "male", age: 24, subjectIds: ["1", "2"] }),
      ...people(7, { gender: "female", age: 25 }),
      ...people(4, { gender: "nonbinary", age: 90, intent: "friends", subjectIds: ["2"] }),
    ]);
    expect(facets).toEqual({
      gender: [
        { value: "female", count: 7 },
        { value: "male", count: 5 },
      ],
      intent: [],
      age: [
        { value: "25-34", count: 7 },
        { value: "18-24", count: 5 },
      ],
      subject: [
        { value: "2", count: 9 },
        { value: "1", count: 5 },
      ],
    });
  });
});

describe("regression 12: an age", () => {
  it.each([
    ["1996-06-02", "2026-06-01", 29],
    ["1996-06-02", "2026-06-02", 30],
    ["2000-02-29", "2026-02-28", 25],
    ["2000-02-29", "2026-03-01", 26],
    ["2000-02-29", "2028-02-29", 28],
  ])("of somebody born on %s is on %s %i", (birthDate, today, age) => {
    expect(ageOn(birthDate, new Date(`${today}T00:00:00Z`))).toBe(age);
  });
});
