import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shorten } from "../src/shorten.ts";

describe("shorten", () => {
  it.each([
    ["one two three", 13, "one two three"],
    ["one two three", 9, "one two…"],
    ["one two three", 8, "one two…"],
    ["abcdefghijkl", 6, "abcde…"],
    ["a bcdefghijkl", 6, "a bcd…"],
    ["family 👩‍👩‍👧 here", 9, "family…"],
    ["👩‍👩‍👧👩‍👩‍👧", 12, "👩‍👩‍👧…"],
  ])("%s to %i", (text, limit, expected) => {
    expect(shorten(text, limit)).toBe(expected);
  });

  it("is as long as allowed, and valid Unicode", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 60 }),
        fc.integer({ min: 1, max: 40 }),
        (text, limit) => {
          const short = shorten(text, limit);
          expect(short.length).toBeLessThanOrEqual(Math.max(limit, 1));
          expect(short).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
          if (text.length <= limit) expect(short).toBe(text);
        },
      ),
    );
  });
});
