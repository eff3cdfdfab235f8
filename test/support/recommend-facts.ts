import fc from "fast-check";
import type { RecommendPosting, RecommendUser } from "../../src/scoring/postings/recommend/facts.ts";
import { DAY } from "../../src/scoring/postings/recommend/score-posting.ts";
import { LEVELS } from "../../src/scoring/postings/recommend/title.ts";

/** 07:00 on a day, in milliseconds. */
export const AS_OF = Date.UTC(2026, 5, 2, 7);

/** Few of each, so that most things match, tie, and come in several copies. */
const skill = fc.integer({ min: 0, max: 11 });
const skillSet = fc.uniqueArray(skill, { maxLength: 8 }).map((list) => list.sort((a, b) => a - b));
const word = fc.constantFrom("data", "engineer", "nurse", "manager", "chief");
const roleWords = fc.uniqueArray(word, { maxLength: 3 });
const company = fc.constantFrom("acme", "globex", "initech");
const level = fc.option(fc.constantFrom(...LEVELS));
const salary = fc.option(
  fc.record({ yearly: fc.constantFrom(30_000, 50_000, 1e9), currency: fc.constantFrom("EUR", "USD") }),
);
/** On both sides of every step of freshness, and of the window. */
const age = fc.constantFrom(-1, 0, 1, 2 * DAY, 2 * DAY + 1, 6.9 * DAY, 7 * DAY, 7 * DAY + 1, 40 * DAY);

export const aPosting = (id: number): fc.Arbitrary<RecommendPosting> =>
  fc
    .record({
      cluster: fc.option(fc.integer({ min: 1, max: 4 }), { freq: 4 }),
      company,
      skills: skillSet,
      roleWords,
      level,
      textWords: fc.array(word, { maxLength: 6 }),
      isRemote: fc.boolean(),
      salary,
      postedAge: age,
      scrapedAge: age,
      stackSize: fc.nat(2),
    })
    .map(({ postedAge, scrapedAge, stackSize, ...posting }) => ({
      id,
      ...posting,
      stack: posting.skills.slice(0, stackSize),
      postedAt: AS_OF - postedAge,
      scrapedAt: AS_OF - scrapedAge,
    }));

export const somePostings = (count: number): fc.Arbitrary<RecommendPosting[]> =>
  fc.tuple(...Array.from({ length: count }, (_, n) => aPosting(2 * n + 1)));

export const aUser = (lastId: number): fc.Arbitrary<RecommendUser> =>
  fc
    .record({
      id: fc.constant(1),
      skills: skillSet,
      targets: fc.array(
        fc.uniqueArray(fc.oneof(word, fc.constant("unknown")), { minLength: 1, maxLength: 3 }),
        {
          maxLength: 3,
        },
      ),
      level,
      wantsRemote: fc.boolean(),
      remoteOnly: fc.boolean().map((only) => only),
      salary,
      excludedKeywords: fc.array(fc.array(word, { minLength: 1, maxLength: 2 }), { maxLength: 1 }),
      blacklist: fc.array(fc.oneof(company, fc.constant("nobody")), { maxLength: 1 }),
      freshnessDays: fc.constantFrom(1, 7, 30),
      hidden: fc.array(fc.integer({ min: 1, max: lastId }), { maxLength: 5 }),
      dismissedCompanies: fc.array(fc.tuple(company, fc.integer({ min: 1, max: 5 })), { maxLength: 2 }),
      dismissedWords: fc.array(word, { maxLength: 3 }),
      seenDays: fc.array(fc.tuple(fc.integer({ min: 1, max: lastId }), fc.integer({ min: 1, max: 8 })), {
        maxLength: 8,
      }),
      interests: fc.array(word, { maxLength: 2 }),
    })
    .map((user) => ({
      ...user,
      blacklist: new Set(user.blacklist),
      hidden: new Set(user.hidden),
      dismissedCompanies: new Map(user.dismissedCompanies),
      dismissedWords: new Set(user.dismissedWords),
      seenDays: new Map(user.seenDays),
      interests: new Set(user.interests),
    }));

/** A user who wants everything. */
export const USER: RecommendUser = {
  id: 1,
  skills: [0, 1, 2],
  targets: [["data", "engineer"]],
  level: null,
  wantsRemote: false,
  remoteOnly: false,
  salary: null,
  excludedKeywords: [],
  blacklist: new Set(),
  freshnessDays: 30,
  hidden: new Set(),
  dismissedCompanies: new Map(),
  dismissedWords: new Set(),
  seenDays: new Map(),
  interests: new Set(),
};

/** A posting that fits USER. */
export const POSTING: RecommendPosting = {
  id: 1,
  cluster: null,
  company: "acme",
  skills: [0, 1, 2],
  stack: [],
  roleWords: ["data", "engineer"],
  level: null,
  textWords: ["data", "engineer", "acme"],
  isRemote: false,
  salary: null,
  postedAt: AS_OF,
  scrapedAt: AS_OF,
};
