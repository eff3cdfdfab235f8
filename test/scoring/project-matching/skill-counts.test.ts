import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openBitCounter } from "../../../src/scoring/project-matching/skill-counts.ts";

const WORDS = 2;
const PEOPLE = 32 * WORDS;

const has = (set: Uint32Array, person: number): boolean =>
  (((set[person >>> 5] as number) >>> (person & 31)) & 1) === 1;
const everybody = Array.from({ length: PEOPLE }, (_, person) => person);

/** One set of people, as a bit each. */
const someSet = fc
  .tuple(fc.maxSafeNat(), fc.maxSafeNat(), fc.constantFrom(0, 0, 0xffffffff))
  .map(([a, b, all]) => Uint32Array.of(a | all, b | all));

describe("openBitCounter", () => {
  it("finds who is in at least a number of the sets, for any number of sets, like counting one by one", () => {
    const counter = openBitCounter(WORDS);
    const found = new Uint32Array(WORDS);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(someSet, { maxLength: 20 }),
          fc
            .tuple(fc.integer({ min: 1, max: 511 }), someSet)
            .map(([n, set]) => Array.from({ length: n }, () => set)),
        ),
        fc.integer({ min: 0, max: 520 }),
        (sets, far) => {
          const counts = everybody.map((person) => sets.filter((set) => has(set, person)).length);
          counter.count(sets);
          for (const least of [0, 1, Math.floor(sets.length / 2), sets.length, sets.length + 1, far]) {
            counter.atLeast(least, found);
            expect(everybody.filter((person) => has(found, person))).toEqual(
              everybody.filter((person) => (counts[person] as number) >= least),
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
