import { describe, expect, it } from "vitest";
import { decidePlace } from "../../../src/scoring/project-matching/list-change.ts";

const key = (score: number, volunteerId = 5) => ({ score, matchedCount: 1, volunteerId });
const last = key(0.5, 9);

describe("decidePlace", () => {
  it.each([
    ["nobody and nothing", { now: null, held: null, full: true, lastOther: last }, "leave"],
    ["leaves a list with room", { now: null, held: key(0.7), full: false, lastOther: last }, "remove"],
    ["leaves a full list", { now: null, held: key(0.7), full: true, lastOther: last }, "recompute"],
    ["enters a list with room", { now: key(0.1), held: null, full: false, lastOther: last }, "put"],
    ["beats the last of a full list", { now: key(0.6), held: null, full: true, lastOther: last }, "put"],
    [
      "ties with the last and has the lower id",
      { now: key(0.5), held: null, full: true, lastOther: last },
      "put",
    ],
    [
      "ties with the last and has the higher id",
      { now: key(0.5, 10), held: null, full: true, lastOther: last },
      "leave",
    ],
    ["rises", { now: key(0.8), held: key(0.7), full: true, lastOther: last }, "put"],
    ["stays the last", { now: key(0.4), held: key(0.4), full: true, lastOther: last }, "put"],
    ["falls, but not to the end", { now: key(0.6), held: key(0.7), full: true, lastOther: last }, "put"],
    [
      "falls to the end of a full list",
      { now: key(0.4), held: key(0.7), full: true, lastOther: last },
      "recompute",
    ],
    [
      "falls in a full list of one",
      { now: key(0.4), held: key(0.7), full: true, lastOther: null },
      "recompute",
    ],
    [
      "falls to the end of a list with room",
      { now: key(0.4), held: key(0.7), full: false, lastOther: last },
      "put",
    ],
  ] as const)("somebody who %s", (_, facts, decision) => {
    expect(decidePlace(facts)).toBe(decision);
  });
});
