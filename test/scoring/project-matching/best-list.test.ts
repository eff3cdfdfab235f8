import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openBestList } from "../../../src/scoring/project-matching/best-list.ts";
import { compareMatches } from "../../../src/scoring/project-matching/match.ts";

const offers = fc.uniqueArray(fc.integer({ min: 1, max: 1_000 }), { maxLength: 60 }).chain((ids) =>
  fc.tuple(
    ...ids.map((volunteerId) =>
      fc.record({
        score: fc.constantFrom(0.1, 0.5, 0.500001, 1),
        matchedCount: fc.integer({ min: 1, max: 3 }),
        volunteerId: fc.constant(volunteerId),
      }),
    ),
  ),
);

describe("openBestList", () => {
  it("keeps the entries that sorting all offers gives, whatever their order", () => {
    fc.assert(
      fc.property(offers, fc.integer({ min: 1, max: 20 }), (given, keep) => {
        const list = openBestList(keep);
        for (const { score, matchedCount, volunteerId } of given)
          list.offer(score, matchedCount, volunteerId);
        const best = [...given].sort(compareMatches).slice(0, keep);
        expect(list.sorted()).toEqual(best.map(({ volunteerId }) => volunteerId));
        expect(list.full()).toBe(given.length >= keep);
        if (list.full()) expect(list.worstScore()).toBe(best.at(-1)?.score);
      }),
    );
  });

  it("reports whether an offer was kept", () => {
    const list = openBestList(1);
    expect(list.offer(0.5, 1, 7)).toBe(true);
    expect(list.offer(0.5, 1, 8)).toBe(false);
    expect(list.offer(0.5, 1, 6)).toBe(true);
  });
});
