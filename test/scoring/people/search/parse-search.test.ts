import { describe, expect, it } from "vitest";
import { lettersOf, parseSearch } from "../../../../src/scoring/people/search/parse-search.ts";

const shown = (text: string): string[] =>
  parseSearch(text).map(({ words, negated }) => `${negated ? "-" : ""}${words.join("+")}`);

describe("a query", () => {
  it.each([
    ["Anna Müller", ["anna", "muller"]],
    ["Anne-Marie", ["anne", "marie"]],
    ['"new york" -paris', ["new+york", "-paris"]],
    ['-"new york" anna', ["-new+york", "anna"]],
    ['"open end', ["open+end"]],
    ["the doctor", ["doctor"]],
    ["the of and", ["the", "of", "and"]],
    ["-doctor the", ["-doctor", "the"]],
    ["' & | ! ( ) : * \\ %", []],
    ['- "" \'', []],
  ])("%j has the terms %j", (text, terms) => {
    expect(shown(text)).toEqual(terms);
  });

  it("has at most eight terms", () => {
    expect(parseSearch("a1 b2 c3 d4 e5 f6 g7 h8 i9 j10")).toHaveLength(8);
    expect(parseSearch(`"${"word ".repeat(50)}"`)[0]?.words).toHaveLength(8);
  });

  it("counts letters of what is looked for", () => {
    expect(lettersOf(parseSearch("a"))).toBe(1);
    expect(lettersOf(parseSearch("a -bcd"))).toBe(1);
    expect(lettersOf(parseSearch("王 b"))).toBe(2);
  });
});
