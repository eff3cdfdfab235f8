import fc from "fast-check";
import { expect, it } from "vitest";
import { packUser, unpackUser } from "../../../../src/scoring/postings/recommend/packed-user.ts";
import { aUser, USER } from "../../../support/recommend-facts.ts";

it("the facts of a user are read as they were written", () => {
  fc.assert(
    fc.property(aUser(40), (user) => {
      expect(unpackUser(user.id, packUser(user))).toEqual(user);
    }),
    { numRuns: 200 },
  );
});

it("infinite salaries, quotes and halves of characters are as they were", () => {
  const user = {
    ...USER,
    salary: { yearly: Number.POSITIVE_INFINITY, currency: "EUR" },
    blacklist: new Set(['"a\\', "\ud83d", "é"]),
    excludedKeywords: [["日本", "\u2028"]],
  };
  expect(unpackUser(1, packUser(user))).toEqual(user);
  // Postgres stores no half of a character.
  expect(Buffer.from(packUser(user)).toString()).toBe(packUser(user));
});
