import { describe, expect, it } from "vitest";
import { isShortFor, stemsOf } from "../../../../src/scoring/people/search/short-forms.ts";

describe("a short form", () => {
  it.each([
    ["robbie", ["robb", "rob"]],
    ["davey", ["dav", "dave"]],
    ["al", ["al"]],
    ["a", []],
    ["abby", ["abby", "abb"]],
    ["andi", ["andi", "and"]],
    ["r2", []],
  ])("%s has the stems %j", (word, stems) => {
    expect(stemsOf(word).sort()).toEqual(stems.sort());
  });

  it.each([
    ["robbie", "robert", true],
    ["al", "albert", true],
    ["fiona", "fionnuala", false],
    ["zebby", "zebediah", true],
    ["robert", "rob", false],
    ["tom", "tom", false],
    ["smith", "smithers", false],
  ])("%s for %s: %s", (word, name, expected) => {
    expect(isShortFor(stemsOf(word), name)).toBe(expected);
  });
});
