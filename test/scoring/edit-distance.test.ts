import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/random.ts";
import { deletions, editDistance, isTypoOf } from "../../src/scoring/edit-distance.ts";

describe("editDistance", () => {
  it.each([
    ["robert", "robert", 0],
    ["robert", "robbert", 1],
    ["robert", "rbert", 1],
    ["robert", "ropert", 1],
    ["robert", "orbert", 1],
    ["robert", "bobert", 1],
    ["robert", "rupert", 2],
    ["robert", "herbert", 3],
    ["robert", "norbert", 2],
    ["robert", "albert", 2],
    ["", "abc", 3],
  ])("of %s and %s is %i", (a, b, distance) => {
    expect(editDistance(a, b, 2)).toBe(distance);
    expect(editDistance(b, a, 2)).toBe(distance);
  });
});

describe("a typo", () => {
  it("is found by a deletion that both have, or that one is of the other: every single typo", () => {
    const random = seededRandom(7);
    const letter = () => String.fromCharCode(97 + random.between(0, 25));
    for (let n = 0; n < 500; n++) {
      const name = Array.from({ length: random.between(4, 12) }, letter).join("");
      const at = random.between(0, name.length - 1);
      const [before, after] = [name.slice(0, at), name.slice(at + 1)];
      const typo = random.pick([
        before + after,
        before + letter() + name.slice(at),
        before + letter() + after,
        before + (after[0] ?? "") + name[at] + after.slice(1),
      ]);
      if (typo === name) continue;
      const indexed = new Set([name, ...deletions(name)]);
      const variants = [typo, ...deletions(typo)];
      expect(
        variants.some((variant) => indexed.has(variant)),
        `${name} ${typo}`,
      ).toBe(true);
      expect(isTypoOf(typo, name), `${name} ${typo}`).toBe(true);
    }
  });

  it("is not another short name, and two are allowed in long ones", () => {
    expect(isTypoOf("amn", "ann")).toBe(false);
    expect(isTypoOf("jhon", "john")).toBe(true);
    expect(isTypoOf("rupert", "robert")).toBe(false);
    expect(isTypoOf("alexanbre", "alexandre")).toBe(true);
    expect(isTypoOf("alexsanbre", "alexandre")).toBe(true);
  });
});
