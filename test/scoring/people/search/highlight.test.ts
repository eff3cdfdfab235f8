import { expect, it } from "vitest";
import { highlight } from "../../../../src/scoring/people/search/highlight.ts";

const shown = (text: string, ...words: string[]): string =>
  highlight(text, words)
    .map((piece) => (piece.isMatch ? `[${piece.text}]` : piece.text))
    .join("");

it.each([
  ["I love Gardening in Köln.", ["garden", "koln"], "I love [Gardening] in [Köln]."],
  ["gardens and a gardener", ["garden"], "[gardens] and a [gardener]"],
  ["guardian", ["garden"], "guardian"],
  ["O'Brien & sons", ["obrien"], "[O'Brien] & sons"],
  ["<script>alert(1)</script>", ["script"], "<[script]>alert(1)</[script]>"],
  ["", ["x"], ""],
])("%j with %j is %j", (text, words, marked) => {
  expect(shown(text, ...words)).toBe(marked);
});

it("cuts a long text to an excerpt around the first match, between characters", () => {
  const long = `${"before ".repeat(60)}garden ${"after ".repeat(60)}`;
  expect(shown(long, "garden")).toMatch(/^… (before )+\[garden\] (after )+after …$/);
  expect(shown(long, "garden").length).toBeLessThan(180);
  expect(shown("x".repeat(159) + "😀".repeat(9), "y")).toBe(`${"x".repeat(159)} …`);
});
