import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CandidatePair,
  chooseCandidates,
  NOTICE_SKIP_REASONS,
} from "../../../src/scoring/project-matching/choose-candidates.ts";

const pair = (
  projectId: number,
  volunteerId: number,
  score: number,
  skip: CandidatePair["skip"] = null,
): CandidatePair => ({
  projectId: String(projectId),
  volunteerId: String(volunteerId),
  score,
  matchedCount: 1,
  skip,
});
const told = (pairs: CandidatePair[], places: number) =>
  chooseCandidates(pairs, places).chosen.map(
    ({ projectId, volunteerId }) => `${volunteerId} of ${projectId}`,
  );

describe("chooseCandidates", () => {
  it("takes by score, then project; each project up to its places", () => {
    expect(told([pair(2, 1, 0.7), pair(1, 2, 0.7), pair(1, 3, 0.9), pair(1, 4, 0.6)], 2)).toEqual([
      "3 of 1",
      "2 of 1",
      "1 of 2",
    ]);
  });

  it("tells a volunteer of one project alone: the one that they fit best, the lower one when they fit both alike", () => {
    expect(told([pair(1, 5, 0.8), pair(2, 5, 0.9)], 3)).toEqual(["5 of 2"]);
    expect(told([pair(10, 5, 0.8), pair(9, 5, 0.8)], 3)).toEqual(["5 of 9"]);
  });

  it("a place that a rule frees goes to the next best, and whoever stood before is counted", () => {
    const { chosen, passedOver } = chooseCandidates(
      [pair(1, 1, 0.9, "applied"), pair(1, 2, 0.8, "hidden"), pair(1, 3, 0.7), pair(1, 4, 0.6, "rejected")],
      1,
    );
    expect(chosen.map(({ volunteerId }) => volunteerId)).toEqual(["3"]);
    // The fourth stands behind the last place: nothing was decided about them.
    expect(passedOver.map(({ volunteerId, skip }) => [volunteerId, skip])).toEqual([
      ["1", "applied"],
      ["2", "hidden"],
    ]);
  });

  it("on random pairs: nobody twice, no project over its places, and nobody left out who had to be taken", () => {
    const drawn = fc.record({
      projectId: fc.integer({ min: 1, max: 6 }),
      volunteerId: fc.integer({ min: 1, max: 12 }),
      score: fc.constantFrom(0.6, 0.7, 0.75, 0.9),
      skip: fc.option(fc.constantFrom(...NOTICE_SKIP_REASONS), { nil: null, freq: 3 }),
    });
    const pairs = fc
      .uniqueArray(drawn, {
        selector: ({ projectId, volunteerId }) => `${projectId}:${volunteerId}`,
        maxLength: 50,
      })
      .map((list) => list.map((p) => pair(p.projectId, p.volunteerId, p.score, p.skip)));
    fc.assert(
      fc.property(pairs, fc.integer({ min: 1, max: 4 }), (given, places) => {
        const { chosen, passedOver } = chooseCandidates(given, places);
        const people = chosen.map(({ volunteerId }) => volunteerId);
        expect(new Set(people).size).toBe(people.length);
        const filled = (projectId: string) => chosen.filter((p) => p.projectId === projectId);
        for (const one of given) {
          const mine = filled(one.projectId);
          expect(mine.length).toBeLessThanOrEqual(places);
          if (chosen.includes(one)) expect(one.skip).toBeNull();
          // Left out for no reason: their project was full of others at least as good.
          else if (
            !passedOver.some((p) => p.projectId === one.projectId && p.volunteerId === one.volunteerId)
          ) {
            expect(mine).toHaveLength(places);
            for (const better of mine) expect(better.score).toBeGreaterThanOrEqual(one.score);
          }
        }
        expect(chooseCandidates([...given].reverse(), places)).toEqual({ chosen, passedOver });
      }),
    );
  });
});
