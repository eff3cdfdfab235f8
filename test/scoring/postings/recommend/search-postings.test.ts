import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ClosedList, servedCount } from "../../../../src/scoring/postings/diversity.ts";
import { COMPONENT_BYTES, writeComponents } from "../../../../src/scoring/postings/recommend/components.ts";
import type { RecommendPosting, RecommendUser } from "../../../../src/scoring/postings/recommend/facts.ts";
import {
  isComplete,
  keptEntries,
  type OpenPosting,
} from "../../../../src/scoring/postings/recommend/merge-list.ts";
import { buildPostingIndex, openIndex } from "../../../../src/scoring/postings/recommend/posting-index.ts";
import { rarityIn, recommend } from "../../../../src/scoring/postings/recommend/recommend.ts";
import { DAY, FRESHNESS_STEPS } from "../../../../src/scoring/postings/recommend/score-posting.ts";
import {
  type Found,
  type ListItem,
  openBuffers,
  searchPostings,
} from "../../../../src/scoring/postings/recommend/search-postings.ts";
import { AS_OF, aUser, POSTING, somePostings, USER } from "../../../support/recommend-facts.ts";

const SKILL_COUNT = 12;
const HOUR = 3_600_000;

/** What the order and the scores of a list are, without what it is explained by. */
const bare = ({ items, first, floor }: ClosedList<ListItem>) => ({
  items: items.map(({ id, score }) => ({ id, score })),
  first,
  floor,
});

const reference = (
  user: RecommendUser,
  postings: readonly RecommendPosting[],
  asOf: number,
  semanticOf: ((posting: RecommendPosting) => number) | null = null,
  rarity = rarityIn(postings, SKILL_COUNT),
) => {
  const list = recommend(user, postings, { rarity, asOf }, semanticOf);
  return { ...list, items: list.items.map(({ posting, score }) => ({ id: posting.id, score })) };
};

describe("the search by index", () => {
  it("gives the ids, scores and order of the reference, one user after another", () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 120 })
          .chain((count) =>
            fc.tuple(somePostings(count), fc.array(aUser(2 * count), { minLength: 1, maxLength: 4 })),
          ),
        ([postings, users]) => {
          const open = openIndex(buildPostingIndex(postings, SKILL_COUNT), rarityIn(postings, SKILL_COUNT));
          const buffers = openBuffers(open);
          for (const user of users)
            expect(bare(searchPostings(open, buffers, user, { asOf: AS_OF }))).toEqual(
              reference(user, postings, AS_OF),
            );
        },
      ),
      { numRuns: 150 },
    );
  });

  it("does so with embeddings, when any posting may be listed", () => {
    fc.assert(
      fc.property(
        somePostings(40),
        aUser(80),
        fc.array(fc.constantFrom(0, 0.25, 0.5, 1), { minLength: 40, maxLength: 40 }),
        (postings, user, cosines) => {
          const open = openIndex(buildPostingIndex(postings, SKILL_COUNT), rarityIn(postings, SKILL_COUNT));
          const found = searchPostings(open, openBuffers(open), user, {
            asOf: AS_OF,
            cosines: Float64Array.from(cosines),
          });
          expect(bare(found)).toEqual(reference(user, postings, AS_OF, ({ id }) => cosines[(id - 1) / 2]!));
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each<[string, RecommendPosting[]]>([
    ["no posting", []],
    [
      "5,000 equal postings of one company",
      Array.from({ length: 5_000 }, (_, n) => ({ ...POSTING, id: n + 1 })),
    ],
    [
      "5,000 copies of one posting",
      Array.from({ length: 5_000 }, (_, n) => ({ ...POSTING, id: n + 1, cluster: 7, company: `c${n}` })),
    ],
    [
      "one company before all others",
      Array.from({ length: 3_000 }, (_, n) => ({
        ...POSTING,
        id: n + 1,
        company: n < 2_500 ? "acme" : `c${n}`,
        skills: n < 2_500 ? [0, 1, 2] : [0],
      })),
    ],
    ["a posting that names every skill", [{ ...POSTING, skills: Array.from({ length: 12 }, (_, n) => n) }]],
  ])("gives the same with %s", (_, postings) => {
    const open = openIndex(buildPostingIndex(postings, SKILL_COUNT), rarityIn(postings, SKILL_COUNT));
    expect(bare(searchPostings(open, openBuffers(open), USER, { asOf: AS_OF }))).toEqual(
      reference(USER, postings, AS_OF),
    );
  });
});

/** Entries as they would be stored. */
function stored({ items, floor }: ClosedList<ListItem>) {
  const components = new Uint8Array(items.length * COMPONENT_BYTES);
  for (const [n, item] of items.entries())
    writeComponents(new DataView(components.buffer), n * COMPONENT_BYTES, (item as Found).components);
  return { ids: items.map(({ id }) => id), scores: items.map(({ score }) => score), components, floor };
}

describe("a merge of new postings into a stored list", () => {
  it("gives what a full computation gives, or asks for one, while time passes and postings come and go", () => {
    let merged = 0;
    const hours = fc.constantFrom(1, 24, 47, 48, 49, 120, 168);
    fc.assert(
      fc.property(
        somePostings(140),
        aUser(280),
        hours,
        fc.integer({ min: 0, max: 60 }),
        fc.array(fc.nat(139), { maxLength: 15 }),
        fc.array(fc.nat(139), { maxLength: 10 }),
        (all, drawn, passed, newcomers, gone, edited) => {
          const user = { ...drawn, freshnessDays: 30 };
          const later = AS_OF + passed * HOUR;
          const old = all
            .slice(newcomers)
            .map((posting) => ({ ...posting, scrapedAt: Math.min(posting.scrapedAt, AS_OF) }));
          const fresh = all.slice(0, newcomers).map((posting) => ({
            ...posting,
            postedAt: Math.min(posting.postedAt, later),
            scrapedAt: later - HOUR / 2,
          }));
          const rarity = rarityIn(old, SKILL_COUNT);
          const before = openIndex(buildPostingIndex(old, SKILL_COUNT), rarity);
          const list = stored(searchPostings(before, openBuffers(before), user, { asOf: AS_OF }));
          const now = [...old, ...fresh]
            .filter((_, n) => !gone.includes(n))
            .map((posting, n) => (edited.includes(n) ? { ...posting, skills: [0, 1] } : posting));
          const crossed = ({ postedAt }: RecommendPosting) =>
            FRESHNESS_STEPS.some((step) => postedAt + step >= AS_OF && postedAt + step <= later);
          const isChanged = (posting: RecommendPosting, n: number) =>
            posting.scrapedAt > AS_OF || edited.includes(n) || posting.cluster !== null || crossed(posting);
          const changed = now.filter(isChanged);
          const open = new Map<number, OpenPosting>(
            now.map((posting, n) => [posting.id, { ...posting, isChanged: isChanged(posting, n) }]),
          );
          const index = openIndex(buildPostingIndex(changed, SKILL_COUNT), rarity);
          const kept = keptEntries(list, open, user, later);
          const result = searchPostings(index, openBuffers(index), user, { asOf: later, kept });
          if (!isComplete(result, list.floor)) return;
          merged += 1;
          const full = reference(user, now, later, null, rarity);
          const served = servedCount(result.items.length, result.first);
          expect(bare(result).items.slice(0, served)).toEqual(
            full.items.slice(0, servedCount(full.items.length, full.first)),
          );
        },
      ),
      { numRuns: 200 },
    );
    expect(merged).toBeGreaterThan(20);
  });

  it("asks for a full computation when all that is left might be beaten by what was left out", () => {
    const item = (n: number) => ({
      id: n,
      score: 0.9 - n / 1_000,
      cluster: null,
      company: n,
      stored: new Uint8Array(),
    });
    const list = (count: number) => ({
      items: Array.from({ length: count }, (_, n) => item(n)),
      first: Math.min(20, count),
      floor: 0,
    });
    expect(isComplete(list(80), 0.8)).toBe(true);
    expect(isComplete(list(80), 0.86)).toBe(false);
    expect(isComplete(list(49), 0.5)).toBe(false);
    expect(isComplete(list(49), 0)).toBe(true);
    expect(isComplete(list(80), Number.POSITIVE_INFINITY)).toBe(false);
  });
});

it("leaves out what the profile rules out", () => {
  const postings = [
    POSTING,
    { ...POSTING, id: 2, company: "globex" },
    { ...POSTING, id: 3, textWords: ["no", "night", "shift"] },
    { ...POSTING, id: 4, isRemote: true },
    { ...POSTING, id: 5, postedAt: AS_OF - 6 * DAY },
  ];
  const open = openIndex(buildPostingIndex(postings, SKILL_COUNT), rarityIn(postings, SKILL_COUNT));
  const ids = (changes: Partial<RecommendUser>) =>
    searchPostings(open, openBuffers(open), { ...USER, ...changes }, { asOf: AS_OF }).items.map(
      ({ id }) => id,
    );
  // The fourth of one company comes after the first places.
  expect(ids({})).toEqual([1, 2, 3, 4, 5]);
  expect(ids({ blacklist: new Set(["acme"]) })).toEqual([2]);
  expect(ids({ excludedKeywords: [["night", "shift"]] })).not.toContain(3);
  expect(ids({ excludedKeywords: [["shift", "night"]] })).toContain(3);
  expect(ids({ remoteOnly: true })).toEqual([4]);
  expect(ids({ freshnessDays: 3, blacklist: new Set() })).not.toContain(5);
});
