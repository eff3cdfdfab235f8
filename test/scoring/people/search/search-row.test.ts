import { describe, expect, it } from "vitest";
import {
  hiddenParts,
  keywordsOf,
  type SearchFacts,
  searchRow,
} from "../../../../src/scoring/people/search/search-row.ts";

const ADA: SearchFacts = {
  userId: "8",
  name: "Ada Łovelace",
  bio: "I write programs.",
  gender: "female",
  intent: "friends",
  birthDate: "1990-12-10",
  locationText: "London, UK",
  cell: { latitude: 51.5, longitude: -0.12 },
  interestIds: ["3", "5"],
  subjectIds: ["1"],
  traitIds: ["7"],
  topFives: ["The Matrix", "The Difference Engine"],
  hidden: new Set(),
  completeness: 85,
  searchable: true,
};

describe("the row of a person", () => {
  it("has folded words, and tags for filters", () => {
    const row = searchRow(ADA);
    expect(row).toMatchObject({
      names: "ada lovelace",
      keywords: "the matrix difference engine",
      place: "london uk",
      bio: "i write programs",
      interests: 2,
    });
    const tags = [
      "g:female",
      "n:friends",
      "y:1990",
      "i:3",
      "i:5",
      "s:1",
      "r:7",
      "x:ad",
      "x:love",
      "d:lovelce",
    ];
    expect(row.tags).toEqual(expect.arrayContaining(tags));
  });

  it("contains no hidden facts", () => {
    const hidden = hiddenParts([
      "birth_date",
      "gender",
      "longitude",
      "interests",
      "bio",
      "top5",
      "traits",
      "intent",
    ]);
    const row = searchRow({ ...ADA, hidden });
    expect(row).toMatchObject({
      place: "",
      bio: "",
      keywords: "",
      gender: null,
      intent: null,
      birthDate: null,
      cell: null,
      interests: 0,
      subjectIds: [],
      traitIds: [],
    });
    expect(row.tags.filter((tag) => /^[gnytirs]:/.test(tag))).toEqual([]);
  });

  it("is the same for the same facts, and bounded for a person with 10,000 interests", () => {
    expect(searchRow(ADA)).toEqual(searchRow(ADA));
    const interestIds = Array.from({ length: 10_000 }, (_, n) => String(n + 1));
    const row = searchRow({ ...ADA, interestIds, name: "x ".repeat(1_000), bio: "word ".repeat(50_000) });
    expect(row.tags.length).toBeLessThan(600);
    expect(row.interests).toBe(10_000);
    expect(row.bio.split(" ")).toHaveLength(1_000);
    expect(row.names.split(" ")).toHaveLength(8);
  });

  it("has no tag with white space, whatever the host writes", () => {
    const row = searchRow({ ...ADA, gender: "non binary: 'x' \\", intent: " " });
    for (const tag of row.tags) expect(tag).toMatch(/^[a-z]:\S+$/);
  });
});

it("keywords are words of three letters or more, each once, at most 50", () => {
  expect(keywordsOf(["I am the one", "The one"])).toEqual(["the", "one"]);
  expect(keywordsOf([Array.from({ length: 80 }, (_, n) => `word${n}`).join(" ")])).toHaveLength(50);
});
