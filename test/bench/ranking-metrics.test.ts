import { describe, expect, it } from "vitest";
import { ndcgAt, recallAt } from "../../bench/src/ranking-metrics.ts";

const ranked = (...items: [score: number, isRelevant: boolean][]) =>
  items.map(([score, isRelevant]) => ({ score, isRelevant }));

describe("NDCG", () => {
  it("is 1 for an ideal ranking and 0 without right answers", () => {
    expect(ndcgAt(ranked([3, true], [2, true], [1, false]), 10)).toBe(1);
    expect(ndcgAt(ranked([3, false], [2, false]), 10)).toBe(0);
  });

  it("discounts by log2(rank + 1)", () => {
    // DCG 1/log2(3) + 1/log2(4); ideal 1/log2(2) + 1/log2(3).
    const dcg = 1 / Math.log2(3) + 0.5;
    expect(ndcgAt(ranked([3, false], [2, true], [1, true]), 10)).toBeCloseTo(
      dcg / (1 + 1 / Math.log2(3)),
      12,
    );
  });

  it("uses only the first k, and idealizes min(k, right answers)", () => {
    expect(ndcgAt(ranked([3, true], [2, false], [1, true]), 1)).toBe(1);
    expect(ndcgAt(ranked([3, false], [2, true]), 1)).toBe(0);
  });

  it("gives each place of a tie the mean gain of its group", () => {
    // One of two at rank 1 or 2: 0.5 at each.
    const tied = ranked([1, true], [1, false]);
    expect(ndcgAt(tied, 10)).toBeCloseTo(0.5 + 0.5 / Math.log2(3), 12);
    expect(ndcgAt(tied, 1)).toBeCloseTo(0.5, 12);
    expect(ndcgAt([...tied].reverse(), 10)).toBe(ndcgAt(tied, 10));
  });
});

describe("recall", () => {
  it("is the share of right answers in the first k, ties shared", () => {
    expect(recallAt(ranked([3, true], [2, false], [1, true]), 2)).toBe(0.5);
    expect(recallAt(ranked([1, true], [1, false]), 1)).toBe(0.5);
    expect(recallAt(ranked([1, false]), 1)).toBe(0);
  });
});
