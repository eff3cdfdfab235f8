import { SKILLS } from "../skills/vocabulary.ts";
import { type Components, REASON_SKILLS } from "./components.ts";
import { type RecommendUser, rarityTotal } from "./facts.ts";
import type { OpenIndex } from "./posting-index.ts";
import {
  DAY,
  freshnessStep,
  isInWindow,
  MAX_DISMISSED_COMPANY,
  MAX_DISMISSED_WORDS,
  RECOMMEND_LIMITS,
  RECOMMEND_WEIGHTS,
  type ScoreTerms,
  skillShare,
} from "./score-posting.ts";
import { LEVELS } from "./title.ts";

/** Cosines of the embeddings of a user and each posting, by position; null for the formula without them. */
export type Cosines = Float64Array | null;

/** Memory that one search after another uses; all zero between two of them. */
export type SearchBuffers = {
  /** Weight of the matched skills by posting. */
  readonly matched: Int32Array;
  readonly title: Float64Array;
  /** Role words of one target by posting. */
  readonly shared: Uint8Array;
  /** 1 for postings of which something matches. */
  readonly touched: Uint8Array;
  readonly touchedList: Int32Array;
  readonly excluded: Uint8Array;
  readonly hasSkill: Uint8Array;
  /** Postings whose score may be high enough, as they were found, and the rank of each. */
  readonly candidates: Int32Array;
  readonly ranks: Uint16Array;
  /** The same by rank: rank n is `ordered[rankStarts[n] .. rankStarts[n + 1])`. */
  readonly ordered: Int32Array;
  readonly rankStarts: Int32Array;
};

/** Scores fall into ranks of equal width: the highest, from 1 on, is rank 0; the last begins at 0. */
export const RANKS = 257;
const WIDTH = 1 / (RANKS - 1);

/** The rank of a score. */
export const rankOf = (score: number): number => Math.max(0, RANKS - 1 - Math.floor(score * (RANKS - 1)));

/** Scores of a rank, and of all later ones, are below this. */
export const rankLimit = (rank: number): number => (RANKS - rank) * WIDTH;

/** Opens buffers for searches of an index. */
export const openBuffers = ({ index, rarity }: OpenIndex): SearchBuffers => {
  const count = index.ids.length;
  return {
    matched: new Int32Array(count),
    title: new Float64Array(count),
    shared: new Uint8Array(count),
    touched: new Uint8Array(count),
    touchedList: new Int32Array(count),
    excluded: new Uint8Array(count),
    hasSkill: new Uint8Array(rarity.length),
    candidates: new Int32Array(count),
    ranks: new Uint16Array(count),
    ordered: new Int32Array(count),
    rankStarts: new Int32Array(RANKS + 1),
  };
};

/** What the facts of a user are in the numbers of an index. */
export type Query = {
  readonly user: RecommendUser;
  readonly skillTotal: number;
  readonly level: number;
  readonly currency: number;
  readonly blacklist: ReadonlySet<number>;
  readonly dismissedCompanies: ReadonlyMap<number, number>;
  readonly dismissedWords: ReadonlySet<number>;
  readonly interests: ReadonlySet<number>;
  readonly seenDays: ReadonlyMap<number, number>;
};

/** The query of a user. */
export function queryOf(open: OpenIndex, user: RecommendUser): Query {
  const numberOf = (word: string) => open.wordNumbers.get(word) ?? -1;
  const numbers = (words: Iterable<string>) => new Set([...words].map(numberOf));
  return {
    user,
    skillTotal: rarityTotal(user.skills, open.rarity),
    level: user.level === null ? -2 : LEVELS.indexOf(user.level),
    currency: user.salary === null ? -2 : numberOf(user.salary.currency),
    blacklist: numbers(user.blacklist),
    dismissedCompanies: new Map([...user.dismissedCompanies].map(([company, n]) => [numberOf(company), n])),
    dismissedWords: numbers(user.dismissedWords),
    interests: numbers(user.interests),
    seenDays: new Map([...user.seenDays].map(([id, days]) => [open.positions.get(id) ?? -1, days])),
  };
}

/** What scores depend on besides the user and the posting. */
export type Scoring = { readonly asOf: number; readonly cosines: Cosines };

function countIn(
  { starts, values }: { starts: Int32Array; values: Int32Array },
  n: number,
  set: ReadonlySet<number>,
): number {
  if (set.size === 0) return 0;
  let count = 0;
  for (let at = starts[n] as number; at < (starts[n + 1] as number); at++)
    if (set.has(values[at] as number)) count += 1;
  return count;
}

/** The terms of the user and the posting at a position. */
export function termsAt(
  { index, skillTotals }: OpenIndex,
  { matched, title, hasSkill }: SearchBuffers,
  query: Query,
  posting: number,
  { asOf, cosines }: Scoring,
): ScoreTerms {
  const { user, dismissedCompanies, dismissedWords, interests, seenDays } = query;
  const { roleWords, stack } = index;
  let missesStack = false;
  for (let at = stack.starts[posting] as number; at < (stack.starts[posting + 1] as number); at++)
    if (hasSkill[stack.values[at] as number] === 0) missesStack = true;
  const roleWordCount = (roleWords.starts[posting + 1] as number) - (roleWords.starts[posting] as number);
  return {
    skills: skillShare(matched[posting] as number, skillTotals[posting] as number, query.skillTotal),
    title: title[posting] as number,
    remote: user.wantsRemote && index.isRemote[posting] === 1,
    seniority: index.levels[posting] === query.level,
    freshness: freshnessStep(asOf - (index.postedAt[posting] as number)),
    belowSalary:
      user.salary !== null &&
      index.currencies[posting] === query.currency &&
      (index.salaries[posting] as number) < user.salary.yearly,
    missesStack,
    dismissedCompany:
      dismissedCompanies.size === 0
        ? 0
        : Math.min(MAX_DISMISSED_COMPANY, dismissedCompanies.get(index.companies[posting] as number) ?? 0),
    dismissedWords: Math.min(MAX_DISMISSED_WORDS, countIn(roleWords, posting, dismissedWords)),
    seenDays: seenDays.size === 0 ? 0 : (seenDays.get(posting) ?? 0),
    semantic: cosines === null ? null : (cosines[posting] as number),
    interest: roleWordCount === 0 ? 0 : countIn(roleWords, posting, interests) / roleWordCount,
  };
}

/**
 * An upper bound of the score of the posting at a position: what lowers it is left out, apart from its age.
 * With embeddings, the interest term is taken as 1.
 */
export function boundAt(
  { index, skillTotals }: OpenIndex,
  { matched, title }: SearchBuffers,
  { user, level, skillTotal, interests }: Query,
  posting: number,
  { asOf, cosines }: Scoring,
): number {
  const age = asOf - (index.postedAt[posting] as number);
  const fresh = RECOMMEND_LIMITS.freshness[freshnessStep(age)] as number;
  const skills = skillShare(matched[posting] as number, skillTotals[posting] as number, skillTotal);
  if (cosines !== null) {
    const w = RECOMMEND_WEIGHTS.semantic;
    const sum = w.title * (title[posting] as number) + w.skills * skills + w.freshness * fresh;
    return sum + w.semantic * (cosines[posting] as number) + (interests.size === 0 ? 0 : w.interest);
  }
  const w = RECOMMEND_WEIGHTS.keywords;
  const isRemote = user.wantsRemote && index.isRemote[posting] === 1;
  const isOfLevel = index.levels[posting] === level;
  const others = (isRemote ? w.remote : 0) + (isOfLevel ? w.seniority : 0);
  return (w.skills * skills + w.title * (title[posting] as number) + others) * fresh;
}

/** Whether the user's profile rules the posting out: its company, its place, its age. */
export function isRuledOut(
  { index }: OpenIndex,
  { user, blacklist }: Query,
  posting: number,
  asOf: number,
): boolean {
  if (!isInWindow(index.scrapedAt[posting] as number, asOf)) return true;
  if (user.remoteOnly && index.isRemote[posting] === 0) return true;
  if (asOf - (index.postedAt[posting] as number) > user.freshnessDays * DAY) return true;
  return blacklist.size > 0 && blacklist.has(index.companies[posting] as number);
}

/** The matched skills of a posting: their number, and the keys of the rarest. */
export function matchedAt(
  { index, rarity }: OpenIndex,
  { hasSkill }: SearchBuffers,
  posting: number,
): Pick<Components, "skillKeys" | "matchedCount"> {
  const { starts, values } = index.skills;
  const matched: number[] = [];
  for (let at = starts[posting] as number; at < (starts[posting + 1] as number); at++)
    if (hasSkill[values[at] as number] === 1) matched.push(values[at] as number);
  return { matchedCount: matched.length, skillKeys: rarestKeys(matched, rarity) };
}

/** Keys of the rarest of the skills, ties by their index. */
const rarestKeys = (skills: readonly number[], rarity: ArrayLike<number>): number[] =>
  [...skills]
    .sort((a, b) => (rarity[b] as number) - (rarity[a] as number) || a - b)
    .slice(0, REASON_SKILLS)
    .map((skill) => SKILLS[skill]?.key ?? 0);
