import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bestMatches,
  type MatchProject,
  type MatchVolunteer,
  weightsOf,
} from "../../../src/scoring/project-matching/match.ts";
import { matchProjects } from "../../../src/scoring/project-matching/match-index.ts";
import { MAX_REQUIRED_SKILLS } from "../../../src/scoring/project-matching/match-search.ts";
import { BLOCK_SIZE } from "../../../src/scoring/project-matching/skill-block.ts";
import { size } from "../../support/sizes.ts";
import { indexOf } from "../../support/skill-index.ts";

/** Few skills, weights and locations, so that ties are common; some ids on both sides of a block boundary. */
const skillId = fc.integer({ min: 1, max: 12 });
const weight = fc.oneof(fc.constantFrom(100, 500, 1_000), fc.integer({ min: 100, max: 1_000 }));
const location = fc.option(
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
  location,
});
const project: fc.Arbitrary<MatchProject> = fc.record({
  id: fc.integer({ min: 1, max: 100 }),
  requiredSkillIds: fc.uniqueArray(skillId, { minLength: 1, maxLength: 9 }),
  location,
  remote: fc.boolean(),
});
const volunteers = fc.uniqueArray(volunteer, { selector: ({ id }) => id, maxLength: 80 });

const expectReference = (people: MatchVolunteer[], projects: MatchProject[], keep: number) => {
  const found = matchProjects(
    indexOf(people),
    projects,
    projects.map(() => keep),
  );
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
  it("equals bestMatches on random volunteers and projects: ids, scores and ties", () => {
    fc.assert(
      fc.property(
        volunteers,
        fc.array(project, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 12 }),
        expectReference,
      ),
      { numRuns: size(400, 10_000) },
    );
  });

  it("equals bestMatches where far more volunteers match than a list keeps, with common and rare skills", () => {
    // Two blocks, so that the level guessed from the first is wrong for the second, and the second pass has
    // work.
    const draw = drawing(7);
    const people = Array.from({ length: 12_000 }, (_, index): MatchVolunteer => {
      const skills = new Map<number, number>();
      while (skills.size < 8) skills.set(1 + Math.floor(120 * draw() ** 3), 100 + Math.floor(901 * draw()));
      const somewhere = { latitude: 50 + 4 * draw(), longitude: 10 + 4 * draw() };
      return { id: BLOCK_SIZE - 6_000 + index, skills, location: draw() < 0.9 ? somewhere : null };
    });
    const projects = Array.from({ length: 60 }, (_, index): MatchProject => {
      const required = new Set<number>();
      while (required.size < 1 + (index % 9)) required.add(1 + Math.floor(120 * draw() ** 3));
      const somewhere = { latitude: 50 + 4 * draw(), longitude: 10 + 4 * draw() };
      return {
        id: index + 1,
        requiredSkillIds: [...required],
        location: draw() < 0.8 ? somewhere : null,
        remote: draw() < 0.4,
      };
    });
    expectReference(people, projects, 20);
    const located = people.filter((person) => person.location !== null);
    expectReference(located, projects, 20);
  });

  it("throws for a project that requires more skills than a sum can hold", () => {
    const requiredSkillIds = Array.from({ length: MAX_REQUIRED_SKILLS + 1 }, (_, n) => n + 1);
    const tooMany = { id: 1, requiredSkillIds, location: null, remote: true };
    expect(() => matchProjects([], [tooMany], [10])).toThrow(RangeError);
    const everything = new Map(requiredSkillIds.slice(1).map((id) => [id, 1_000]));
    const most = { ...tooMany, requiredSkillIds: requiredSkillIds.slice(1) };
    expectReference([{ id: 9, skills: everything, location: null }], [most], 10);
  });
});

/** A linear congruential generator: the same volunteers in every run. */
function drawing(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
