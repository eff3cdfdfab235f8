import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EARTH_KM } from "../../../src/scoring/distance.ts";
import { type PersonFacts, preparePerson } from "../../../src/scoring/people/person.ts";
import {
  bestPairs,
  comparePairs,
  PAIR_WEIGHTS,
  pairScoreBound,
  scorePair,
  tierOfPair,
} from "../../../src/scoring/people/score-pair.ts";
import { AS_OF, person, randomPeople } from "../../support/people.ts";

const DAY_MS = 86_400_000;
const prepared = (id: number, known: Partial<PersonFacts> = {}, asOf = AS_OF) =>
  preparePerson(person(id, known), asOf);
const traits = (...strengths: readonly number[]) =>
  new Map(strengths.map((value, index) => [index + 1, { value, count: 5 }]));
const ratings = (attractive: number, smart: number, funny: number, interesting: number, count = 3) => ({
  count,
  attractive,
  smart,
  funny,
  interesting,
});
/** A point on the equator, this far from longitude 0. */
const east = (km: number) => ({ latitude: 0, longitude: ((km / EARTH_KM) * 180) / Math.PI });
const anybody = { genders: [], ageMin: null, ageMax: null, distanceKm: null };

const viewer = prepared(1, {
  traits: traits(3, 4),
  interests: [1, 2, 3],
  given: ratings(5, 1, 3, 3),
  location: east(0),
  preferences: { genders: [1], ageMin: 20, ageMax: 30, distanceKm: 50 },
});
const candidateFacts: Partial<PersonFacts> = {
  traits: traits(4, 3, 10),
  interests: [5, 4, 3, 2],
  received: ratings(4, 3, 5, 4),
  updatedAt: AS_OF - 30 * DAY_MS,
  location: east(25),
  gender: 1,
  birthDate: "2001-07-01",
};

describe("scorePair", () => {
  it("gives the score that the formula gives by hand", () => {
    const { score, tier, terms } = scorePair(viewer, prepared(2, candidateFacts));
    // Cosine of (3, 4) and (4, 3): 24 / 25; both common traits of the viewer's two.
    expect(terms.traits).toBeCloseTo(0.98, 12);
    expect(terms.interests).toBeCloseTo(2 / 5, 12);
    expect(terms.quality).toBeCloseTo(0.8, 12);
    // Cosine of (2, -2, 0, 0) and (0, -1, 1, 0): 1 / 2.
    expect(terms.fit).toBeCloseTo(0.75, 12);
    expect(terms.proximity).toBeCloseTo(0.5, 9);
    expect(terms.newness).toBeCloseTo(0.5, 12);
    expect(score).toBeCloseTo(0.67, 9);
    expect(tier).toBe("A");
  });

  it("weights sum to 1", () => {
    expect(Object.values(PAIR_WEIGHTS).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  });

  it("gives the values of missing data where nothing is known", () => {
    const { score, tier, terms } = scorePair(prepared(1), prepared(2));
    expect(terms).toEqual({ traits: 0.5, interests: 0.1, quality: 0.5, fit: 0.5, proximity: 0, newness: 0 });
    expect(score).toBeCloseTo(0.125 + 0.02 + 0.075 + 0.05, 12);
    expect(tier).toBe("A");
  });

  it.each([
    [
      "a trait with few answers counts less",
      traits(3, 4),
      new Map([
        [1, { value: 10, count: 1 }],
        [2, { value: 10, count: 5 }],
      ]),
      (1 + 46 / (5 * Math.sqrt(104))) / 2,
    ],
    ["opposite traits: 0", traits(3, 4), traits(-3, -4), 0],
    [
      "one common trait: no comparison",
      traits(3, 4),
      new Map([
        [2, { value: 4, count: 5 }],
        [9, { value: 1, count: 5 }],
      ]),
      0.5,
    ],
    ["common traits that are all zero: a cosine of 0", traits(0, 0, 5), traits(3, 4), 0.5],
    [
      "two of three traits in common",
      traits(3, 4, 1),
      new Map([...traits(3, 4), [9, { value: 1, count: 5 }]]),
      Math.sqrt(2 / 3),
    ],
  ])("traits: %s", (_, ours, theirs, expected) => {
    const pair = scorePair(prepared(1, { traits: ours }), prepared(2, { traits: theirs }));
    expect(pair.terms.traits).toBeCloseTo(expected, 12);
  });

  it("compares quiz vectors below two common traits, where both have one", () => {
    const quiz = (...values: number[]) => ({ quiz: [...values, 0, 0, 0, 0, 0, 0] });
    const scored = (ours: Partial<PersonFacts>, theirs: Partial<PersonFacts>) =>
      scorePair(prepared(1, ours), prepared(2, theirs)).terms.traits;
    expect(scored(quiz(3, 0), quiz(0, 2))).toBeCloseTo(0.5, 12);
    expect(scored(quiz(3, 0), quiz(9, 0))).toBeCloseTo(1, 12);
    expect(scored(quiz(3, 0), quiz(-1, 0))).toBeCloseTo(0, 12);
    expect(scored(quiz(3, 0), {})).toBe(0.5);
    expect(scored(quiz(3, 0), quiz(0, 0))).toBe(0.5);
    expect(
      scored({ ...quiz(3, 0), traits: traits(1, 1) }, { ...quiz(-1, 0), traits: traits(1, 1) }),
    ).toBeCloseTo(1, 12);
  });

  it("interests: 0.1 where either side has none, 0 without a common one", () => {
    const scored = (ours: number[], theirs: number[]) =>
      scorePair(prepared(1, { interests: ours }), prepared(2, { interests: theirs })).terms.interests;
    expect([scored([], []), scored([1], []), scored([], [1])]).toEqual([0.1, 0.1, 0.1]);
    expect([scored([1], [2]), scored([1, 1, 2], [2, 1])]).toEqual([0, 1]);
  });

  it("ratings count from the third on; four equal means have no direction", () => {
    const given = { given: ratings(5, 1, 3, 3) };
    const termsFor = (received: PersonFacts["received"]) =>
      scorePair(prepared(1, given), prepared(2, { received })).terms;
    expect(termsFor(ratings(5, 5, 5, 1, 2))).toMatchObject({ quality: 0.5, fit: 0.5 });
    expect(termsFor(ratings(3.3, 3.3, 3.3, 3.3))).toMatchObject({ fit: 0.5 });
    expect(termsFor(ratings(5, 1, 3, 3)).fit).toBeCloseTo(1, 12);
    expect(termsFor(ratings(1, 5, 3, 3)).fit).toBeCloseTo(0, 12);
  });

  it("proximity: 100 km without a preference, 0 beyond the radius, 0.25 for the same text without a location", () => {
    const from = (known: Partial<PersonFacts>, to: Partial<PersonFacts>) =>
      scorePair(prepared(1, known), prepared(2, to)).terms.proximity;
    expect(from({ location: east(0) }, { location: east(75) })).toBeCloseTo(0.25, 9);
    expect(from({ location: east(0) }, { location: east(101) })).toBe(0);
    expect(from({ locationText: 4 }, { locationText: 4, location: east(0) })).toBe(0.25);
    expect(from({ locationText: 4 }, { locationText: 5 })).toBe(0);
    expect(from({}, {})).toBe(0);
    // Two locations are compared, whatever the texts say.
    expect(from({ location: east(0), locationText: 4 }, { location: east(500), locationText: 4 })).toBe(0);
  });

  it("regression 13: neighbours 1 km apart are 1 km apart, not 0 or 3", () => {
    const near = (km: number) =>
      scorePair(
        prepared(1, { location: east(0), preferences: { ...anybody, distanceKm: 10 } }),
        prepared(2, { location: east(km) }),
      );
    expect(near(1).terms.proximity).toBeCloseTo(0.9, 6);
    expect(near(0).terms.proximity).toBe(1);
  });

  it.each<[string, Partial<PersonFacts>, "A" | "B"]>([
    ["all preferences met", {}, "A"],
    ["another gender", { gender: 2 }, "B"],
    ["no gender", { gender: null }, "B"],
    ["too old", { birthDate: "1995-07-01" }, "B"],
    ["no birth date", { birthDate: null }, "B"],
    ["too far", { location: east(51) }, "B"],
    ["no location", { location: null }, "B"],
  ])("tier of a candidate: %s", (_, known, tier) => {
    expect(scorePair(viewer, prepared(2, { ...candidateFacts, ...known })).tier).toBe(tier);
  });

  it("regression 12: a birthday changes the tier", () => {
    const born = { ...candidateFacts, birthDate: "1995-08-15" };
    const tierAt = (asOf: number) => scorePair(viewer, preparePerson(person(2, born), asOf)).tier;
    expect(tierAt(Date.UTC(2026, 7, 14, 23, 59))).toBe("A");
    expect(tierAt(Date.UTC(2026, 7, 15))).toBe("B");
  });

  it("regression 3: the same people as of the same instant have the same score", () => {
    const later = prepared(2, candidateFacts, AS_OF + 30 * DAY_MS);
    expect(scorePair(viewer, later).terms.newness).toBeCloseTo(0.25, 12);
    expect(scorePair(viewer, later)).toEqual(scorePair(viewer, later));
    // A clock that is behind makes nobody newer than new.
    expect(scorePair(viewer, prepared(2, { updatedAt: AS_OF + DAY_MS })).terms.newness).toBe(1);
  });

  it("has all terms and the score from 0 to 1, and traits, interests and tiers of any pair in a known range", () => {
    const people = randomPeople(1, 60).map((facts) => preparePerson(facts, AS_OF));
    const drawn = fc.constantFrom(...people);
    fc.assert(
      fc.property(drawn, drawn, (a, b) => {
        const { score, terms } = scorePair(a, b);
        for (const term of Object.values(terms)) expect(term >= 0 && term <= 1).toBe(true);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
        const back = scorePair(b, a).terms;
        expect([back.traits, back.interests]).toEqual([terms.traits, terms.interests]);
      }),
    );
  });
});

describe("bestPairs", () => {
  it("keeps the best of each tier, ties by id, and leaves out the viewer, hidden and blocked people", () => {
    const people = [
      viewer,
      ...[9, 7, 8].map((id) => prepared(id, candidateFacts)),
      prepared(3, { ...candidateFacts, gender: 2 }),
      prepared(4, { ...candidateFacts, isCandidate: false }),
      prepared(5, candidateFacts),
    ];
    const { A, B } = bestPairs(viewer, people, 2, new Set([5]));
    expect(A.map(({ candidateId }) => candidateId)).toEqual([7, 8]);
    expect(B.map(({ candidateId }) => candidateId)).toEqual([3]);
  });

  it("regression 5: somebody outside the radius is in tier B, however high the score", () => {
    const close = prepared(2, { ...candidateFacts, interests: [9] });
    const far = prepared(3, { ...candidateFacts, interests: [1, 2, 3], location: east(60) });
    const lists = bestPairs(viewer, [far, close], 5);
    expect(lists.A.map(({ candidateId }) => candidateId)).toEqual([2]);
    expect(lists.B.map(({ candidateId }) => candidateId)).toEqual([3]);
  });

  it("orders by score, then by the lower id", () => {
    const pair = (score: number, candidateId: number) => ({ score, candidateId });
    const sorted = [pair(0.5, 2), pair(0.5, 10), pair(0.7, 11)].sort(comparePairs);
    expect(sorted.map(({ candidateId }) => candidateId)).toEqual([11, 2, 10]);
  });
});

describe("scoreBound", () => {
  // Regression 1: a bound of 0 where the score is 0.1 prunes winners.
  it("regressions 1 and 2: is at least the score, with empty interests as well, and without comparing traits", () => {
    const people = randomPeople(43, 300, { traits: 6, interests: 12 }).map((one) =>
      preparePerson(one, AS_OF),
    );
    const empty = people.filter(({ interests }) => interests.length === 0);
    expect(empty.length).toBeGreaterThan(5);
    for (const a of people)
      for (const b of people) {
        const { score, tier } = scorePair(a, b);
        expect(pairScoreBound(a, b)).toBeGreaterThanOrEqual(score);
        expect(tierOfPair(a, b)).toBe(tier);
      }
    const alike = { interests: [1, 2], traits: traits(3, 4), location: east(0) };
    expect(pairScoreBound(prepared(1, alike), prepared(2, alike))).toBe(
      scorePair(prepared(1, alike), prepared(2, alike)).score,
    );
  });
});
