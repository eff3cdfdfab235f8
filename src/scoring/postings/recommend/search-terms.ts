import { SKILLS } from "../skills/vocabulary.ts";
import { REASON_SKILLS, writeComponents } from "./components.ts";
import { type RecommendUser, rarityTotal } from "./facts.ts";
import { freshnessSteps, OUTSIDE_WINDOW } from "./freshness-steps.ts";
import type { OpenIndex, PostingIndex } from "./posting-index.ts";
import {
  DAY,
  feedbackFactor,
  freshnessStep,
  MAX_DISMISSED_COMPANY,
  MAX_DISMISSED_WORDS,
  RECOMMEND_LIMITS,
  RECOMMEND_WEIGHTS,
  type ScoreTerms,
  skillShare,
} from "./score-posting.ts";
import type { SearchBuffers } from "./search-buffers.ts";
import { LEVELS } from "./title.ts";

/** Cosines of the embeddings of a user and each posting, by position; null for the formula without them. */
export type Cosines = Float64Array | null;

/** The facts of a user as numbers of an index. */
export type RecommendQuery = {
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
export function queryOf(open: OpenIndex, user: RecommendUser): RecommendQuery {
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

/** The facts that scores depend on besides the user and the posting. */
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
  { matched, title, weights }: SearchBuffers,
  query: RecommendQuery,
  posting: number,
  { asOf, cosines }: Scoring,
): ScoreTerms {
  const { user, interests } = query;
  const { roleWords } = index;
  const { dismissedCompany, dismissedWords, seenDays } = feedbackAt(index, query, posting);
  const roleWordCount = (roleWords.starts[posting + 1] as number) - (roleWords.starts[posting] as number);
  return {
    skills: skillShare(matched[posting] as number, skillTotals[posting] as number, query.skillTotal),
    title: title[posting] as number,
    remote: user.wantsRemote && index.isRemote[posting] === 1,
    seniority: index.levels[posting] === query.level,
    freshness: freshnessStep(asOf - (index.postedAt[posting] as number)),
    belowSalary: isBelowSalaryAt(index, query, posting),
    missesStack: missesStackAt(index, weights, posting),
    dismissedCompany,
    dismissedWords,
    seenDays,
    semantic: cosines === null ? null : (cosines[posting] as number),
    interest: roleWordCount === 0 ? 0 : countIn(roleWords, posting, interests) / roleWordCount,
  };
}

/**
 * An upper bound of the score of the posting at a position: `scoreOf` without the factors that lower a score,
 * except for age, in the same order of operations; 0 outside of the window. With embeddings, the interest
 * term is taken as 1. A function of numbers that are read once, since it is called for many postings.
 */
export function openBound(
  open: OpenIndex,
  { matched, title }: SearchBuffers,
  { user, level, skillTotal, interests }: RecommendQuery,
  { asOf, cosines }: Scoring,
): (posting: number) => number {
  const { freshness } = RECOMMEND_LIMITS;
  const { index, skillTotals } = open;
  const { isRemote, levels } = index;
  const steps = freshnessSteps(open, asOf);
  const skillsOf = (posting: number): number =>
    skillShare(matched[posting] as number, skillTotals[posting] as number, skillTotal);
  if (cosines !== null) {
    const w = RECOMMEND_WEIGHTS.semantic;
    const interest = interests.size === 0 ? 0 : w.interest;
    return (posting) => {
      const step = steps[posting] as number;
      if (step === OUTSIDE_WINDOW) return 0;
      return (
        w.semantic * (cosines[posting] as number) +
        w.title * (title[posting] as number) +
        w.skills * skillsOf(posting) +
        w.freshness * (freshness[step] as number) +
        interest
      );
    };
  }
  const w = RECOMMEND_WEIGHTS.keywords;
  const remote = user.wantsRemote ? w.remote : 0;
  return (posting) => {
    const step = steps[posting] as number;
    if (step === OUTSIDE_WINDOW) return 0;
    const sum =
      w.skills * skillsOf(posting) +
      w.title * (title[posting] as number) +
      (isRemote[posting] === 1 ? remote : 0) +
      (levels[posting] === level ? w.seniority : 0);
    return sum * (freshness[step] as number);
  };
}

/** The factors that lower the score of the posting at a position, as in `scoreOf`. */
export function loweredAt(
  { index }: OpenIndex,
  { weights }: SearchBuffers,
  query: RecommendQuery,
  posting: number,
): number {
  const limits = RECOMMEND_LIMITS;
  return (
    (isBelowSalaryAt(index, query, posting) ? limits.belowSalary : 1) *
    (missesStackAt(index, weights, posting) ? limits.missesStack : 1) *
    feedbackFactor(feedbackAt(index, query, posting))
  );
}

const isBelowSalaryAt = (
  { currencies, salaries }: PostingIndex,
  { user, currency }: RecommendQuery,
  posting: number,
): boolean =>
  user.salary !== null &&
  currencies[posting] === currency &&
  (salaries[posting] as number) < user.salary.yearly;

function missesStackAt({ stack }: PostingIndex, weights: Uint8Array, posting: number): boolean {
  for (let at = stack.starts[posting] as number; at < (stack.starts[posting + 1] as number); at++)
    if (weights[stack.values[at] as number] === 0) return true;
  return false;
}

const NO_FEEDBACK = { dismissedCompany: 0, dismissedWords: 0, seenDays: 0 } as const;

function feedbackAt(
  { companies, roleWords }: PostingIndex,
  { dismissedCompanies, dismissedWords, seenDays }: RecommendQuery,
  posting: number,
): Pick<ScoreTerms, "dismissedCompany" | "dismissedWords" | "seenDays"> {
  if (dismissedCompanies.size === 0 && dismissedWords.size === 0 && seenDays.size === 0) return NO_FEEDBACK;
  const ofCompany = dismissedCompanies.get(companies[posting] as number) ?? 0;
  return {
    dismissedCompany: Math.min(MAX_DISMISSED_COMPANY, ofCompany),
    dismissedWords: Math.min(MAX_DISMISSED_WORDS, countIn(roleWords, posting, dismissedWords)),
    seenDays: seenDays.get(posting) ?? 0,
  };
}

/** Whether the user's profile rules a candidate out: its company, its location, its age. */
export function isRuledOut(
  { index }: OpenIndex,
  { user, blacklist }: RecommendQuery,
  posting: number,
  asOf: number,
): boolean {
  if (user.remoteOnly && index.isRemote[posting] === 0) return true;
  if (asOf - (index.postedAt[posting] as number) > user.freshnessDays * DAY) return true;
  return blacklist.size > 0 && blacklist.has(index.companies[posting] as number);
}

/** Writes the components of the posting at a position as those of the entry at `index`. */
export function writeComponentsAt(
  into: DataView,
  index: number,
  open: OpenIndex,
  buffers: SearchBuffers,
  query: RecommendQuery,
  posting: number,
  scoring: Scoring,
): void {
  const terms = termsAt(open, buffers, query, posting, scoring);
  writeComponents(into, index, terms, rarestMatched(open, buffers, posting));
}

type Matched = { readonly count: number; readonly keys: readonly number[] };

const NONE_MATCHED: Matched = { count: 0, keys: [] };
/** Overwritten for each posting. */
const rarest: number[] = [];

/** The matched skills of a posting: their number, and the keys of the rarest, ties by their index. */
function rarestMatched(
  { index, rarity }: OpenIndex,
  { matched, weights }: SearchBuffers,
  posting: number,
): Matched {
  if (matched[posting] === 0) return NONE_MATCHED;
  const { starts, values } = index.skills;
  rarest.length = 0;
  let count = 0;
  for (let at = starts[posting] as number; at < (starts[posting + 1] as number); at++) {
    const skill = values[at] as number;
    if (weights[skill] === 0) continue;
    count += 1;
    let slot = rarest.length;
    while (slot > 0 && (rarity[rarest[slot - 1] as number] as number) < (rarity[skill] as number)) slot -= 1;
    if (slot === REASON_SKILLS) continue;
    for (let n = Math.min(rarest.length, REASON_SKILLS - 1); n > slot; n--)
      rarest[n] = rarest[n - 1] as number;
    rarest[slot] = skill;
  }
  for (let n = 0; n < rarest.length; n++) rarest[n] = SKILLS[rarest[n] as number]?.key ?? 0;
  return { count, keys: rarest };
}
