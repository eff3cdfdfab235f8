import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { postingKeys } from "../../../src/scoring/postings/content-key.ts";
import { createCopyFinder, textBuckets } from "../../../src/scoring/postings/find-copies.ts";
import {
  areCopies,
  bucketsOf,
  comparedWords,
  shinglesOf,
} from "../../../src/scoring/postings/near-duplicate.ts";

/** Jaccard of the sets of five consecutive words, the plain way. */
function exactJaccard(a: readonly string[], b: readonly string[]): number {
  const sets = [a, b].map(
    (words) =>
      new Set(
        words.flatMap((_, i) => (i + 5 <= words.length ? [JSON.stringify(words.slice(i, i + 5))] : [])),
      ),
  );
  const [first, second] = sets as [Set<string>, Set<string>];
  const shared = [...first].filter((shingle) => second.has(shingle)).length;
  const all = first.size + second.size - shared;
  return all === 0 ? 0 : shared / all;
}

const word = fc.integer({ min: 0, max: 400 }).map((n) => `w${n}`);
const text = fc.array(word, { minLength: 40, maxLength: 200 });

/** A text, and the same with some of its words replaced. */
const pair = fc.tuple(text, fc.array(fc.tuple(fc.nat(), word), { maxLength: 12 })).map(([words, changes]) => {
  const other = [...words];
  for (const [at, replacement] of changes) other[at % other.length] = replacement;
  return [words, other] as const;
});

describe("near-duplicates", () => {
  it("copies are exactly the texts with a Jaccard of 0.8 or more", () => {
    const seen = { copies: 0, others: 0 };
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const isCopy = areCopies(shinglesOf(a), shinglesOf(b));
        seen[isCopy ? "copies" : "others"] += 1;
        expect(isCopy).toBe(exactJaccard(a, b) >= 0.8);
      }),
      { numRuns: 500 },
    );
    expect(Math.min(seen.copies, seen.others)).toBeGreaterThan(20);
    expect(areCopies(new Set(), new Set())).toBe(false);
  });

  it("a copy by text always has an exact Jaccard of 0.8 or more, and the same company and place", () => {
    const company = fc.constantFrom("a", "b");
    const place = fc.constantFrom("", "berlin", "remote");
    const posting = fc.tuple(pair, company, company, place, place);
    fc.assert(
      fc.property(posting, ([[a, b], companyA, companyB, placeA, placeB]) => {
        const alike = { title: "cook", content: null };
        const one = { ...alike, id: "1", company: companyA, place: placeA, description: a.join(" ") };
        const two = { ...alike, id: "2", company: companyB, place: placeB, description: b.join(" ") };
        const finder = createCopyFinder();
        finder.add(one, textBuckets(one));
        const isCopy = finder.find(two, textBuckets(two)) !== null;
        const isSimilar = exactJaccard(a, b) >= 0.8 && companyA === companyB && placeA === placeB;
        if (isCopy) expect(isSimilar).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["Engineer", "Wanted: Engineer", true],
    ["Data Analyst", "Analyst for Data", true],
    ["Sr. Engineer", "Senior Backend Engineer", true],
    ["Courier 17", "Courier 18", true],
    ["Senior Engineer", "Junior Engineer", false],
    ["Engineer", "Lead Engineer", false],
    ["Engineer II", "Engineer III", false],
    ["Engineer, Go", "Engineer, Rust", false],
    ["C++ Developer", "C# Developer", false],
    ["Night Nurse", "Day Nurse", false],
  ])("with one text, %s and %s are one opening: %s", (first, second, expected) => {
    const comparable = (id: string, title: string) => ({
      ...postingKeys({ title, company: "Acme", location: "Berlin", remoteType: null }),
      id,
      description: Array.from({ length: 60 }, (_, i) => `word${i}`).join(" "),
    });
    const [one, two] = [comparable("1", first), comparable("2", second)];
    const finder = createCopyFinder();
    finder.add(one, textBuckets(one));
    expect(finder.find(two, textBuckets(two)) !== null).toBe(expected);
  });

  it("texts with Jaccard 0.8 share a bucket in all but 2 of 10,000 cases", () => {
    const words = (seed: number) =>
      Array.from({ length: 120 }, (_, i) => `w${(seed * 7919 + i * 104_729) % 99_991}`);
    let missed = 0;
    for (let seed = 0; seed < 500; seed++) {
      const a = words(seed);
      // Two replaced words are in ten of 116 shingles: 106 shared of 126, a Jaccard of 0.84.
      const b = a.map((each, i) => (i === 30 || i === 80 ? "other" : each));
      expect(exactJaccard(a, b)).toBeGreaterThan(0.8);
      const buckets = new Set(bucketsOf(a, "acme", "berlin"));
      if (!bucketsOf(b, "acme", "berlin").some((bucket) => buckets.has(bucket))) missed += 1;
    }
    expect(missed).toBeLessThanOrEqual(1);
  });

  it("buckets are integers that Postgres and JavaScript hold exactly", () => {
    fc.assert(
      fc.property(text, fc.string(), fc.string(), (words, company, place) => {
        const buckets = bucketsOf(words, company, place);
        expect(buckets).toHaveLength(16);
        for (const bucket of buckets) expect(Number.isSafeInteger(bucket) && bucket >= 0).toBe(true);
        expect(bucketsOf(words, company, place)).toEqual(buckets);
      }),
    );
  });

  it("short texts are never compared", () => {
    expect(comparedWords("Apply now! ".repeat(9))).toBeNull();
    expect(textBuckets({ company: "acme", place: "", description: "Apply now! ".repeat(9) })).toEqual([]);
  });

  it("50,000 postings of one template in one bucket: each is compared with at most 16, so the time is linear", () => {
    const words = Array.from({ length: 60 }, (_, i) => `word${i}`);
    const finder = createCopyFinder();
    let reads = 0;
    for (let n = 0; n < 50_000; n++) {
      // The same buckets, but texts that are no copies: the worst case.
      const own = { id: String(n), company: "acme", place: "", title: "cook", content: null };
      const posting = Object.defineProperty({ ...own, description: "" }, "description", {
        get: () => {
          reads += 1;
          return words.map((each, i) => (i % 3 === 0 ? `${each}x${n}` : each)).join(" ");
        },
      });
      expect(finder.find(posting, [1, 2, 3])).toBeNull();
      finder.add(posting, [1, 2, 3]);
    }
    expect(reads).toBeLessThanOrEqual(50_000 + 16);
  });
});
