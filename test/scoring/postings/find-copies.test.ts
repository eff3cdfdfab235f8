import { expect, it } from "vitest";
import { type Comparable, createCopyFinder } from "../../../src/scoring/postings/find-copies.ts";

const COUNT = 50_000;
/** Compared with each posting at most. */
const COMPARED = 16;

it("50,000 postings of one template in one bucket take time that is linear in their number", () => {
  const reads = { companies: 0, descriptions: 0 };
  const finder = createCopyFinder();
  let kept = 0;
  for (let n = 0; n < COUNT; n++) {
    // A third of the words differ: the buckets are equal, and no posting is a copy of another.
    const words = Array.from({ length: 12 }, (_, word) =>
      word % 3 === 0 ? `own${n}x${word}` : `same${word}`,
    );
    const posting: Comparable = {
      id: String(n),
      content: null,
      place: "berlin",
      title: "cook",
      get company() {
        reads.companies += 1;
        return "acme";
      },
      get description() {
        reads.descriptions += 1;
        return words.join(" ");
      },
    };
    expect(finder.find(posting, [7])).toBeNull();
    kept += finder.add(posting, [7]).length;
  }
  expect(kept).toBe(COMPARED);
  expect(reads.companies).toBeLessThanOrEqual(2 * COMPARED * COUNT);
  expect(reads.descriptions).toBeLessThanOrEqual(2 * COUNT);
});
