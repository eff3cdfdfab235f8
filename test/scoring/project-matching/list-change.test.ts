import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideListChanges } from "../../../src/scoring/project-matching/list-change.ts";
import { compareMatches, type MatchRank } from "../../../src/scoring/project-matching/match.ts";

const rank = (score: number, volunteerId = 5): MatchRank => ({ score, matchedCount: 1, volunteerId });
const last = rank(0.5, 9);
const full = { size: 2, capacity: 2, last };
const withRoom = { size: 2, capacity: 3, last };

describe("decideListChanges", () => {
  it.each([
    ["is not on a full list and does not match", full, { now: null, isStored: false }, "none"],
    ["leaves a list with room", withRoom, { now: null, isStored: true }, "remove"],
    ["leaves a full list", full, { now: null, isStored: true }, "recompute"],
    ["enters a list with room", withRoom, { now: rank(0.1), isStored: false }, "upsert"],
    [
      "enters an empty list",
      { size: 0, capacity: 2, last: null },
      { now: rank(0.1), isStored: false },
      "upsert",
    ],
    ["beats the last of a full list", full, { now: rank(0.6), isStored: false }, "upsert"],
    ["ties with the last and has the lower id", full, { now: rank(0.5), isStored: false }, "upsert"],
    ["ties with the last and has the higher id", full, { now: rank(0.5, 10), isStored: false }, "none"],
    ["rises", full, { now: rank(0.8), isStored: true }, "upsert"],
    ["stays the last", full, { now: last, isStored: true }, "upsert"],
    ["falls, but not to the end", full, { now: rank(0.6), isStored: true }, "upsert"],
    ["falls below the end of a full list", full, { now: rank(0.4), isStored: true }, "recompute"],
    ["falls to the end of a list with room", withRoom, { now: rank(0.4), isStored: true }, "upsert"],
    // Its capacity was lowered: one row more than it may hold.
    [
      "leaves a list that holds too many",
      { size: 3, capacity: 2, last },
      { now: null, isStored: true },
      "remove",
    ],
  ] as const)("for a volunteer who %s", (_, list, one, change) => {
    const changes = decideListChanges({ ...list, changed: [one] });
    expect(changes === "recompute" ? changes : changes[0]).toBe(change);
  });

  it("lets one who rises take the place of one who leaves a full list", () => {
    const changed = [
      { now: null, isStored: true },
      { now: rank(0.7), isStored: false },
    ];
    expect(decideListChanges({ ...full, changed })).toEqual(["remove", "upsert"]);
  });

  it("leaves the list that sorting all volunteers gives, unless it asks for a recompute", () => {
    const entry = fc.option(
      fc.record({
        score: fc.constantFrom(0.2, 0.4, 0.5, 0.6, 0.9),
        matchedCount: fc.integer({ min: 1, max: 2 }),
      }),
      { nil: null },
    );
    const people = fc.array(fc.record({ before: entry, after: entry, isChanged: fc.boolean() }), {
      maxLength: 14,
    });
    let recomputes = 0;
    fc.assert(
      fc.property(people, fc.integer({ min: 1, max: 6 }), (drawn, capacity) => {
        const ranks = (read: (one: (typeof drawn)[number]) => Omit<MatchRank, "volunteerId"> | null) =>
          drawn.flatMap((one, volunteerId): MatchRank[] => {
            const found = read(one);
            return found === null ? [] : [{ ...found, volunteerId }];
          });
        const best = (all: MatchRank[]) => [...all].sort(compareMatches).slice(0, capacity);
        const stored = best(ranks(({ before }) => before));
        const after = ranks((one) => (one.isChanged ? one.after : one.before));
        const ids = drawn.flatMap(({ isChanged }, id) => (isChanged ? [id] : []));
        const changed = ids.map((id) => ({
          now: after.find(({ volunteerId }) => volunteerId === id) ?? null,
          isStored: stored.some(({ volunteerId }) => volunteerId === id),
        }));
        const changes = decideListChanges({
          size: stored.length,
          capacity,
          last: stored.at(-1) ?? null,
          changed,
        });
        if (changes === "recompute") {
          recomputes += 1;
          expect(stored).toHaveLength(capacity);
          return;
        }
        const touched = new Set(ids.filter((_, n) => changes[n] !== "none"));
        const upserts = changed.flatMap(({ now }, n) => (changes[n] === "upsert" && now ? [now] : []));
        const left = stored.filter(({ volunteerId }) => !touched.has(volunteerId));
        expect(best([...left, ...upserts])).toEqual(best(after));
      }),
      { numRuns: 5_000 },
    );
    expect(recomputes).toBeGreaterThan(0);
  });
});
