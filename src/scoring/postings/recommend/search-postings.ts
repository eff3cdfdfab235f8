import { type ClosedList, type Listed, openList } from "../diversity.ts";
import { SKILLS } from "../skills/vocabulary.ts";
import { type Components, REASON_SKILLS } from "./components.ts";
import { type RecommendUser, rarityTotal } from "./facts.ts";
import { type OpenIndex, postingsWithPhrase } from "./posting-index.ts";
import { compareRecommended } from "./recommend.ts";
import {
  DAY,
  freshnessStep,
  isInWindow,
  MAX_DISMISSED_COMPANY,
  MAX_DISMISSED_WORDS,
  RECOMMEND_LIMITS,
  RECOMMEND_WEIGHTS,
  type ScoreTerms,
  scoreOf,
  skillShare,
} from "./score-posting.ts";
import { LEVELS } from "./title.ts";

/** A posting found for a user. */
export type Found = { readonly id: number; readonly score: number; readonly components: Components };

/** An entry of a stored list whose score still holds. */
export type KeptEntry = Listed & {
  readonly id: number;
  readonly score: number;
  /** Its stored components. */
  readonly stored: Uint8Array;
};

/** An item of a list: found now, or kept from the stored one. */
export type ListItem = Found | KeptEntry;

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
  readonly scores: Float64Array;
  readonly found: Int32Array;
};

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
    scores: new Float64Array(count),
    found: new Int32Array(count),
  };
};

/** What the facts of a user are in the numbers of an index. */
type Query = {
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

function queryOf(open: OpenIndex, user: RecommendUser): Query {
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

export type SearchOptions = {
  /** The instant that scores are computed for, in milliseconds. */
  readonly asOf: number;
  readonly cosines?: Cosines;
  /** Entries of the stored list that compete with the postings of the index, which are others. */
  readonly kept?: readonly KeptEntry[];
};

/** The list of a user by the index: ids, scores and order as `recommend` gives them. */
export function searchPostings(
  open: OpenIndex,
  buffers: SearchBuffers,
  user: RecommendUser,
  { asOf, cosines = null, kept = [] }: SearchOptions,
): ClosedList<ListItem> {
  const query = queryOf(open, user);
  const touched = cosines === null ? touchMatching(open, buffers, user) : touchAll(open, buffers, user);
  markExcluded(open, buffers, query);
  const found = scoreTouched(open, buffers, query, { touched, asOf, cosines });
  const list = fillList(open, buffers, query, { found, kept, asOf, cosines });
  clear(buffers, user, touched);
  return list;
}

/** Adds up what matches, for all postings of which anything does. @returns their number. */
function touchMatching(
  { index, rarity, wordNumbers }: OpenIndex,
  buffers: SearchBuffers,
  user: RecommendUser,
): number {
  const { matched, title, shared, touched, touchedList, hasSkill } = buffers;
  let count = 0;
  const touch = (posting: number): void => {
    if (touched[posting] === 1) return;
    touched[posting] = 1;
    touchedList[count++] = posting;
  };
  for (const skill of user.skills) {
    hasSkill[skill] = 1;
    const weight = rarity[skill] as number;
    const { starts, values } = index.bySkill;
    for (let at = starts[skill] as number; at < (starts[skill + 1] as number); at++) {
      const posting = values[at] as number;
      matched[posting] = (matched[posting] as number) + weight;
      touch(posting);
    }
  }
  const { starts, values } = index.byRoleWord;
  for (const target of user.targets) {
    const lists = target.flatMap((word) => wordNumbers.get(word) ?? []);
    for (const word of lists)
      for (let at = starts[word] as number; at < (starts[word + 1] as number); at++) {
        const posting = values[at] as number;
        shared[posting] = (shared[posting] as number) + 1;
        title[posting] = Math.max(title[posting] as number, (shared[posting] as number) / target.length);
        touch(posting);
      }
    for (const word of lists)
      for (let at = starts[word] as number; at < (starts[word + 1] as number); at++)
        shared[values[at] as number] = 0;
  }
  return count;
}

/** With embeddings any posting may be recommended. */
function touchAll(open: OpenIndex, buffers: SearchBuffers, user: RecommendUser): number {
  touchMatching(open, buffers, user);
  const count = open.index.ids.length;
  for (let posting = 0; posting < count; posting++) {
    buffers.touched[posting] = 1;
    buffers.touchedList[posting] = posting;
  }
  return count;
}

/** Marks the postings that the user names or that contain what they exclude. */
function markExcluded(open: OpenIndex, { excluded }: SearchBuffers, { user, seenDays }: Query): void {
  const exclude = (posting: number | undefined): void => {
    if (posting !== undefined) excluded[posting] = 1;
  };
  for (const id of user.hidden) exclude(open.positions.get(id));
  for (const [posting, days] of seenDays)
    if (posting >= 0 && days >= RECOMMEND_LIMITS.seen.outFromDay) exclude(posting);
  for (const phrase of user.excludedKeywords)
    for (const posting of postingsWithPhrase(open, phrase)) exclude(posting);
}

/** Whether the user's profile rules the posting out: its company, its place, its age. */
function isRuledOut(
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

type Scoring = { readonly asOf: number; readonly cosines: Cosines };

/** Remote and seniority at most. */
const OTHER_TERMS = RECOMMEND_WEIGHTS.keywords.remote + RECOMMEND_WEIGHTS.keywords.seniority;
/** Rounding of a bound must not lose a posting. */
const MARGIN = 1e-9;

/** Scores the postings that can reach the minimum. @returns the number of those that do. */
function scoreTouched(
  open: OpenIndex,
  buffers: SearchBuffers,
  query: Query,
  { touched, ...scoring }: Scoring & { readonly touched: number },
): number {
  const { matched, title, touchedList, excluded, scores, found } = buffers;
  const { skills: skillWeight, title: titleWeight } = RECOMMEND_WEIGHTS.keywords;
  let count = 0;
  for (let n = 0; n < touched; n++) {
    const posting = touchedList[n] as number;
    if (excluded[posting] === 1) continue;
    if (scoring.cosines === null) {
      const skills = skillShare(
        matched[posting] as number,
        open.skillTotals[posting] as number,
        query.skillTotal,
      );
      const bound = skillWeight * skills + titleWeight * (title[posting] as number) + OTHER_TERMS;
      if (bound + MARGIN < RECOMMEND_LIMITS.minimum) continue;
    }
    if (isRuledOut(open, query, posting, scoring.asOf)) continue;
    const score = scoreOf(termsAt(open, buffers, query, posting, scoring));
    if (score < RECOMMEND_LIMITS.minimum) continue;
    scores[count] = score;
    found[count++] = posting;
  }
  return count;
}

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
function termsAt(
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

const BUCKETS = 256;

/** Something that may enter the list: a posting by its position, or an entry that is kept. */
type Competitor = Listed & { readonly id: number; readonly score: number; readonly from: number | KeptEntry };

/**
 * Fills the list with what was found and kept, best first. Scores are sorted into buckets first, and only the
 * buckets that the list needs are sorted within.
 */
function fillList(
  open: OpenIndex,
  buffers: SearchBuffers,
  query: Query,
  { found, kept, ...scoring }: Scoring & { readonly found: number; readonly kept: readonly KeptEntry[] },
): ClosedList<ListItem> {
  const buckets: Competitor[][] = [];
  const put = (competitor: Competitor): void => {
    const bucket = Math.floor(competitor.score * BUCKETS);
    const list = buckets[bucket];
    if (list === undefined) buckets[bucket] = [competitor];
    else list.push(competitor);
  };
  for (let n = 0; n < found; n++) put(competitorAt(open, buffers, n));
  for (const entry of kept) put({ ...entry, from: entry });
  const list = openList<Competitor>();
  let isFull = false;
  for (let bucket = buckets.length - 1; bucket >= 0 && !isFull; bucket--) {
    for (const competitor of (buckets[bucket] ?? []).sort(compareRecommended)) {
      isFull = list.offer(competitor, competitor, competitor.score);
      if (isFull) break;
    }
  }
  const closed = list.close();
  return {
    ...closed,
    items: closed.items.map(({ id, score, from }) => {
      if (typeof from !== "number") return from;
      const terms = termsAt(open, buffers, query, from, scoring);
      return { id, score, components: { ...terms, ...matchedAt(open, buffers, from) } };
    }),
  };
}

/** The posting that was found as number `n`. */
function competitorAt({ index, words }: OpenIndex, { scores, found }: SearchBuffers, n: number): Competitor {
  const from = found[n] as number;
  const cluster = index.clusters[from] as number;
  return {
    id: index.ids[from] as number,
    score: scores[n] as number,
    cluster: cluster < 0 ? null : cluster,
    company: words[index.companies[from] as number],
    from,
  };
}

/** The matched skills of a posting: their number, and the keys of the rarest. */
function matchedAt(
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
export const rarestKeys = (skills: readonly number[], rarity: ArrayLike<number>): number[] =>
  [...skills]
    .sort((a, b) => (rarity[b] as number) - (rarity[a] as number) || a - b)
    .slice(0, REASON_SKILLS)
    .map((skill) => SKILLS[skill]?.key ?? 0);

function clear(buffers: SearchBuffers, user: RecommendUser, touched: number): void {
  for (let n = 0; n < touched; n++) {
    const posting = buffers.touchedList[n] as number;
    buffers.matched[posting] = 0;
    buffers.title[posting] = 0;
    buffers.touched[posting] = 0;
  }
  for (const skill of user.skills) buffers.hasSkill[skill] = 0;
  buffers.excluded.fill(0);
}
