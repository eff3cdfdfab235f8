import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rarityOf } from "../../../../src/scoring/postings/recommend/facts.ts";
import {
  companyKey,
  type PostingRow,
  postingFacts,
  readUser,
  type UserRow,
} from "../../../../src/scoring/postings/recommend/read-facts.ts";
import {
  DAY,
  exclusionOf,
  FRESHNESS_STEPS,
  freshnessStep,
  RECOMMEND_WEIGHTS,
  type ScoreTerms,
  scoreOf,
  scorePosting,
  skillShare,
  titleShare,
} from "../../../../src/scoring/postings/recommend/score-posting.ts";
import { levelOf, roleWordsOf } from "../../../../src/scoring/postings/recommend/title.ts";
import { SKILLS } from "../../../../src/scoring/postings/skills/vocabulary.ts";
import { AS_OF, aPosting, aUser, POSTING, USER } from "../../../support/recommend-facts.ts";

const TERMS: ScoreTerms = {
  skills: 1,
  title: 1,
  remote: true,
  seniority: true,
  freshness: 0,
  belowSalary: false,
  missesStack: false,
  dismissedCompany: 0,
  dismissedWords: 0,
  seenDays: 0,
  semantic: null,
  interest: 0,
};
const rarity = new Array<number>(12).fill(10);
const score = (user = USER, posting = POSTING) =>
  scorePosting(user, posting, { rarity, asOf: AS_OF, semantic: null });

describe("the score of a posting", () => {
  it("is 1 at most, by either formula", () => {
    for (const weights of Object.values(RECOMMEND_WEIGHTS))
      expect(Object.values(weights).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(scoreOf(TERMS)).toBeCloseTo(1, 12);
    expect(scoreOf({ ...TERMS, semantic: 1, interest: 1 })).toBeCloseTo(1, 12);
  });

  it("adds up the terms and multiplies by the factors that lower it", () => {
    expect(scoreOf({ ...TERMS, skills: 0.5, title: 0.5, remote: false, seniority: false })).toBeCloseTo(
      0.45,
      12,
    );
    expect(scoreOf({ ...TERMS, freshness: 1 })).toBeCloseTo(0.95, 12);
    expect(scoreOf({ ...TERMS, belowSalary: true, missesStack: true })).toBeCloseTo(0.81, 12);
    expect(scoreOf({ ...TERMS, dismissedCompany: 3 })).toBeCloseTo(0.512, 12);
    expect(scoreOf({ ...TERMS, dismissedWords: 1 })).toBeCloseTo(0.95, 12);
    expect(scoreOf({ ...TERMS, dismissedWords: 5 })).toBeCloseTo(0.8, 12);
    expect(scoreOf({ ...TERMS, seenDays: 2 })).toBeCloseTo(1, 12);
    expect(scoreOf({ ...TERMS, seenDays: 3 })).toBeCloseTo(0.8, 12);
    expect(scoreOf({ ...TERMS, semantic: 0.5, title: 0, skills: 0.5, freshness: 1 })).toBeCloseTo(0.395, 12);
  });

  // Named regression 2.
  it("is between 0.20 and 1 for every recommended posting", () => {
    fc.assert(
      fc.property(aUser(9), aPosting(1), (user, posting) => {
        const found = score(user, posting);
        if (found !== null) expect(found.score >= 0.2 && found.score <= 1).toBe(true);
      }),
    );
  });

  it("falls with time and never rises", () => {
    fc.assert(
      fc.property(aUser(9), aPosting(1), fc.nat(20 * DAY), fc.nat(20 * DAY), (user, posting, a, b) => {
        const at = (asOf: number) =>
          scorePosting(user, posting, { rarity, asOf, semantic: null })?.score ?? 0;
        const from = posting.scrapedAt + Math.min(a, b);
        expect(at(posting.scrapedAt + Math.max(a, b))).toBeLessThanOrEqual(at(from));
      }),
    );
  });

  it("counts rarer skills more, and missing and extra ones against it", () => {
    expect(rarityOf(1, 1)).toBe(20);
    expect(rarityOf(10_000, 10_000)).toBe(1);
    expect(rarityOf(300, 10_000)).toBe(21);
    expect(rarityOf(0, 10_000)).toBe(40);
    expect(rarityOf(1, 1_000_000)).toBe(40);
    expect(skillShare(0, 10, 10)).toBe(0);
    expect(skillShare(60, 60, 60)).toBe(0.75);
    expect(skillShare(30, 60, 30)).toBeCloseTo(30 / 65, 12);
    expect(skillShare(30, 30, 60)).toBeCloseTo(30 / 56, 12);
  });

  it("steps down after 48 hours and 7 days, to the millisecond", () => {
    expect([-1, 0, FRESHNESS_STEPS[0], FRESHNESS_STEPS[0] + 1].map(freshnessStep)).toEqual([0, 0, 0, 1]);
    expect([FRESHNESS_STEPS[1], FRESHNESS_STEPS[1] + 1].map(freshnessStep)).toEqual([1, 2]);
  });

  it("takes the best target title, level words aside", () => {
    expect(roleWordsOf("Senior Data Engineers (m/w/d)")).toEqual(["data", "engineer"]);
    expect(roleWordsOf("Sr. Dev II, part-time")).toEqual(["developer"]);
    expect(titleShare([["nurse"], ["data", "engineer"]], ["data", "scientist"])).toBe(0.5);
    expect(titleShare([[], ["nurse"]], ["data"])).toBe(0);
    expect([levelOf("Senior Engineer"), levelOf("Junior to Lead"), levelOf("Nurse")]).toEqual([
      "senior",
      "lead",
      null,
    ]);
  });
});

describe("what is never recommended", () => {
  // Named regression 9.
  it("is a blacklisted company, whatever its legal form, and a posting with an excluded keyword", () => {
    const user = readUser({
      ...ROW,
      profile: { ...PROFILE, blacklistedCompanies: ["ACME Inc."], excludedKeywords: ["Night Shift", null] },
    });
    const row = postingFacts({ ...JOB, company: "Acme, Inc" });
    expect(exclusionOf(user, row, AS_OF)).toBe("blacklisted-company");
    const night = postingFacts({ ...JOB, description: "Work in the night-shift." });
    expect(exclusionOf(user, night, AS_OF)).toBe("excluded-keyword");
    expect(exclusionOf(user, postingFacts({ ...JOB, description: "Shift at night." }), AS_OF)).toBeNull();
  });

  it.each([
    ["hidden", { hidden: new Set([1]) }],
    ["not-remote", { remoteOnly: true }],
    ["too-old", { freshnessDays: 1 }],
    ["seen-too-often", { seenDays: new Map([[1, 6]]) }],
  ])("is what is %s", (reason, changes) => {
    const posting = { ...POSTING, postedAt: AS_OF - 2 * DAY };
    expect(exclusionOf({ ...USER, ...changes }, posting, AS_OF)).toBe(reason);
  });

  it("is a copy of a hidden posting", () => {
    const user = { ...USER, hidden: new Set([7]) };
    expect(exclusionOf(user, { ...POSTING, cluster: 7 }, AS_OF)).toBe("hidden");
    expect(exclusionOf(user, { ...POSTING, cluster: 8 }, AS_OF)).toBeNull();
  });

  it("is a posting that was stored more than seven days ago, or after the instant", () => {
    expect(exclusionOf(USER, { ...POSTING, scrapedAt: AS_OF - 7 * DAY }, AS_OF)).toBeNull();
    expect(exclusionOf(USER, { ...POSTING, scrapedAt: AS_OF - 7 * DAY - 1 }, AS_OF)).toBe("outside-window");
    expect(exclusionOf(USER, { ...POSTING, scrapedAt: AS_OF + 1 }, AS_OF)).toBe("outside-window");
  });
});

const PROFILE: NonNullable<UserRow["profile"]> = {
  primaryJobTitle: "Data Engineer",
  secondaryJobTitles: [],
  seniorityLevel: "Senior",
  workPreference: "remote",
  technicalSkills: [{ skill: "python", years: 3 }, { name: "SQL" }, "js"],
  tools: ["docker", "no such tool"],
  salaryMin: 50_000,
  salaryCurrency: "eur",
  preferredKeywords: [],
  excludedKeywords: [],
  blacklistedCompanies: [],
  freshnessDays: 30,
};
const ROW: UserRow = {
  id: 1,
  parsedContent: { skills: { languages: ["Go"], other: [["Rust"]] } },
  rawText: null,
  profile: PROFILE,
  hidden: [],
  dismissals: [],
  liked: [],
  seen: [],
};
const JOB: PostingRow = {
  id: 1,
  cluster: null,
  title: "Senior Python Developer",
  company: "Globex",
  description: "With Python and SQL.",
  isRemote: true,
  salaryMin: null,
  salaryMax: 20,
  salaryCurrency: "EUR",
  salaryPeriod: "hour",
  postedAt: AS_OF,
  scrapedAt: AS_OF,
};
const names = (skills: readonly number[]) => skills.map((skill) => SKILLS[skill]!.name).sort();

describe("facts", () => {
  it("of a user are read from the profile and any shape of a parsed CV", () => {
    const user = readUser(ROW);
    expect(names(user.skills)).toEqual(["Docker", "Go", "JavaScript", "Python", "Rust", "SQL"]);
    expect(user).toMatchObject({ level: "senior", wantsRemote: true, remoteOnly: false });
    expect(user.salary).toEqual({ yearly: 50_000, currency: "EUR" });
    expect(user.targets).toEqual([["data", "engineer"]]);
  });

  it("of a user without stated skills are read from the text of the CV", () => {
    const user = readUser({
      ...ROW,
      profile: null,
      parsedContent: { job_title: "Nurse" },
      rawText: "I know Python.",
    });
    expect(names(user.skills)).toEqual(["Python"]);
    expect(user.targets).toEqual([["nurse"]]);
  });

  it("of a CV with 10,000 skills are bounded", () => {
    const skills = Array.from({ length: 10_000 }, (_, n) => SKILLS[n % SKILLS.length]!.name);
    expect(readUser({ ...ROW, parsedContent: { skills } }).skills).toHaveLength(200);
    const deep = { skills: [[[[[["Python"]]]]]] };
    expect(readUser({ ...ROW, profile: null, parsedContent: deep }).skills).toEqual([]);
  });

  it("of a posting are its skills, its stack, its level and its yearly salary", () => {
    const posting = postingFacts(JOB);
    expect(names(posting.skills)).toEqual(["Python", "SQL"]);
    expect(names(posting.stack)).toEqual(["Python"]);
    expect(posting).toMatchObject({
      level: "senior",
      roleWords: ["python", "developer"],
      salary: { yearly: 41_600, currency: "EUR" },
    });
  });

  it("a wage without a period is no yearly salary", () => {
    const salary = (salaryMax: number) => postingFacts({ ...JOB, salaryMax, salaryPeriod: null }).salary;
    expect(salary(20)).toBeNull();
    expect(salary(20_000)).toEqual({ yearly: 20_000, currency: "EUR" });
  });

  it("compare companies without their legal form", () => {
    expect(companyKey("The Acme Company, Inc.")).toBe("acme");
    expect(companyKey("ACME GmbH & Co. KG")).toBe("acme");
    expect(companyKey("Inc.")).toBe("inc");
  });
});
