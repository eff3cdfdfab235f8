import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideListChange } from "../../../src/scoring/project-matching/list-change.ts";
import { compareMatches, type MatchRank } from "../../../src/scoring/project-matching/match.ts";

const rank = (score: number, volunteerId = 5): MatchRank => ({ score, matchedCount: 1, volunteerId });
const last = rank(0.5, 9);

describe("decideListChange", () => {
  it.each([
    ["is not on a list and does not match", { now: null, stored: null, full: true, lastOther: last }, "none"],
    ["leaves a list with room", { now: null, stored: rank(0.7), full: false, lastOther: last }, "remove"],
    ["leaves a full list", { now: null, stored: rank(0.7), full: true, lastOther: last }, "recompute"],
    ["enters a list with room", { now: rank(0.1), stored: null, full: false, lastOther: last }, "upsert"],
    [
      "beats the last of a full list",
      { now: rank(0.6), stored: null, full: true, lastOther: last },
      "upsert",
    ],
    [
      "ties with the last and has the lower id",
      { now: rank(0.5), stored: null, full: true, lastOther: last },
      "upsert",
    ],
    [
      "ties with the last and has the higher id",
      { now: rank(0.5, 10), stored: null, full: true, lastOther: last },
      "none",
    ],
    ["rises", { now: rank(0.8), stored: rank(0.7), full: true, lastOther: last }, "upsert"],
    ["stays the last", { now: rank(0.4), stored: rank(0.4), full: true, lastOther: last }, "upsert"],
    [
      "falls, but not to the end",
      { now: rank(0.6), stored: rank(0.7), full: true, lastOther: last },
      "upsert",
    ],
    [
      "falls to the end of a full list",
      { now: rank(0.4), stored: rank(0.7), full: true, lastOther: last },
      "recompute",
    ],
    [
      "falls in a full list of one",
      { now: rank(0.4), stored: rank(0.7), full: true, lastOther: null },
      "recompute",
    ],
    [
      "falls to the end of a list with room",
      { now: rank(0.4), stored: rank(0.7), full: false, lastOther: last },
      "upsert",
    ],
  ] as const)("for a volunteer who %s", (_, facts, change) => {
    expect(decideListChange(facts)).toBe(change);
  });

  it("leaves the list that sorting all volunteers gives, unless it asks for a recompute", () => {
    const score = fc.constantFrom(0.2, 0.4, 0.5, 0.6, 0.9);
    const entry = fc.record({ score, matchedCount: fc.integer({ min: 1, max: 2 }) });
    const others = fc.dictionary(fc.integer({ min: 1, max: 12 }).map(String), entry);
    const me = 6;
    fc.assert(
      fc.property(
        others,
        fc.option(entry, { nil: null }),
        fc.option(entry, { nil: null }),
        fc.integer({ min: 1, max: 5 }),
        (drawn, before, after, keep) => {
          const rest = Object.entries(drawn)
            .map(([id, one]): MatchRank => ({ ...one, volunteerId: Number(id) }))
            .filter(({ volunteerId }) => volunteerId !== me);
          const own = (one: typeof before): MatchRank[] => (one ? [{ ...one, volunteerId: me }] : []);
          const best = (all: MatchRank[]) => [...all].sort(compareMatches).slice(0, keep);
          const stored = best([...rest, ...own(before)]);
          const others = stored.filter(({ volunteerId }) => volunteerId !== me);
          const change = decideListChange({
            now: own(after)[0] ?? null,
            stored: stored.find(({ volunteerId }) => volunteerId === me) ?? null,
            full: stored.length >= keep,
            lastOther: others.at(-1) ?? null,
          });
          const changed = {
            none: stored,
            remove: others,
            upsert: best([...others, ...own(after)]),
            recompute: null,
          }[change];
          if (changed) expect(changed).toEqual(best([...rest, ...own(after)]));
          else expect(stored).toHaveLength(keep);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
