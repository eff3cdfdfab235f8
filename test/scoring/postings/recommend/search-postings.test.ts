import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMPONENT_BYTES, copyComponents } from "../../../../src/scoring/postings/recommend/components.ts";
import {
  type ClosedList,
  NO_FLOOR,
  servedCount,
} from "../../../../src/scoring/postings/recommend/diversity.ts";
import type { RecommendPosting, RecommendUser } from "../../../../src/scoring/postings/recommend/facts.ts";
import type { ListItem } from "../../../../src/scoring/postings/recommend/fill-list.ts";
import {
  isComplete,
  isSameList,
  keptEntries,
  mergedFloor,
  type OpenPosting,
} from "../../../../src/scoring/postings/recommend/merge-list.ts";
import {
  buildPostingIndex,
  companyNumber,
  type OpenIndex,
  openIndex,
} from "../../../../src/scoring/postings/recommend/posting-index.ts";
import { rarityIn, recommend } from "../../../../src/scoring/postings/recommend/recommend.ts";
import { DAY, FRESHNESS_STEPS } from "../../../../src/scoring/postings/recommend/score-posting.ts";
import { openBuffers } from "../../../../src/scoring/postings/recommend/search-buffers.ts";
import { searchPostings } from "../../../../src/scoring/postings/recommend/search-postings.ts";
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

  it("gives the same with more postings than are scored at a time", () => {
    fc.assert(
      fc.property(somePostings(600), aUser(1_200), (postings, user) => {
        const rarity = rarityIn(postings, SKILL_COUNT);
        const open = openIndex(buildPostingIndex(postings, SKILL_COUNT), rarity);
        expect(bare(searchPostings(open, openBuffers(open), user, { asOf: AS_OF }))).toEqual(
          reference(user, postings, AS_OF),
        );
      }),
      { numRuns: 25 },
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
    [
      "900 postings that score less than their bound, before others",
      Array.from({ length: 1_200 }, (_, n) => ({
        ...POSTING,
        id: n + 1,
        company: `c${n}`,
        skills: n < 900 ? [0, 1, 2, 11] : [0, 1, 2, 3 + (n % 4)],
        stack: n < 900 ? [11] : [],
        postedAt: AS_OF - (n % 3) * DAY,
      })),
    ],
    [
      "copies of four postings before others, when the title of 700 fits",
      Array.from({ length: 1_000 }, (_, n) => ({
        ...POSTING,
        id: n + 1,
        company: `c${n}`,
        cluster: n < 700 ? 1 + (n % 4) : null,
        roleWords: n < 700 ? POSTING.roleWords : ["engineer"],
        skills: [0, 1, 2, 3 + (n % 9)],
      })),
    ],
    [
      "skills that nearly every posting names, and a title that few have",
      Array.from({ length: 2_000 }, (_, n) => ({
        ...POSTING,
        id: n + 1,
        company: `c${n}`,
        roleWords: n % 10 === 0 ? POSTING.roleWords : n % 3 === 0 ? ["data"] : ["nurse"],
        skills: n % 40 === 1 ? [0, 1, 2] : [0, 3 + (n % 9)],
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

/** What a merge with an index of changed postings needs to know of a posting. */
const openPosting = (index: OpenIndex, posting: RecommendPosting, isChanged: boolean): OpenPosting => ({
  ...posting,
  company: companyNumber(index, posting.company),
  isChanged,
});

/** Entries as they would be stored. */
function stored({ items, floor }: ClosedList<ListItem>) {
  const components = new Uint8Array(items.length * COMPONENT_BYTES);
  copyComponents(components, 0, items);
  const ids = items.map(({ id }) => id);
  return { ids, scores: items.map(({ score }) => score), components, floor, asOf: AS_OF };
}

/** How many hours pass, how many postings are new, and which of them are gone or edited. */
type Changes = {
  readonly passed: number;
  readonly newcomers: number;
  readonly gone: readonly number[];
  readonly edited: readonly number[];
};

describe("a merge of new postings into a stored list", () => {
  it("equals a full computation, or requests one, while time passes and postings come and go", () => {
    let merged = 0;
    let same = 0;
    const changes: fc.Arbitrary<Changes> = fc.record({
      passed: fc.constantFrom(1, 24, 47, 48, 49, 120, 168),
      newcomers: fc.integer({ min: 0, max: 60 }),
      gone: fc.array(fc.nat(139), { maxLength: 15 }),
      edited: fc.array(fc.nat(139), { maxLength: 10 }),
    });
    // Otherwise hardly a list stays as it was: within an hour some posting is a step less fresh.
    const nothing = fc.constant<Changes>({ passed: 0, newcomers: 0, gone: [], edited: [] });
    fc.assert(
      fc.property(
        somePostings(140),
        aUser(280),
        fc.oneof({ weight: 7, arbitrary: changes }, { weight: 1, arbitrary: nothing }),
        (all, drawn, { passed, newcomers, gone, edited }) => {
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
          const index = openIndex(buildPostingIndex(changed, SKILL_COUNT), rarity);
          const open = new Map(
            now.map((posting, n) => [posting.id, openPosting(index, posting, isChanged(posting, n))]),
          );
          const kept = keptEntries(list, open, user, later);
          const options = { asOf: later, kept, floor: list.floor };
          const result = searchPostings(index, openBuffers(index), user, options);
          if (!isComplete(result, list.floor)) return;
          merged += 1;
          if (isSameList(result, list, later)) {
            same += 1;
            const scores = Array.from(list.scores);
            expect(bare(result).items).toEqual(list.ids.map((id, n) => ({ id, score: scores[n] })));
          }
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
    expect(same).toBeGreaterThan(0);
  });

  it("leaves a list as it is for half a day, where nothing of it has changed", () => {
    const kept = (index: number) => ({
      id: index,
      score: 0.9,
      cluster: null,
      company: index,
      components: new Uint8Array(),
      index,
    });
    const stored = {
      ids: [0, 1],
      scores: [0.9, 0.9],
      components: new Uint8Array(),
      floor: NO_FLOOR,
      asOf: AS_OF,
    };
    const merge = (...indexes: number[]) => ({
      items: indexes.map(kept),
      first: indexes.length,
      floor: NO_FLOOR,
    });
    expect(isSameList(merge(0, 1), stored, AS_OF + 12 * HOUR)).toBe(true);
    expect(isSameList(merge(0, 1), stored, AS_OF + 12 * HOUR + 1)).toBe(false);
    expect(isSameList(merge(0), stored, AS_OF)).toBe(false);
    expect(isSameList(merge(1, 0), stored, AS_OF)).toBe(false);
    expect(isSameList(merge(0, 1, 2), stored, AS_OF)).toBe(false);
  });

  it("treats an entry that was scored again as unchanged only if score and components are equal", () => {
    const open = openIndex(buildPostingIndex([POSTING], SKILL_COUNT), rarityIn([POSTING], SKILL_COUNT));
    const found = searchPostings(open, openBuffers(open), USER, { asOf: AS_OF });
    const list = stored(found);
    expect(isSameList(found, list, AS_OF)).toBe(true);
    expect(isSameList(found, { ...list, ids: [2] }, AS_OF)).toBe(false);
    expect(isSameList(found, { ...list, scores: [0.5] }, AS_OF)).toBe(false);
    const components = Uint8Array.from(list.components, (byte, n) => (n === 23 ? byte + 1 : byte));
    expect(isSameList(found, { ...list, components }, AS_OF)).toBe(false);
  });

  it("requests a full computation when a posting outside the list might beat the remaining entries", () => {
    const item = (n: number) => ({
      id: n,
      score: 0.9 - n / 1_000,
      cluster: null,
      company: n,
      components: new Uint8Array(),
      index: n,
    });
    const list = (count: number) => ({
      items: Array.from({ length: count }, (_, n) => item(n)),
      first: Math.min(20, count),
      floor: NO_FLOOR,
    });
    const floor = (score: number, id = 0) => ({ score, id });
    expect(isComplete(list(80), floor(0.8))).toBe(true);
    expect(isComplete(list(80), floor(0.86))).toBe(false);
    expect(isComplete(list(49), floor(0.5))).toBe(false);
    expect(isComplete(list(49), NO_FLOOR)).toBe(true);
    expect(isComplete(list(80), floor(Number.POSITIVE_INFINITY))).toBe(false);
  });

  it("is complete if outsiders score the same, but rank after the served entries", () => {
    const postings = Array.from({ length: 300 }, (_, n) => ({ ...POSTING, id: n + 1, company: `c${n}` }));
    const rarity = rarityIn(postings, SKILL_COUNT);
    const before = openIndex(buildPostingIndex(postings, SKILL_COUNT), rarity);
    const list = stored(searchPostings(before, openBuffers(before), USER, { asOf: AS_OF }));
    expect(list.floor).toMatchObject({ id: 80 });
    // Two entries are gone, and a posting with the same score is new: it comes after the floor.
    const fresh = openIndex(
      buildPostingIndex([{ ...POSTING, id: 301, company: "new" }], SKILL_COUNT),
      rarity,
    );
    const open = new Map(
      postings.slice(2).map((posting) => [posting.id, openPosting(fresh, posting, false)]),
    );
    const kept = keptEntries(list, open, USER, AS_OF);
    const options = { asOf: AS_OF, kept, floor: list.floor };
    const merged = searchPostings(fresh, openBuffers(fresh), USER, options);
    expect(merged.items.map(({ id }) => id)).toEqual(Array.from({ length: 78 }, (_, n) => n + 3));
    expect(isComplete(merged, list.floor)).toBe(true);
    expect(mergedFloor(merged, list.floor)).toEqual(list.floor);
  });
});

it("leaves out postings that the profile excludes", () => {
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
  // The fourth of one company comes after the top.
  expect(ids({})).toEqual([1, 2, 3, 4, 5]);
  expect(ids({ blacklist: new Set(["acme"]) })).toEqual([2]);
  expect(ids({ excludedKeywords: [["night", "shift"]] })).not.toContain(3);
  expect(ids({ excludedKeywords: [["shift", "night"]] })).toContain(3);
  expect(ids({ remoteOnly: true })).toEqual([4]);
  expect(ids({ freshnessDays: 3, blacklist: new Set() })).not.toContain(5);
});
