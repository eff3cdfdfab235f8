import { type Rarity, type RecommendPosting, type RecommendUser, rarityTotal } from "./facts.ts";

/** The weights of the formula without embeddings, and of the one with them. Each sums to 1. */
export const RECOMMEND_WEIGHTS = {
  keywords: { skills: 0.6, title: 0.3, remote: 0.05, seniority: 0.05 },
  semantic: { semantic: 0.4, title: 0.25, skills: 0.2, freshness: 0.1, interest: 0.05 },
} as const;

/** The factors that lower a score, and the lowest score that is recommended. */
export const RECOMMEND_LIMITS = {
  minimum: 0.2,
  belowSalary: 0.9,
  missesStack: 0.9,
  /** By step: up to 48 hours, up to 7 days, older. */
  freshness: [1, 0.95, 0.9],
  /** By number of dismissals of the company. */
  dismissedCompany: [1, 0.8, 0.64, 0.512],
  /** By number of role words in dismissed titles. */
  dismissedWords: [1, 0.95, 0.9025, 0.857375, 0.81450625, 0.8],
  seen: { fromDay: 3, factor: 0.8, outFromDay: 6 },
  /** Added to the denominator, since otherwise a posting with a single skill would be a full match. */
  skillSmoothing: 20,
  /** The weight of a skill of the posting that the user lacks, and of a skill that only the user has. */
  missingSkill: 0.5,
  extraSkill: 0.2,
} as const;

/**
 * The formula, as a part of the version of a list. Changes with any figure above, and with the rules of
 * exclusion.
 */
export const FORMULA_VERSION = 2;

const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** Postings that were first stored in the last seven days are recommended. */
export const WINDOW_MS = 7 * DAY;

/** Ages at which the freshness of a posting changes, in milliseconds. */
export const FRESHNESS_STEPS = [48 * HOUR, 7 * DAY] as const;

/** 0 for a posting of up to 48 hours, 1 up to 7 days, else 2. @param ageMs negative for one of tomorrow. */
export const freshnessStep = (ageMs: number): 0 | 1 | 2 =>
  ageMs <= FRESHNESS_STEPS[0] ? 0 : ageMs <= FRESHNESS_STEPS[1] ? 1 : 2;

/** The terms that a score is computed from. Shares are from 0 to 1. */
export type ScoreTerms = {
  readonly skills: number;
  readonly title: number;
  readonly remote: boolean;
  readonly seniority: boolean;
  readonly freshness: 0 | 1 | 2;
  readonly belowSalary: boolean;
  readonly missesStack: boolean;
  /** Dismissals of the company, at most 3. */
  readonly dismissedCompany: number;
  /** Role words in dismissed titles, at most 5. */
  readonly dismissedWords: number;
  readonly seenDays: number;
  /** Cosine of the embeddings, at least 0; null for the formula without them. */
  readonly semantic: number | null;
  /** Share of the role words that saved postings have. */
  readonly interest: number;
};

/**
 * Share of skills: M / (M + 0.5 missing + 0.2 extra + 20), where M is the weight of the skills that both
 * have, missing that of the other skills of the posting, and extra that of the other skills of the user.
 * Source: Tversky, Features of Similarity, 1977.
 */
export function skillShare(matched: number, posting: number, user: number): number {
  if (matched === 0) return 0;
  const { missingSkill, extraSkill, skillSmoothing } = RECOMMEND_LIMITS;
  return (
    matched / (matched + missingSkill * (posting - matched) + extraSkill * (user - matched) + skillSmoothing)
  );
}

/**
 * The factor of feedback in a score: 0.8 for each dismissal of the company (at most three), 0.95 for each
 * role word of a dismissed title (not below 0.8), 0.8 from the third day seen without a click.
 */
export const feedbackFactor = (
  terms: Pick<ScoreTerms, "dismissedCompany" | "dismissedWords" | "seenDays">,
): number =>
  (RECOMMEND_LIMITS.dismissedCompany[terms.dismissedCompany] as number) *
  (RECOMMEND_LIMITS.dismissedWords[terms.dismissedWords] as number) *
  (terms.seenDays >= RECOMMEND_LIMITS.seen.fromDay ? RECOMMEND_LIMITS.seen.factor : 1);

/**
 * Score from 0 to 1: 0.60 skills + 0.30 title + 0.05 remote + 0.05 seniority, times the factors that lower
 * it. With embeddings 0.40 semantic + 0.25 title + 0.20 skills + 0.10 freshness + 0.05 interest, times the
 * rest.
 */
export function scoreOf(terms: ScoreTerms): number {
  const limits = RECOMMEND_LIMITS;
  const fresh = limits.freshness[terms.freshness] as number;
  const lowered =
    (terms.belowSalary ? limits.belowSalary : 1) *
    (terms.missesStack ? limits.missesStack : 1) *
    feedbackFactor(terms);
  if (terms.semantic !== null) {
    const w = RECOMMEND_WEIGHTS.semantic;
    const sum =
      w.semantic * terms.semantic +
      w.title * terms.title +
      w.skills * terms.skills +
      w.freshness * fresh +
      w.interest * terms.interest;
    return sum * lowered;
  }
  const w = RECOMMEND_WEIGHTS.keywords;
  const sum =
    w.skills * terms.skills +
    w.title * terms.title +
    (terms.remote ? w.remote : 0) +
    (terms.seniority ? w.seniority : 0);
  return sum * fresh * lowered;
}

/** Why a posting is never recommended to a user, regardless of its score. */
export type Exclusion =
  | "outside-window"
  | "hidden"
  | "blacklisted-company"
  | "excluded-keyword"
  | "not-remote"
  | "too-old"
  | "seen-too-often";

/** The facts of a user and a posting that decide whether it is excluded. */
export type ExcludingUser = Pick<
  RecommendUser,
  "hidden" | "blacklist" | "remoteOnly" | "freshnessDays" | "seenDays" | "excludedKeywords"
>;
export type ExcludedPosting = Pick<
  RecommendPosting,
  "id" | "cluster" | "company" | "isRemote" | "postedAt" | "scrapedAt" | "textWords"
>;

/** The first reason why the posting is left out, or null. @param asOf in milliseconds. */
export function exclusionOf(user: ExcludingUser, posting: ExcludedPosting, asOf: number): Exclusion | null {
  if (!isInWindow(posting.scrapedAt, asOf)) return "outside-window";
  if (isHidden(user.hidden, posting)) return "hidden";
  if (user.blacklist.has(posting.company)) return "blacklisted-company";
  if (user.remoteOnly && !posting.isRemote) return "not-remote";
  if (asOf - posting.postedAt > user.freshnessDays * DAY) return "too-old";
  if ((user.seenDays.get(posting.id) ?? 0) >= RECOMMEND_LIMITS.seen.outFromDay) return "seen-too-often";
  if (user.excludedKeywords.some((phrase) => containsPhrase(posting.textWords, phrase)))
    return "excluded-keyword";
  return null;
}

/** Whether the user applied for a posting, dismissed or hid it, or a copy of it. */
export const isHidden = (
  hidden: ReadonlySet<number>,
  { id, cluster }: Pick<RecommendPosting, "id" | "cluster">,
): boolean => hidden.has(id) || (cluster !== null && hidden.has(cluster));

/** Whether a posting that was first stored at an instant is recommended as of another. */
export const isInWindow = (scrapedAt: number, asOf: number): boolean =>
  scrapedAt <= asOf && asOf - scrapedAt <= WINDOW_MS;

/** Whether the words of a phrase follow each other in a text. */
export function containsPhrase(text: ArrayLike<unknown>, phrase: ArrayLike<unknown>): boolean {
  if (phrase.length === 0) return false;
  for (let from = 0; from + phrase.length <= text.length; from++) {
    let length = 0;
    while (length < phrase.length && text[from + length] === phrase[length]) length += 1;
    if (length === phrase.length) return true;
  }
  return false;
}

/** The skills that both have, ascending. */
export const sharedSkills = (user: readonly number[], posting: readonly number[]): number[] => {
  const has = new Set(user);
  return posting.filter((skill) => has.has(skill));
};

/** Share of the role words of the best target title that the posting's title has. */
export function titleShare(targets: readonly (readonly string[])[], roleWords: readonly string[]): number {
  let best = 0;
  for (const target of targets) {
    if (target.length === 0) continue;
    const shared = target.filter((word) => roleWords.includes(word)).length;
    best = Math.max(best, shared / target.length);
  }
  return best;
}

export const MAX_DISMISSED_COMPANY = RECOMMEND_LIMITS.dismissedCompany.length - 1;
export const MAX_DISMISSED_WORDS = RECOMMEND_LIMITS.dismissedWords.length - 1;

/** Whether the posting pays less than the user wants. Only salaries in the same currency are compared. */
export const isBelowSalary = (user: RecommendUser, { salary }: RecommendPosting): boolean =>
  user.salary !== null &&
  salary !== null &&
  user.salary.currency === salary.currency &&
  salary.yearly < user.salary.yearly;

/** Facts of a pair that belong to neither side. */
export type PairContext = {
  readonly rarity: Rarity;
  /** The instant that the score is computed for, in milliseconds. */
  readonly asOf: number;
  /** Cosine of the embeddings of the pair; null for the formula without them. */
  readonly semantic: number | null;
};

/** The terms of a pair, whether or not it is excluded. */
export function termsOf(
  user: RecommendUser,
  posting: RecommendPosting,
  { rarity, asOf, semantic }: PairContext,
): ScoreTerms {
  const { skills, roleWords, stack } = posting;
  const matched = rarityTotal(sharedSkills(user.skills, skills), rarity);
  const dismissed = roleWords.filter((word) => user.dismissedWords.has(word)).length;
  const interesting = roleWords.filter((word) => user.interests.has(word)).length;
  return {
    skills: skillShare(matched, rarityTotal(skills, rarity), rarityTotal(user.skills, rarity)),
    title: titleShare(user.targets, roleWords),
    remote: user.wantsRemote && posting.isRemote,
    seniority: user.level !== null && user.level === posting.level,
    freshness: freshnessStep(asOf - posting.postedAt),
    belowSalary: isBelowSalary(user, posting),
    missesStack: stack.some((skill) => !user.skills.includes(skill)),
    dismissedCompany: Math.min(MAX_DISMISSED_COMPANY, user.dismissedCompanies.get(posting.company) ?? 0),
    dismissedWords: Math.min(MAX_DISMISSED_WORDS, dismissed),
    seenDays: user.seenDays.get(posting.id) ?? 0,
    semantic,
    interest: roleWords.length === 0 ? 0 : interesting / roleWords.length,
  };
}

/** A posting scored for a user. */
export type ScoredPosting = { readonly score: number; readonly terms: ScoreTerms };

/**
 * Scores a posting for a user: the reference that faster paths are tested against.
 *
 * @returns null when it is excluded or scores less than 0.20.
 */
export function scorePosting(
  user: RecommendUser,
  posting: RecommendPosting,
  context: PairContext,
): ScoredPosting | null {
  if (exclusionOf(user, posting, context.asOf) !== null) return null;
  const terms = termsOf(user, posting, context);
  const score = scoreOf(terms);
  return score < RECOMMEND_LIMITS.minimum ? null : { score, terms };
}
