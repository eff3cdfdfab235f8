import { expect, it } from "vitest";
import { likeness } from "../../../../src/scoring/people/search/likeness.ts";

it.each([
  ["anna", "anna", 1],
  ["tensie", "hortensia", 5 / 7],
  ["abc", "xyz", 0],
  ["abc", "axbxc", 1],
  ["", "anna", 0],
  ["anna", "", 0],
])("%s is like %s by %f", (word, name, expected) => {
  expect(likeness(word, name)).toBeCloseTo(expected, 12);
});

it("is greater for the same first letter", () => {
  expect(likeness("sherri", "cheryl")).toBeLessThan(likeness("sherri", "sheryl"));
});
