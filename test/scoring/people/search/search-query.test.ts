import { describe, expect, it } from "vitest";
import { parseSearch } from "../../../../src/scoring/people/search/parse-search.ts";
import {
  fieldQuery,
  filterQuery,
  prefixQuery,
  searchQuery,
  suggestQuery,
  type Tolerance,
  termsQueries,
} from "../../../../src/scoring/people/search/search-query.ts";
import { LAST_BAND } from "../../../../src/scoring/people/search/standing.ts";

const stems = new Map<string, string | null>([
  ["gardening", "garden"],
  ["the", null],
  ["bob", "bob"],
]);
const termsQuery = (text: string, tolerance: Tolerance): string =>
  termsQueries(parseSearch(text), stems, tolerance)[0] as string;
const TODAY = new Date("2026-06-02T08:00:00Z");

describe("the query for words", () => {
  it("looks for a word in names, keywords and places as it is, and in the bio by its stem", () => {
    const query = termsQuery("gardening", "exact");
    expect(query).toBe("('gardening':ABC | 'garden':D)");
  });

  it("always adds nicknames, and misspellings and sounds on request", () => {
    const [exact, typos, sounds] = (["exact", "typos", "sounds"] as const).map((tolerance) =>
      termsQuery("bob", tolerance),
    );
    expect(exact).toContain("'robert':A");
    expect(exact).not.toContain("'d:");
    expect(typos).toContain("'d:bob'");
    expect(typos).toContain("'ob':A");
    expect(typos).not.toContain("'p:");
    expect(sounds).toContain("'p:bb'");
    // Robert, in other spellings.
    expect(sounds).toContain("'p:rbrt'");
  });

  it("searches for names that begin like a short form, as a last resort", () => {
    const query = (tolerance: "typos" | "sounds") => termsQuery("zebby", tolerance);
    expect(query("typos")).not.toContain("'x:zeb'");
    expect(query("sounds")).toContain("'x:zebb' | 'x:zeb'");
  });

  it("keeps the words of a phrase together, and leaves out what is excluded", () => {
    expect(termsQuery('"bob gardening" -smith', "typos")).toBe(
      "(('bob':A <-> 'gardening':A) | ('bob':B <-> 'gardening':B) | ('bob':C <-> 'gardening':C) | ('bob':D <-> 'garden':D))" +
        " & !'smith':ABC",
    );
  });

  it("keeps the distance over stop words, and has none for stop words alone", () => {
    expect(fieldQuery({ words: ["bob", "the", "gardening"], negated: false }, "bio", stems)).toBe(
      "'bob':D <2> 'garden':D",
    );
    expect(fieldQuery({ words: ["the"], negated: false }, "bio", stems)).toBeNull();
  });
});

describe("the query for filters", () => {
  it("requires all interests and one of the subjects, and the years of birth of the ages", () => {
    const query = filterQuery(
      { gender: "Female", interests: ["3", "5"], subjects: ["1", "2"], ageMin: 30, ageMax: 31 },
      TODAY,
    );
    expect(query).toBe("'g:female' & 'i:3' & 'i:5' & ('s:1' | 's:2') & ('y:1994' | 'y:1995' | 'y:1996')");
  });

  it("is none without filters", () => {
    expect(filterQuery({}, TODAY)).toBeNull();
  });
});

describe("the query for beginnings of names", () => {
  it("uses tags for short ones, of which very many names begin", () => {
    expect(prefixQuery("an")).toBe("'x:an'");
    expect(prefixQuery("alexa")).toBe("'alexa':*A");
    expect(suggestQuery(["anna", "mu"])).toMatch(/^\('anna':A \| .*\) & 'x:mu'$/);
  });
});

describe("the whole query", () => {
  it("is restricted to bands of the static order, except to all of them", () => {
    expect(searchQuery(["'a'", null], 1)).toBe("'a' & ('b:0' | 'b:1')");
    expect(searchQuery(["'a'", null], LAST_BAND)).toBe("'a'");
    expect(searchQuery([null, null], 0)).toBe("'b:0'");
    expect(searchQuery([null, null], LAST_BAND)).toBeNull();
  });

  it("quotes what could end a lexeme", () => {
    expect(prefixQuery("o'\\")).toBe("'x:o''\\\\'");
  });
});

it("there is a query for each word that may be missing", () => {
  expect(termsQueries(parseSearch("qx qz -qy"), new Map(), "some")).toEqual([
    "('qz':ABC | 'd:qz' | 'x:qz' | 'p:ks') & !'qy':ABC",
    "('qx':ABC | 'd:qx' | 'x:qx' | 'p:kx') & !'qy':ABC",
  ]);
});
