import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bestMatches,
  compareMatches,
  distanceKm,
  locationScoreOf,
  type MatchProject,
  type MatchVolunteer,
  matchOf,
  percentOf,
  scoreBound,
  scoreMatch,
  totalScore,
  weightsOf,
} from "../../../src/scoring/project-matching/match.ts";

const remote = (...requiredSkillIds: number[]): MatchProject => ({
  id: 1,
  requiredSkillIds,
  location: null,
  remote: true,
});
const person = (id: number, skills: Record<number, number>, location: MatchVolunteer["location"] = null) => ({
  id,
  skills: new Map(Object.entries(skills).map(([skill, weight]) => [Number(skill), weight])),
  location,
});
const weights = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 100, max: 1_000 })), {
  minLength: 1,
  maxLength: 12,
});
const locationScore = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null });
const coordinates = fc.record({
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
});

describe("scoreMatch", () => {
  it("counts a matched skill half and its weight half, and a missing skill 0", () => {
    // Two of four: (0.5 + 0.5 x 1) + (0.5 + 0.5 x 0.5) = 1.75, of 4.
    expect(scoreMatch([1_000, 0, 500, 0], 3, null)).toEqual({
      score: 0.4375,
      skill: 0.4375,
      coverage: 0.375,
      cosine: 0.67082,
      jaccard: 0.4,
      locationScore: null,
      matchedCount: 2,
    });
    expect(scoreMatch([1_000, 0, 500, 0], 3, 0.5)).toMatchObject({ score: 0.45625, locationScore: 0.5 });
  });

  it("is null when no skill matches, however near", () => {
    expect(scoreMatch([0, 0], 5, 1)).toBeNull();
  });

  it("stays within 0 and 1, and does not fall when a skill is added or its weight grows", () => {
    fc.assert(
      fc.property(
        weights,
        fc.nat(),
        fc.integer({ min: 1, max: 1_000 }),
        locationScore,
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
  it("one matched skill of ten scores a tenth, and so does every component", () => {
    const one = scoreMatch([1_000, ...Array<number>(9).fill(0)], 1, null)!;
    expect(one).toMatchObject({ score: 0.1, coverage: 0.1, jaccard: 0.1 });
    expect(one.cosine).toBeCloseTo(1 / Math.sqrt(10), 6);
  });

  it("an expert outranks a novice with the same two skills", () => {
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
  const scoreAt = (km: number) => locationScoreOf({ location: centre, remote: false }, at(km))!;

  it("the location score does not rise with the distance", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 150, noNaN: true }),
        fc.double({ min: 0, max: 150, noNaN: true }),
        (a, b) => {
          const [near, far] = [Math.min(a, b), Math.max(a, b)];
          expect(scoreAt(near)).toBeGreaterThanOrEqual(scoreAt(far) - 1e-12);
        },
      ),
    );
    expect(scoreAt(24.9)).toBeGreaterThan(scoreAt(25.1));
    expect(scoreAt(0)).toBe(1);
    expect(scoreAt(50)).toBeCloseTo(0.5, 9);
    expect(scoreAt(100.01)).toBe(0);
  });

  it("the location does not count for a remote project, or where either has none", () => {
    expect(locationScoreOf({ location: centre, remote: true }, centre)).toBeNull();
    expect(locationScoreOf({ location: null, remote: false }, centre)).toBeNull();
    expect(locationScoreOf({ location: centre, remote: false }, null)).toBeNull();
  });

  it("measures great circles: Berlin to Paris, over the pole, across the date line", () => {
    const at = (latitude: number, longitude: number) => ({ latitude, longitude });
    expect(distanceKm(at(52.52, 13.405), at(48.8566, 2.3522))).toBeCloseTo(877.5, 0);
    expect(distanceKm(at(89, 0), at(89, 180))).toBeCloseTo(2 * 111.195, 1);
    expect(distanceKm(at(0, 179.5), at(0, -179.5))).toBeCloseTo(111.195, 1);
  });

  it("distances are symmetric, 0 to oneself, at most half the circumference, and at least those in latitude", () => {
    fc.assert(
      fc.property(coordinates, coordinates, (a, b) => {
        const km = distanceKm(a, b);
        expect(km).toBe(distanceKm(b, a));
        expect(distanceKm(a, a)).toBe(0);
        expect(km).toBeLessThanOrEqual(Math.PI * 6_371.0088 + 1e-6);
        // The index skips volunteers by their latitude alone.
        expect(km).toBeGreaterThanOrEqual(111 * Math.abs(a.latitude - b.latitude) - 1e-6);
      }),
    );
  });
});

describe("defect 9: Jaccard that is not Jaccard", () => {
  it("is matched over union, so skills that the project does not require lower it", () => {
    expect(matchOf(remote(1, 2), person(1, { 1: 500, 2: 500 }))?.jaccard).toBe(1);
    expect(matchOf(remote(1, 2), person(1, { 1: 500, 2: 500, 3: 500, 4: 500 }))?.jaccard).toBe(0.5);
    expect(matchOf(remote(1, 2, 3), person(1, { 1: 500, 9: 500 }))?.jaccard).toBe(0.25);
  });
});

describe("bestMatches", () => {
  it("sorts by higher score, then more matched skills, then the lower id", () => {
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

describe("totalScore", () => {
  const milli = fc.integer({ min: 0, max: 24_000 });

  it("is a whole number of millionths, linear in both parts, and 1 for a full match next door", () => {
    fc.assert(
      fc.property(milli, locationScore, (skillMilli, near) => {
        const score = totalScore(skillMilli, 12, near);
        expect(score).toBe(Math.round(score * 1e6) / 1e6);
        const skill = skillMilli / 24_000;
        const exact = near === null ? skill : 0.7 * skill + 0.3 * near;
        expect(Math.abs(score - exact)).toBeLessThan(0.500_001e-6);
      }),
    );
    expect(totalScore(24_000, 12, 1)).toBe(1);
    expect(totalScore(24_000, 12, null)).toBe(1);
  });
});

describe("scoreBound", () => {
  it("is reached next door and exceeded nowhere", () => {
    const skills = fc.uniqueArray(
      fc.tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 100, max: 1_000 })),
      {
        selector: ([id]) => id,
      },
    );
    const somewhere = fc.option(coordinates, { nil: null });
    fc.assert(
      fc.property(skills, somewhere, somewhere, fc.boolean(), (given, here, there, isRemote) => {
        const project: MatchProject = {
          id: 1,
          requiredSkillIds: [1, 2, 3, 4],
          location: here,
          remote: isRemote,
        };
        const volunteer = { id: 1, skills: new Map(given), location: there };
        const match = matchOf(project, volunteer);
        if (!match) return;
        const milli = weightsOf(project, volunteer).reduce((sum, w) => sum + (w > 0 ? 1_000 + w : 0), 0);
        const bound = scoreBound(milli, 4, project);
        expect(match.score).toBeLessThanOrEqual(bound);
        expect(matchOf(project, { ...volunteer, location: here })?.score).toBe(bound);
      }),
    );
  });
});

describe("compareMatches", () => {
  it("is a total order: antisymmetric, transitive, and 0 for the same volunteer alone", () => {
    const rank = fc.record({
      score: fc.constantFrom(0, 0.5, 0.500001, 1),
      matchedCount: fc.integer({ min: 1, max: 3 }),
      volunteerId: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(rank, rank, rank, (a, b, c) => {
        const [ab, ba, bc, ac] = [
          compareMatches(a, b),
          compareMatches(b, a),
          compareMatches(b, c),
          compareMatches(a, c),
        ];
        expect(Math.sign(ab)).toBe(Math.sign(ba) === 0 ? 0 : -Math.sign(ba));
        if (ab < 0 && bc < 0) expect(ac).toBeLessThan(0);
        if (ab === 0) expect(a).toEqual(b);
      }),
    );
  });
});

describe("percentOf", () => {
  it("rounds down, and keeps whole percents", () => {
    expect(percentOf(0.859999)).toBe(85);
    expect(percentOf(0.29)).toBe(29);
    expect(percentOf(0.58)).toBe(58);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (n) => {
        expect(percentOf(n / 1_000_000)).toBe(Math.floor(n / 10_000));
      }),
    );
  });
});
