import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Components } from "../../../src/scoring/postings/recommend/components.ts";
import { LIST_SIZES, openList, servedCount } from "../../../src/scoring/postings/recommend/diversity.ts";
import { companyKey } from "../../../src/scoring/postings/recommend/read-facts.ts";
import { type Feedback, type StoredEntry, serveList } from "../../../src/scoring/postings/serve-list.ts";

const COMPONENTS: Components = {
  skillKeys: [],
  matchedCount: 0,
  skills: 0,
  title: 0,
  remote: false,
  seniority: false,
  freshness: 0,
  belowSalary: false,
  missesStack: false,
  dismissedCompany: 0,
  dismissedWords: 0,
  seenDays: 0,
  semantic: null,
  interest: 0,
};

const entry = (id: number, score: number, fields: Partial<StoredEntry> = {}): StoredEntry => ({
  id,
  score,
  components: COMPONENTS,
  cluster: null,
  company: `Company ${id}`,
  title: "Gardener",
  ...fields,
});

const NONE: Feedback = {
  hidden: new Set(),
  dismissedCompanies: new Map(),
  dismissedWords: new Set(),
  seenDays: new Map(),
};

const idsOf = (entries: readonly StoredEntry[], feedback: Partial<Feedback> = {}): number[] =>
  serveList(entries, { ...NONE, ...feedback }).map(({ entry: { id } }) => id);

const scoresOf = (entries: readonly StoredEntry[], feedback: Partial<Feedback> = {}): number[] =>
  serveList(entries, { ...NONE, ...feedback }).map(({ score }) => score);

describe("serveList", () => {
  it("leaves out hidden postings, and fills their places from the reserve", () => {
    const entries = Array.from({ length: 80 }, (_, n) => entry(n + 1, 1 - n / 200));
    expect(idsOf(entries)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
    expect(idsOf(entries, { hidden: new Set([1, 3]) })).toEqual([
      2,
      ...Array.from({ length: 49 }, (_, n) => n + 4),
    ]);
  });

  it("lowers postings of a dismissed company at once, by 0.8 for each of at most three dismissals", () => {
    const entries = [entry(1, 0.9, { company: "Acme GmbH" }), entry(2, 0.8)];
    const dismissed = (times: number) => ({ dismissedCompanies: new Map([["acme", times]]) });
    expect(idsOf(entries, dismissed(1))).toEqual([2, 1]);
    expect(scoresOf(entries, dismissed(1))[1]).toBeCloseTo(0.72, 12);
    expect(scoresOf(entries, dismissed(9))[1]).toBeCloseTo(0.9 * 0.512, 12);
  });

  it("lowers titles that share role words with dismissed ones", () => {
    const entries = [entry(1, 0.5, { title: "Senior Data Engineer" })];
    expect(scoresOf(entries, { dismissedWords: new Set(["data", "engineer"]) })[0]).toBeCloseTo(
      0.5 * 0.9025,
      12,
    );
  });

  it("undoes a factor that the list was computed with", () => {
    const computed = entry(1, 0.8 * 0.8, { components: { ...COMPONENTS, dismissedCompany: 1 } });
    expect(scoresOf([computed])[0]).toBeCloseTo(0.8, 12);
  });

  it("lowers postings seen on three days without a click, and leaves out those seen on six", () => {
    const entries = [entry(1, 0.9), entry(2, 0.8), entry(3, 0.7)];
    const seenDays = new Map([
      [1, 3],
      [2, 6],
      [3, 2],
    ]);
    expect(serveList(entries, { ...NONE, seenDays })).toMatchObject([
      { entry: { id: 1 }, score: expect.closeTo(0.72, 12) },
      { entry: { id: 3 }, score: 0.7 },
    ]);
  });

  it("leaves out postings below the minimum", () => {
    expect(
      idsOf([entry(1, 0.24, { company: "Acme" })], { dismissedCompanies: new Map([["acme", 1]]) }),
    ).toEqual([]);
  });

  it("shows at most three postings of a company among the first 20, and copies once", () => {
    const entries = [
      ...Array.from({ length: 5 }, (_, n) => entry(n + 1, 0.9 - n / 100, { company: "Acme" })),
      ...Array.from({ length: 30 }, (_, n) => entry(n + 10, 0.8 - n / 100)),
      entry(100, 0.7, { cluster: 7 }),
      entry(101, 0.6, { cluster: 7 }),
    ];
    const ids = idsOf(entries);
    expect(ids.slice(0, 4)).toEqual([1, 2, 3, 10]);
    expect(ids.slice(0, 20).filter((id) => id <= 5)).toHaveLength(3);
    expect(ids.filter((id) => id >= 100)).toEqual([100]);
  });

  it("without feedback serves a stored list as it was stored", () => {
    const posting = fc.record({
      score: fc.integer({ min: 20, max: 100 }),
      company: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(posting, { maxLength: 150 }), (postings) => {
        const offered = postings
          .map(({ score, company }, n) => entry(n + 1, score / 100, { company: `Company ${company}` }))
          .sort((a, b) => b.score - a.score || a.id - b.id);
        const list = openList<StoredEntry>();
        for (const one of offered)
          if (list.offer(one, { cluster: null, company: companyKey(one.company) }, one)) break;
        const { items, first } = list.close();
        expect(items.length).toBeLessThanOrEqual(LIST_SIZES.stored);
        expect(serveList(items, NONE)).toEqual(
          items.slice(0, servedCount(items.length, first)).map((one) => ({ entry: one, score: one.score })),
        );
      }),
    );
  });
});
