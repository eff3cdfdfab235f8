import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bestMatches,
  distanceKm,
  locationOf,
  type MatchProject,
  type MatchVolunteer,
  matchOf,
  percentOf,
  scoreMatch,
} from "../../../src/scoring/project-matching/match.ts";

const remote = (...requiredSkillIds: number[]): MatchProject => ({
  id: 1,
  requiredSkillIds,
  place: null,
  remote: true,
});
const person = (id: number, skills: Record<number, number>, place: MatchVolunteer["place"] = null) => ({
  id,
  skills: new Map(Object.entries(skills).map(([skill, weight]) => [Number(skill), weight])),
  place,
});
const weights = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 100, max: 1_000 })), {
  minLength: 1,
  maxLength: 12,
});
const location = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null });

describe("scoreMatch", () => {
  it("counts half for a matched skill and half for its weight; a missing one counts nothing", () => {
    // Two of four: (0.5 + 0.5 x 1) + (0.5 + 0.5 x 0.5) = 1.75, of 4.
    expect(scoreMatch([1_000, 0, 500, 0], 3, null)).toEqual({
      score: 0.4375,
      skill: 0.4375,
      coverage: 0.375,
      cosine: 0.67082,
      jaccard: 0.4,
      location: null,
      matchedCount: 2,
    });
    expect(scoreMatch([1_000, 0, 500, 0], 3, 0.5)).toMatchObject({ score: 0.45625, location: 0.5 });
  });

  it("is no match when nothing matches, however near", () => {
    expect(scoreMatch([0, 0], 5, 1)).toBeNull();
  });

  it("stays from 0 to 1, and never falls when a skill is added or grows", () => {
    fc.assert(
      fc.property(
        weights,
        fc.nat(),
        fc.integer({ min: 1, max: 1_000 }),
        location,
        (given, at, more, near) => {
          const grown = [...given];
          grown[at % given.length] = Math.min(1_000, Math.max(100, (given[at % given.length] ?? 0) + more));
          const before = scoreMatch(given, 12, near);
          const after = scoreMatch(grown, 12, near)!;
          for (const share of [after.score, after.skill, after.coverage, after.cosine, after.jaccard]) {
            expect(share).toBeGreaterThan(0);
            expect(share).toBeLessThanOrEqual(1);
          }
          if (before) {
            expect(after.score).toBeGreaterThanOrEqual(before.score);
            expect(after.coverage).toBeGreaterThanOrEqual(before.coverage);
          }
        },
      ),
    );
  });
});

describe("defect 3: single-skill match scores 1.0", () => {
  it("one matched skill of ten stays at a tenth, in the score as in every component", () => {
    const one = scoreMatch([1_000, ...Array<number>(9).fill(0)], 1, null)!;
    expect(one).toMatchObject({ score: 0.1, coverage: 0.1, jaccard: 0.1 });
    expect(one.cosine).toBeCloseTo(1 / Math.sqrt(10), 6);
  });

  it("a novice in two skills does not outrank an expert in one of them and the other", () => {
    const project = remote(1, 2);
    const novice = matchOf(project, person(1, { 1: 100, 2: 100 }))!;
    const expert = matchOf(project, person(2, { 1: 1_000, 2: 500 }))!;
    expect(expert.score).toBeGreaterThan(novice.score);
    expect(
      bestMatches(project, [person(1, { 1: 100, 2: 100 }), person(2, { 1: 1_000, 2: 500 })], 2)[0]
        ?.volunteerId,
    ).toBe(2);
  });
});

describe("defect 6: location score jumps up at 25 km", () => {
  const centre = { latitude: 0, longitude: 0 };
  const at = (km: number) => ({ latitude: 0, longitude: (km / (2 * Math.PI * 6_371.0088)) * 360 });
  const nearness = (km: number) => locationOf({ place: centre, remote: false }, at(km))!;

  it("nearness never rises with distance", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 150, noNaN: true }),
        fc.double({ min: 0, max: 150, noNaN: true }),
        (a, b) => {
          const [near, far] = [Math.min(a, b), Math.max(a, b)];
          expect(nearness(near)).toBeGreaterThanOrEqual(nearness(far) - 1e-12);
        },
      ),
    );
    expect(nearness(24.9)).toBeGreaterThan(nearness(25.1));
    expect(nearness(0)).toBe(1);
    expect(nearness(50)).toBeCloseTo(0.5, 9);
    expect(nearness(100.01)).toBe(0);
  });

  it("does not count for a remote project, or where somebody has no place", () => {
    expect(locationOf({ place: centre, remote: true }, centre)).toBeNull();
    expect(locationOf({ place: null, remote: false }, centre)).toBeNull();
    expect(locationOf({ place: centre, remote: false }, null)).toBeNull();
  });

  it("measures great circles: Berlin to Paris, over the pole, across the date line", () => {
    expect(distanceKm(52.52, 13.405, 48.8566, 2.3522)).toBeCloseTo(877.5, 0);
    expect(distanceKm(89, 0, 89, 180)).toBeCloseTo(2 * 111.195, 1);
    expect(distanceKm(0, 179.5, 0, -179.5)).toBeCloseTo(111.195, 1);
  });
});

describe("defect 9: Jaccard that is not Jaccard", () => {
  it("is matched over the union, so what somebody has beside the requirement counts", () => {
    expect(matchOf(remote(1, 2), person(1, { 1: 500, 2: 500 }))?.jaccard).toBe(1);
    expect(matchOf(remote(1, 2), person(1, { 1: 500, 2: 500, 3: 500, 4: 500 }))?.jaccard).toBe(0.5);
    expect(matchOf(remote(1, 2, 3), person(1, { 1: 500, 9: 500 }))?.jaccard).toBe(0.25);
  });
});

describe("bestMatches", () => {
  it("puts the higher score first, then more matched skills, then the lower id", () => {
    const people = [
      person(7, { 1: 100, 2: 100 }),
      person(5, { 1: 600 }),
      person(4, { 1: 600 }),
      person(9, { 1: 1_000, 2: 1_000 }),
      person(3, { 9: 1_000 }),
    ];
    // 7: 1.1 of 2. 5 and 4: 0.8 of 2. 3 matches nothing.
    expect(bestMatches(remote(1, 2), people, 10).map(({ volunteerId }) => volunteerId)).toEqual([9, 7, 4, 5]);
    expect(bestMatches(remote(1, 2), people, 2).map(({ volunteerId }) => volunteerId)).toEqual([9, 7]);
    const [more, one] = bestMatches(remote(1, 2, 3), [person(1, { 1: 1_000 }), person(2, { 1: 100 })], 5);
    expect([more?.volunteerId, one?.volunteerId]).toEqual([1, 2]);
  });
});

describe("percentOf", () => {
  it("is rounded down, and whole percents survive", () => {
    expect(percentOf(0.859999)).toBe(85);
    expect(percentOf(0.29)).toBe(29);
    expect(percentOf(0.58)).toBe(58);
    fc.assert(fc.property(fc.integer({ min: 0, max: 100 }), (n) => percentOf(n / 100) === n));
  });
});
