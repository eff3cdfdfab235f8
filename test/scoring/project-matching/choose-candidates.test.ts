import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chooseCandidates,
  NOTICE_SKIP_REASONS,
  type NoticePair,
} from "../../../src/scoring/project-matching/choose-candidates.ts";

const pair = (
  projectId: number,
  volunteerId: number,
  score: number,
  skip: NoticePair["skip"] = null,
): NoticePair => ({
  projectId: String(projectId),
  volunteerId: String(volunteerId),
  score,
  matchedCount: 1,
  skip,
});
const chosenBy = (pairs: NoticePair[], openings: number) =>
  chooseCandidates(pairs, openings).chosen.map(
    ({ projectId, volunteerId }) => `${volunteerId} of ${projectId}`,
  );

describe("chooseCandidates", () => {
  it("chooses by score, then project, up to the openings of each project", () => {
    expect(chosenBy([pair(2, 1, 0.7), pair(1, 2, 0.7), pair(1, 3, 0.9), pair(1, 4, 0.6)], 2)).toEqual([
      "3 of 1",
      "2 of 1",
      "1 of 2",
    ]);
  });

  it("chooses a volunteer for one project: the one with the higher score, or the lower id on a tie", () => {
    expect(chosenBy([pair(1, 5, 0.8), pair(2, 5, 0.9)], 3)).toEqual(["5 of 2"]);
    expect(chosenBy([pair(10, 5, 0.8), pair(9, 5, 0.8)], 3)).toEqual(["5 of 9"]);
  });

  it("gives the opening of a skipped candidate to the next one, and reports the skipped", () => {
    const { chosen, skipped } = chooseCandidates(
      [pair(1, 1, 0.9, "applied"), pair(1, 2, 0.8, "hidden"), pair(1, 3, 0.7), pair(1, 4, 0.6, "rejected")],
      1,
    );
    expect(chosen.map(({ volunteerId }) => volunteerId)).toEqual(["3"]);
    // The fourth comes after the last opening was filled, so no decision was made.
    expect(skipped.map(({ volunteerId, skip }) => [volunteerId, skip])).toEqual([
      ["1", "applied"],
      ["2", "hidden"],
    ]);
  });

  it("on random pairs: no volunteer twice, no project over its openings, and no one left out without a reason", () => {
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
      fc.property(pairs, fc.integer({ min: 1, max: 4 }), (given, openings) => {
        const { chosen, skipped } = chooseCandidates(given, openings);
        const people = chosen.map(({ volunteerId }) => volunteerId);
        expect(new Set(people).size).toBe(people.length);
        const filled = (projectId: string) => chosen.filter((p) => p.projectId === projectId);
        for (const one of given) {
          const mine = filled(one.projectId);
          expect(mine.length).toBeLessThanOrEqual(openings);
          if (chosen.includes(one)) expect(one.skip).toBeNull();
          // Neither chosen nor skipped: their project was full of others at least as good.
          else if (!skipped.some((p) => p.projectId === one.projectId && p.volunteerId === one.volunteerId)) {
            expect(mine).toHaveLength(openings);
            for (const better of mine) expect(better.score).toBeGreaterThanOrEqual(one.score);
          }
        }
        expect(chooseCandidates([...given].reverse(), openings)).toEqual({ chosen, skipped });
      }),
    );
  });
});
