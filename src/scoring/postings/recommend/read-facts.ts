import { memoize } from "../../memoize.ts";
import { matchSkills } from "../skills/match-skills.ts";
import { isStack, skillNamed } from "../skills/vocabulary.ts";
import { foldedWords } from "../skills/words.ts";
import type { RecommendPosting, RecommendUser, Salary } from "./facts.ts";
import { LEVELS, type Level, levelOf, roleWordsOf } from "./title.ts";

/** A row of `jobs`, as far as scores depend on it. Times in milliseconds. */
export type PostingRow = {
  readonly id: number;
  readonly cluster: number | null;
  readonly title: string;
  readonly company: string;
  readonly description: string;
  readonly isRemote: boolean;
  readonly salaryMin: number | null;
  readonly salaryMax: number | null;
  readonly salaryCurrency: string | null;
  readonly salaryPeriod: string | null;
  readonly postedAt: number;
  readonly scrapedAt: number;
};

/** Fields of a parsed CV that skills are read from, and those that state a title. */
const SKILL_FIELDS = ["skills", "technical_skills", "tools"];
const TITLE_FIELDS = ["job_title", "current_title", "title", "headline"];

/** Fields of a parsed CV that scores depend on. */
export const SCORED_FIELDS: readonly string[] = [...SKILL_FIELDS, ...TITLE_FIELDS];

/** The rows of a user, as far as scores depend on them. */
export type UserRow = {
  readonly id: number;
  /** At least the fields that are read. */
  readonly parsedContent: unknown;
  readonly rawText: string | null;
  /** Null: the user has no profile. */
  readonly profile: {
    readonly primaryJobTitle: string | null;
    readonly secondaryJobTitles: readonly (string | null)[];
    readonly seniorityLevel: string | null;
    readonly workPreference: string | null;
    readonly technicalSkills: unknown;
    readonly tools: readonly (string | null)[];
    readonly salaryMin: number | null;
    readonly salaryCurrency: string | null;
    readonly preferredKeywords: readonly (string | null)[];
    readonly excludedKeywords: readonly (string | null)[];
    readonly blacklistedCompanies: readonly (string | null)[];
    readonly freshnessDays: number;
  } | null;
  /** Applied for, dismissed or hidden: the cluster of each posting, or its id where it has none. */
  readonly hidden: readonly number[];
  /** Dismissals of the last 90 days whose reason is the company or the title. */
  readonly dismissals: readonly {
    readonly reason: string;
    readonly company: string;
    readonly title: string;
  }[];
  /** Titles of postings that were saved or applied for. */
  readonly liked: readonly string[];
  readonly seen: readonly { readonly id: number; readonly days: number }[];
};

/** At most this many characters of a description are read. */
export const MAX_DESCRIPTION = 20_000;
/** At most this many characters of a CV are read: more than 15 pages. */
export const MAX_CV_TEXT = 50_000;
/** Limits for the facts of one user; the excess is ignored. */
export const USER_LIMITS = { names: 1_000, nameLength: 100, skills: 200, titles: 10, phrases: 50 } as const;
const DEFAULT_FRESHNESS_DAYS = 30;

const LEGAL_FORMS = new Set(
  "inc incorporated ltd limited llc llp plc corp corporation co company gmbh ag kg se sa sas srl bv nv oy ab as aps pty the and".split(
    " ",
  ),
);

/** At most this many names are cached: those of a day's postings and users. */
const MAX_NAMES = 20_000;

/** The comparable form of a company's name: its words without the legal form. */
export const companyKey = memoize((name) => {
  const words = foldedWords(name);
  const key = words.filter((word) => !LEGAL_FORMS.has(word)).join(" ");
  return key === "" ? words.join(" ") : key;
}, MAX_NAMES);

const knownSkill = memoize(skillNamed, MAX_NAMES);
const knownRoleWords = memoize<readonly string[]>(roleWordsOf, MAX_NAMES);

const PER_YEAR: Readonly<Record<string, number>> = { hour: 2_080, day: 260, week: 52, month: 12, year: 1 };

/**
 * An amount without a period counts as yearly, unless it is too low for that: then it may be an hourly wage.
 */
const LEAST_YEARLY = 1_000;

function salaryOf(amount: number | null, currency: string | null, period: string | null): Salary | null {
  if (amount === null || currency === null || (period === null && amount < LEAST_YEARLY)) return null;
  return { yearly: amount * (PER_YEAR[period ?? "year"] ?? 1), currency: currency.toUpperCase() };
}

const ascending = (numbers: Iterable<number>): number[] => [...new Set(numbers)].sort((a, b) => a - b);

/** Reads a posting. */
export function postingFacts(row: PostingRow): RecommendPosting {
  const description = row.description.slice(0, MAX_DESCRIPTION);
  const inTitle = matchSkills(row.title);
  return {
    id: row.id,
    cluster: row.cluster,
    company: companyKey(row.company),
    skills: ascending([...inTitle, ...matchSkills(description)]),
    stack: ascending(inTitle.filter(isStack)),
    roleWords: roleWordsOf(row.title),
    level: levelOf(row.title),
    textWords: foldedWords(`${row.title}\n${row.company}\n${description}`),
    isRemote: row.isRemote,
    salary: salaryOf(row.salaryMax ?? row.salaryMin, row.salaryCurrency, row.salaryPeriod),
    postedAt: row.postedAt,
    scrapedAt: row.scrapedAt,
  };
}

/** The titles that a user looks for; the one that the CV states where the profile has none. */
export function statedTitles({ profile, parsedContent }: UserRow): string[] {
  const titles = profile ? texts([profile.primaryJobTitle, ...profile.secondaryJobTitles]) : [];
  return (titles.length > 0 ? titles : titlesOf(parsedContent)).slice(0, USER_LIMITS.titles).map(cut);
}

/** Reads a user. Whatever a CV contains, it is read only up to USER_LIMITS. */
export function readUser(row: UserRow): RecommendUser {
  const { profile } = row;
  const targets = statedTitles(row).map(knownRoleWords);
  const dismissed = (reason: string) => row.dismissals.filter((each) => each.reason === reason);
  return {
    id: row.id,
    skills: skillsOf(row),
    targets: targets.filter((target) => target.length > 0),
    level: readLevel(profile?.seniorityLevel ?? null),
    wantsRemote: profile?.workPreference === "remote" || profile?.workPreference === "remote_only",
    remoteOnly: profile?.workPreference === "remote_only",
    salary: salaryOf(profile?.salaryMin ?? null, profile?.salaryCurrency ?? null, "year"),
    excludedKeywords: phrases(profile?.excludedKeywords ?? []),
    blacklist: new Set(texts(profile?.blacklistedCompanies ?? []).map((name) => companyKey(cut(name)))),
    freshnessDays: profile?.freshnessDays ?? DEFAULT_FRESHNESS_DAYS,
    hidden: new Set(row.hidden),
    dismissedCompanies: countBy(dismissed("company").map(({ company }) => companyKey(company))),
    dismissedWords: new Set(dismissed("title").flatMap(({ title }) => roleWordsOf(title))),
    seenDays: new Map(row.seen.map(({ id, days }) => [id, days])),
    interests: new Set(row.liked.flatMap(roleWordsOf)),
  };
}

const cut = (text: string): string => text.slice(0, USER_LIMITS.nameLength);

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** Arrays of the host may contain nulls. */
const texts = (values: readonly (string | null)[]): string[] => values.filter((value) => value !== null);

const phrases = (stated: readonly (string | null)[]): string[][] =>
  texts(stated)
    .slice(0, USER_LIMITS.phrases)
    .map((text) => foldedWords(cut(text)))
    .filter((words) => words.length > 0);

const readLevel = (stated: string | null): Level | null =>
  stated === null ? null : (LEVELS.find((level) => level === stated.toLowerCase()) ?? levelOf(cut(stated)));

/** The skills that a user states; those that the CV's text names where none is stated. */
function skillsOf({ profile, parsedContent, rawText }: UserRow): number[] {
  const names: string[] = [];
  collectNames(profile?.technicalSkills, names);
  collectNames(profile?.tools, names);
  collectNames(profile?.preferredKeywords, names);
  for (const field of SKILL_FIELDS) collectNames(fieldOf(parsedContent, field), names);
  const stated = new Set<number>();
  for (const name of names) {
    const skill = knownSkill(cut(name));
    if (skill >= 0) stated.add(skill);
    if (stated.size === USER_LIMITS.skills) break;
  }
  if (stated.size > 0 || rawText === null) return ascending(stated);
  return ascending(matchSkills(rawText.slice(0, MAX_CV_TEXT)).slice(0, USER_LIMITS.skills));
}

/** The greatest depth to which a parsed CV is read. */
const MAX_DEPTH = 3;

/** Texts in a list, in a list of objects with a name, or in an object of lists. */
function collectNames(value: unknown, into: string[], depth = 0): void {
  if (into.length >= USER_LIMITS.names || depth > MAX_DEPTH) return;
  if (typeof value === "string") {
    into.push(value);
    return;
  }
  if (Array.isArray(value)) {
    for (const each of value.slice(0, USER_LIMITS.names)) collectNames(each, into, depth + 1);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const name = fieldOf(value, "skill") ?? fieldOf(value, "name");
  if (typeof name === "string") into.push(name);
  else
    for (const each of Object.values(value).slice(0, USER_LIMITS.names)) collectNames(each, into, depth + 1);
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** The title that a parsed CV states. */
function titlesOf(parsed: unknown): string[] {
  for (const name of TITLE_FIELDS) {
    const stated = fieldOf(parsed, name);
    if (typeof stated === "string" && stated.trim() !== "") return [stated];
  }
  return [];
}
