import { describe, expect, it } from "vitest";
import { foldWords } from "../../../../src/scoring/people/search/fold.ts";
import { NICKNAME_PAIRS, otherNames } from "../../../../src/scoring/people/search/nicknames.ts";

describe("the nicknames", () => {
  it("are more than 500 pairs, each once, of folded words", () => {
    expect(NICKNAME_PAIRS.length).toBeGreaterThan(500);
    const keys = NICKNAME_PAIRS.map((pair) => [...pair].sort().join(" "));
    expect(new Set(keys).size).toBe(keys.length);
    for (const [name, nickname] of NICKNAME_PAIRS) {
      expect(foldWords(`${name} ${nickname}`)).toEqual([name, nickname]);
      expect(name).not.toBe(nickname);
    }
  });

  it.each([
    ["bob", "robert"],
    ["robert", "bob"],
    ["bob", "rob"],
    ["peggy", "margaret"],
    ["liz", "elizabeth"],
    ["bill", "william"],
    ["hans", "johannes"],
    ["pepe", "jose"],
    ["sasha", "alexander"],
    ["kasia", "katarzyna"],
  ])("%s may be %s", (word, name) => {
    expect(otherNames(word)).toContain(name);
  });

  it("do not connect two names through a shared nickname", () => {
    expect(otherNames("patrick")).toContain("pat");
    expect(otherNames("patrick")).not.toContain("patricia");
    expect(otherNames("bob")).not.toContain("bob");
    expect(otherNames("nobody")).toEqual([]);
  });
});
