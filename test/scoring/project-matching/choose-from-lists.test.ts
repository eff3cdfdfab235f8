import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CandidatePair,
  chooseCandidates,
  NOTICE_SKIP_REASONS,
} from "../../../src/scoring/project-matching/choose-candidates.ts";
import {
  type ChosenFromLists,
  chooseFromLists,
  type ListsAsk,
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

/** All of its steps at once. */
function choose(ask: ListsAsk): ChosenFromLists {
  const steps = chooseFromLists(ask);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

const nameOf = ({ projectId, volunteerId }: CandidatePair) => `${volunteerId} of ${projectId}`;

/** What was passed over, as a row a project and a column a reason. */
const tallyOf = (passedOver: readonly (CandidatePair & { skip: string })[]) =>
  PROJECTS.flatMap((id) =>
    NOTICE_SKIP_REASONS.map(
      (reason) => passedOver.filter(({ projectId, skip }) => projectId === id && skip === reason).length,
    ),
  );

describe("chooseFromLists", () => {
  it("chooses and passes over what chooseCandidates does over all pairs, on random lists", () => {
    fc.assert(
      fc.property(pairs, fc.integer({ min: 0, max: 5 }), (given, places) => {
        const { ordered, ...lists } = listsOf(PROJECTS, given);
        const expected = chooseCandidates(given, places);
        const { chosen, passedOver } = choose({ ...lists, places });
        expect([...chosen].map((pair) => nameOf(ordered[pair]!)).sort()).toEqual(
          expected.chosen.map(nameOf).sort(),
        );
        expect([...passedOver]).toEqual(tallyOf(expected.passedOver));
        expect([...chosen]).toEqual([...chosen].sort((a, b) => a - b));
      }),
      { numRuns: 500 },
    );
  });

  it("of no project chooses nobody", () => {
    expect(choose({ pairs: new Uint8Array(), ends: new Int32Array(), places: 3 }).chosen).toHaveLength(0);
  });
});
