import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diversityOf, feedScore, feedTerms, recencyOf } from "../../../src/scoring/feeds/feed-score.ts";

const HOUR = 3_600_000;
const AS_OF = Date.parse("2026-06-01T00:00:00Z");

describe("recencyOf", () => {
  it("is min(1, 1 / ln(2 + hours))", () => {
    expect([recencyOf(0), recencyOf(0.7), recencyOf(-5)]).toEqual([1, 1, 1]);
    expect(recencyOf(10)).toBeCloseTo(0.402_429_604, 9);
    expect(recencyOf(168)).toBeCloseTo(0.194_711_7, 6);
  });

  it("never rises with time", () => {
    const hours = fc.double({ min: 0, max: 1_000, noNaN: true });
    fc.assert(
      fc.property(hours, hours, (a, b) => {
        expect(recencyOf(Math.max(a, b))).toBeLessThanOrEqual(recencyOf(Math.min(a, b)));
      }),
    );
  });
});

describe("feedScore", () => {
  const post = { createdAt: AS_OF - 10 * HOUR, affinity: 0.5, quality: 0.8, newer: 0 };

  it("is 0.6 recency + 0.3 affinity + 0.1 quality", () => {
    expect(feedScore(post, AS_OF)).toBeCloseTo(0.6 * 0.402_429_604 + 0.15 + 0.08, 9);
  });

  // Named regression 2.
  it("depends on affinity and quality", () => {
    expect(feedScore(post, AS_OF)).toBeGreaterThan(feedScore({ ...post, affinity: 0 }, AS_OF));
    expect(feedScore(post, AS_OF)).toBeGreaterThan(feedScore({ ...post, quality: 0 }, AS_OF));
  });

  it("is 0.2 less for what was seen", () => {
    expect(feedScore(post, AS_OF) - feedScore(post, AS_OF, true)).toBeCloseTo(0.2, 12);
  });

  it("is half for the second post of an author, and a quarter for further ones", () => {
    expect([0, 1, 2, 3].map(diversityOf)).toEqual([1, 0.5, 0.25, 0.25]);
    expect(feedScore({ ...post, newer: 1 }, AS_OF)).toBeCloseTo(feedScore(post, AS_OF) / 2, 12);
  });

  it("is explained by its terms", () => {
    const { recency, affinity, quality, diversity, score } = feedTerms({ ...post, newer: 2 }, AS_OF, true);
    expect(score).toBeCloseTo(diversity * (0.6 * recency + 0.3 * affinity + 0.1 * quality) - 0.2, 12);
  });
});
