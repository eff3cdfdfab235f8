import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chooseCandidates,
  NOTICE_SKIP_REASONS,
  type NoticePair,
} from "../../../src/scoring/project-matching/choose-candidates.ts";
import {
  type ChooseInput,
  type ChosenFromLists,
  chooseFromLists,
} from "../../../src/scoring/project-matching/choose-from-lists.ts";
import { listsOf } from "../../support/candidate-lists.ts";

const PROJECTS = Array.from({ length: 12 }, (_, n) => String(n + 1));

const drawn = fc.record({
  projectId: fc.constantFrom(...PROJECTS),
  volunteerId: fc.integer({ min: 1, max: 25 }).map(String),
  score: fc.constantFrom(0, 0.1, 0.6, 0.7, 0.700001, 0.9, 1),
  matchedCount: fc.integer({ min: 1, max: 3 }),
  skip: fc.option(fc.constantFrom(...NOTICE_SKIP_REASONS), { nil: null, freq: 3 }),
});
const pairs = fc.uniqueArray(drawn, {
  selector: ({ projectId, volunteerId }) => `${projectId}:${volunteerId}`,
  maxLength: 120,
});

/** Runs all steps. */
function choose(ask: ChooseInput): ChosenFromLists {
  const steps = chooseFromLists(ask);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

const nameOf = ({ projectId, volunteerId }: NoticePair) => `${volunteerId} of ${projectId}`;

/** Skipped candidates: a row per project, a column per reason. */
const tallyOf = (skipped: readonly (NoticePair & { skip: string })[]) =>
  PROJECTS.flatMap((id) =>
    NOTICE_SKIP_REASONS.map(
      (reason) => skipped.filter(({ projectId, skip }) => projectId === id && skip === reason).length,
    ),
  );

describe("chooseFromLists", () => {
  it("chooses and skips the same candidates as chooseCandidates, on random lists", () => {
    fc.assert(
      fc.property(pairs, fc.integer({ min: 0, max: 5 }), (given, openings) => {
        const { ordered, ...lists } = listsOf(PROJECTS, given);
        const expected = chooseCandidates(given, openings);
        const { chosen, skipped } = choose({ ...lists, openings });
        expect([...chosen].map((pair) => nameOf(ordered[pair]!)).sort()).toEqual(
          expected.chosen.map(nameOf).sort(),
        );
        expect([...skipped]).toEqual(tallyOf(expected.skipped));
        expect([...chosen]).toEqual([...chosen].sort((a, b) => a - b));
      }),
      { numRuns: 500 },
    );
  });

  it("chooses nobody for no projects", () => {
    expect(choose({ pairs: new Uint8Array(), ends: new Int32Array(), openings: 3 }).chosen).toHaveLength(0);
  });
});
