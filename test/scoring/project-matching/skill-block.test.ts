import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  aboveWeight,
  BLOCK_SIZE,
  BLOCK_WORDS,
  bitmapOf,
  findSkill,
  firstNorthOf,
  skillCountOf,
  weightOf,
} from "../../../src/scoring/project-matching/skill-block.ts";
import { indexOf } from "../../support/skill-index.ts";

const FIRST = 7 * BLOCK_SIZE;
const location = fc.option(
  fc.record({ latitude: fc.constantFrom(-1, 0, 1, 2), longitude: fc.constantFrom(0, 10) }),
  { nil: null },
);
const skills = fc
  .uniqueArray(
    fc.tuple(fc.constantFrom<number>(1, 2, 900, 70_000_000_000), fc.integer({ min: 100, max: 1_000 })),
    {
      selector: ([id]) => id,
      minLength: 1,
    },
  )
  .map((pairs) => new Map(pairs));
// Enough people that common skills get a bitmap and rare ones do not.
const people = fc
  .array(fc.record({ skills, location }), { minLength: 1, maxLength: 400 })
  .map((list) => list.map((one, n) => ({ id: FIRST + ((n * 37) % BLOCK_SIZE), ...one })));

const has = (bitmap: Uint32Array, local: number) =>
  (((bitmap[local >>> 5] as number) >>> (local & 31)) & 1) === 1;

describe("buildBlock", () => {
  it("indexes every skill by volunteer and every volunteer by skill", () => {
    fc.assert(
      fc.property(people, (given) => {
        const [block] = indexOf(given);
        const buffer = new Uint32Array(BLOCK_WORDS);
        for (const { id, skills } of given) {
          const local = id % BLOCK_SIZE;
          expect(skillCountOf(block!, local)).toBe(skills.size);
          const [start, end] = [block!.skillStarts[local], block!.skillStarts[local + 1]];
          const indexed = [...block!.skills.subarray(start, end)].map(
            (word) => [block!.skillIds[aboveWeight(word)], weightOf(word)] as const,
          );
          expect(new Map(indexed)).toEqual(skills);
        }
        for (const skillId of [1, 2, 900, 70_000_000_000]) {
          const owners = given.filter(({ skills }) => skills.has(skillId)).map(({ id }) => id % BLOCK_SIZE);
          const position = findSkill(block!, skillId);
          expect(position >= 0).toBe(owners.length > 0);
          if (position < 0) continue;
          const bitmap = bitmapOf(block!, position, buffer);
          expect(given.map(({ id }) => id % BLOCK_SIZE).filter((local) => has(bitmap, local))).toEqual(
            owners,
          );
        }
        expect(findSkill(block!, 3)).toBe(-1);
      }),
      { numRuns: 50 },
    );
  });

  it("sorts those with a location from south to north", () => {
    fc.assert(
      fc.property(people, fc.constantFrom(-2, 0, 1.5, 3), (given, latitude) => {
        const [block] = indexOf(given);
        const located = given.filter((one) => one.location !== null);
        expect(block!.northward).toHaveLength(located.length);
        expect(block!.allLocated).toBe(located.length === given.length);
        const south = located.filter((one) => one.location!.latitude < latitude);
        expect(firstNorthOf(block!, latitude)).toBe(south.length);
        const ids = [...block!.northward.subarray(0, south.length)].map((local) => FIRST + local);
        expect(ids.sort()).toEqual(south.map(({ id }) => id).sort());
      }),
      { numRuns: 50 },
    );
  });
});
