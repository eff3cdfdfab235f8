import { describe, expect, it } from "vitest";
import {
  prepareTerm,
  type RankOptions,
  rankPeople,
  rankPerson,
  type SearchCandidate,
} from "../../../../src/scoring/people/search/rank-person.ts";

const terms = (...words: string[]) => words.map((word) => prepareTerm({ words: [word] }));

const person = (userId: string, name: string, more: Partial<SearchCandidate> = {}): SearchCandidate => ({
  userId,
  names: name === "" ? [] : name.split(" "),
  fields: [],
  standing: 0.5,
  km: null,
  ...more,
});

const ALL = { radiusKm: null, mayMiss: 0 };

const order = (words: string[], people: SearchCandidate[], options: Partial<RankOptions> = {}): string[] =>
  rankPeople(terms(...words), people, { ...ALL, ...options }).map(({ userId }) => userId);

describe("people", () => {
  it("are ranked by how their names match: as it is, by nickname, misspelt, by sound", () => {
    const people = [
      person("1", "robbie"),
      person("2", "robert"),
      person("3", "robret"),
      person("4", "rubarut"),
    ];
    expect(order(["robert"], people)).toEqual(["2", "1", "3", "4"]);
  });

  it("found by a short form of their name rank between misspelt names and those that sound alike", () => {
    const people = [person("1", "zaba"), person("2", "zebediah"), person("3", "zibby")];
    expect(order(["zebby"], people)).toEqual(["3", "2", "1"]);
    expect(rankPerson(terms("zebby"), person("2", "zebediah"), ALL)?.matches).toEqual([
      { field: "name", how: "short" },
    ]);
  });

  it("rank higher by name than by place, keyword and bio", () => {
    const found = (userId: string, field: "place" | "keyword" | "bio") =>
      person(userId, "anna", { fields: [new Set([field])] });
    const people = [found("1", "bio"), found("2", "keyword"), found("3", "place"), person("4", "paris")];
    expect(order(["paris"], people)).toEqual(["4", "3", "2", "1"]);
  });

  it("with the whole name rank before those with a part of it", () => {
    expect(order(["anna", "smith"], [person("1", "anna maria smith"), person("2", "anna smith")])).toEqual([
      "2",
      "1",
    ]);
  });

  it("nearer rank higher, and the static order decides between equals, then the id", () => {
    const near = [person("1", "anna", { km: 40 }), person("2", "anna", { km: 2 })];
    expect(order(["anna"], near, { radiusKm: 50 })).toEqual(["2", "1"]);
    const equal = [person("10", "anna"), person("9", "anna"), person("8", "anna", { standing: 0.6 })];
    expect(order(["anna"], equal)).toEqual(["9", "10", "8"]);
    expect(order(["anna"], [...equal].reverse())).toEqual(["9", "10", "8"]);
  });

  it("are left out if a term does not match after all", () => {
    // The index finds names that share a misspelling; one of these is two letters away.
    expect(order(["maria"], [person("1", "mirna"), person("2", "marai")])).toEqual(["2"]);
    expect(rankPerson(terms("anna", "smith"), person("1", "anna"), ALL)).toBeNull();
  });
});

it("without one of the words rank by the others, if one may be missing", () => {
  const people = [person("1", "anna smithers"), person("2", "smith"), person("3", "bob jones")];
  expect(order(["anna", "smith"], people)).toEqual([]);
  expect(order(["anna", "smith"], people, { mayMiss: 1 })).toEqual(["1", "2"]);
  const [found] = rankPeople(terms("anna", "smith"), people, { ...ALL, mayMiss: 1 });
  expect(found?.matches).toEqual([{ field: "name", how: "exact" }, null]);
});

it("without one of the words rank by the similarity of a name to it", () => {
  const people = [
    person("1", "omar smith"),
    person("2", "hortensia smith"),
    person("3", "tensie"),
    person("4", "bob hortensia smith"),
  ];
  expect(order(["tensie", "smith"], people, { mayMiss: 1 })).toEqual(["2", "4", "3", "1"]);
});

it("with the name of a nickname rank before those who only share a nickname", () => {
  expect(order(["bob"], [person("1", "rob"), person("2", "robert")])).toEqual(["2", "1"]);
});

it("whose name is another spelling of the name of a nickname are found by its sound", () => {
  expect(rankPerson(terms("kathy"), person("1", "catharyn"), ALL)?.matches).toEqual([
    { field: "name", how: "sound" },
  ]);
});

describe("the explanation", () => {
  it("names where each term was found, and how", () => {
    const candidate = person("1", "elizabeth smyth", {
      fields: [new Set(), new Set(), new Set(["bio"] as const)],
    });
    expect(rankPerson(terms("liz", "smith", "garden"), candidate, ALL)?.matches).toEqual([
      { field: "name", how: "nickname" },
      { field: "name", how: "typo" },
      { field: "bio", how: "exact" },
    ]);
  });

  it("covers the prefix of a name, and a phrase in the name", () => {
    const prefix = [prepareTerm({ words: ["eliz"] }, true)];
    expect(rankPerson(prefix, person("1", "elizabeth"), ALL)?.matches).toEqual([
      { field: "name", how: "prefix" },
    ]);
    const phrase = [prepareTerm({ words: ["anna", "smith"] })];
    const found = person("1", "anna smith", { fields: [new Set(["name"] as const)] });
    expect(rankPerson(phrase, found, ALL)?.matches).toEqual([{ field: "name", how: "exact" }]);
    expect(rankPerson(phrase, person("1", "anna smith"), ALL)).toBeNull();
  });
});
