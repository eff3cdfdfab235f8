import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bestMatches,
  type MatchProject,
  type MatchVolunteer,
  weightsOf,
} from "../../../src/scoring/project-matching/match.ts";
import { MAX_REQUIRED_SKILLS, matchProjects } from "../../../src/scoring/project-matching/match-index.ts";
import { BLOCK_SIZE } from "../../../src/scoring/project-matching/skill-block.ts";
import { indexOf } from "../../support/skill-index.ts";

/** Few skills, weights and places, so that ties are common; some ids on the far side of a block's edge. */
const skillId = fc.integer({ min: 1, max: 12 });
const weight = fc.oneof(fc.constantFrom(100, 500, 1_000), fc.integer({ min: 100, max: 1_000 }));
const place = fc.option(
  fc.record({
    latitude: fc.oneof(fc.constantFrom(-90, 0, 52.5, 53.4, 90), fc.double({ min: 51, max: 54, noNaN: true })),
    longitude: fc.oneof(fc.constantFrom(-180, 13.4, 180), fc.double({ min: 12, max: 15, noNaN: true })),
  }),
  { nil: null },
);
const volunteerId = fc.oneof(
  fc.integer({ min: 1, max: 60 }),
  fc.integer({ min: BLOCK_SIZE - 5, max: BLOCK_SIZE + 5 }),
  fc.integer({ min: 3_000_000_000_000, max: 3_000_000_000_010 }),
);
const volunteer: fc.Arbitrary<MatchVolunteer> = fc.record({
  id: volunteerId,
  skills: fc
    .uniqueArray(fc.tuple(skillId, weight), { selector: ([id]) => id, minLength: 1, maxLength: 8 })
    .map((pairs) => new Map(pairs)),
  place,
});
const project: fc.Arbitrary<MatchProject> = fc.record({
  id: fc.integer({ min: 1, max: 100 }),
  requiredSkillIds: fc.uniqueArray(skillId, { minLength: 1, maxLength: 9 }),
  place,
  remote: fc.boolean(),
});
const volunteers = fc.uniqueArray(volunteer, { selector: ({ id }) => id, maxLength: 80 });

const expectReference = (people: MatchVolunteer[], projects: MatchProject[], keep: number) => {
  const found = matchProjects(indexOf(people), projects, keep);
  const byId = new Map(people.map((person) => [person.id, person]));
  const reference = projects.map((wanted) =>
    bestMatches(wanted, people, keep).map((match) => ({
      ...match,
      weights: weightsOf(wanted, byId.get(match.volunteerId)!),
    })),
  );
  expect(found).toEqual(reference);
};

describe("matchProjects", () => {
  it("equals bestMatches on random communities: ids, scores and ties", () => {
    fc.assert(
      fc.property(
        volunteers,
        fc.array(project, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 12 }),
        expectReference,
      ),
      { numRuns: 1_500 },
    );
  });

  it("equals bestMatches where far more people match than a list keeps, with common and rare skills", {
    timeout: 60_000,
  }, () => {
    // In two blocks: what the first says of the second is a guess, and those left out at first have their turn.
    const draw = drawing(7);
    const people = Array.from({ length: 12_000 }, (_, index): MatchVolunteer => {
      const skills = new Map<number, number>();
      while (skills.size < 8) skills.set(1 + Math.floor(120 * draw() ** 3), 100 + Math.floor(901 * draw()));
      const somewhere = { latitude: 50 + 4 * draw(), longitude: 10 + 4 * draw() };
      return { id: BLOCK_SIZE - 6_000 + index, skills, place: draw() < 0.9 ? somewhere : null };
    });
    const projects = Array.from({ length: 60 }, (_, index): MatchProject => {
      const required = new Set<number>();
      while (required.size < 1 + (index % 9)) required.add(1 + Math.floor(120 * draw() ** 3));
      const somewhere = { latitude: 50 + 4 * draw(), longitude: 10 + 4 * draw() };
      return {
        id: index + 1,
        requiredSkillIds: [...required],
        place: draw() < 0.8 ? somewhere : null,
        remote: draw() < 0.4,
      };
    });
    expectReference(people, projects, 20);
    const placed = people.filter((person) => person.place !== null);
    expectReference(placed, projects, 20);
  });

  it("refuses a project that requires more skills than a sum can hold", () => {
    const requiredSkillIds = Array.from({ length: MAX_REQUIRED_SKILLS + 1 }, (_, n) => n + 1);
    const tooMuch = { id: 1, requiredSkillIds, place: null, remote: true };
    expect(() => matchProjects([], [tooMuch], 10)).toThrow(RangeError);
    const everything = new Map(requiredSkillIds.slice(1).map((id) => [id, 1_000]));
    const most = { ...tooMuch, requiredSkillIds: requiredSkillIds.slice(1) };
    expectReference([{ id: 9, skills: everything, place: null }], [most], 10);
  });
});

/** A linear congruential generator: the same people in every run. */
function drawing(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
