import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gatherFeedCandidates, indexPosts } from "../../../src/scoring/feeds/gather-candidates.ts";
import { orderPosts } from "../../../src/scoring/feeds/merge-order.ts";
import { presortPosts } from "../../../src/scoring/feeds/presort-posts.ts";

const AT = Date.parse("2026-06-10T00:00:00Z");
const HOUR = 3_600_000;
const ME = 1;

const people = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 50 });

/** Many posts of few authors, some at the same time, older than a week, or of the future. */
const posts = fc.array(
  fc.record({
    authorId: fc.integer({ min: 1, max: 60 }),
    hours: fc.oneof(fc.integer({ min: -2, max: 180 }), fc.double({ min: 0, max: 50, noNaN: true })),
    isPublic: fc.boolean(),
    quality: fc.constantFrom(0, 0.25, 1),
    topics: fc.subarray(["garden", "chess", "river"]),
    trend: fc.option(fc.integer({ min: -3, max: 3 })),
  }),
  { minLength: 20, maxLength: 400 },
);

describe("presortPosts", () => {
  it("equals the reference", () => {
    const seen = { following: 0, followers: 0, friends: 0, own: 0 };
    fc.assert(
      fc.property(
        posts,
        fc.record({ following: people, followers: people, friends: people, blocked: people }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0, max: 1, noNaN: true }))),
        (drawn, relations, shares) => {
          const index = indexPosts(
            drawn.map(({ hours, ...post }, n) => ({ ...post, id: n + 1, createdAt: AT - hours * HOUR })),
          );
          const taste = { creators: new Map(shares), topics: new Map([["garden", 0.3]]) };
          const found = presortPosts(ME, relations, index, taste, AT);
          expect(found).toEqual(orderPosts(gatherFeedCandidates(ME, relations, index, taste), AT));
          for (const { source } of found) seen[source] += 1;
        },
      ),
      { numRuns: 300, seed: 17 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
  });
});
