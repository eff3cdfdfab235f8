import type { Rarity } from "./facts.ts";
import type { OpenIndex } from "./posting-index.ts";
import { RECOMMEND_LIMITS, RECOMMEND_WEIGHTS } from "./score-posting.ts";
import {
  addCandidate,
  nextFilled,
  RANKS,
  rankOf,
  type SearchBuffers,
  scoreOfRank,
} from "./search-buffers.ts";
import { openBound, type RecommendQuery, type Scoring } from "./search-terms.ts";
import { postingsTitled } from "./titled-postings.ts";

/** Limits which postings are candidates. */
export type Wanted = Scoring & {
  /** Postings that score less are not candidates. */
  readonly least: number;
  /**
   * As soon as this many are known, those that score less than all of them need not be found. Default: all
   * are.
   */
  readonly enough: number;
};

/** The candidates, in the layout of the buffers. */
export type PostingCandidates = {
  /** Every posting that scores this much or more is among them. */
  readonly from: number;
  /** Number of postings that were read. */
  readonly touched: number;
};

/**
 * Writes into the buffers, by rank of their bound, the postings whose score may be high enough.
 *
 * Those with a full match of the title come first: their bounds show how much the others have to score, which
 * is more than most of them can.
 */
export function findCandidates(
  open: OpenIndex,
  buffers: SearchBuffers,
  query: RecommendQuery,
  wanted: Wanted,
): PostingCandidates {
  const search = { open, buffers, query, wanted, boundOf: openBound(open, buffers, query, wanted) };
  const titled = touchTitled(search);
  return wanted.cosines === null ? rankMatching(search, titled) : rankAll(search);
}

type Search = {
  readonly open: OpenIndex;
  readonly buffers: SearchBuffers;
  readonly query: RecommendQuery;
  readonly wanted: Wanted;
  readonly boundOf: (posting: number) => number;
};

/** Records the title share of each posting that has one. @returns their number. */
function touchTitled({ open, buffers: { title, touched }, query: { user } }: Search): number {
  let count = 0;
  for (const target of user.targets) {
    const { postings, counts } = postingsTitled(open, target);
    for (let n = 0; n < postings.length; n++) {
      const posting = postings[n] as number;
      const known = title[posting] as number;
      const share = (counts[n] as number) / target.length;
      if (known === 0) touched[count++] = posting;
      if (share > known) title[posting] = share;
    }
  }
  return count;
}

/** Without embeddings, a posting without any match is not a candidate. */
function rankMatching(search: Search, titled: number): PostingCandidates {
  const { open, buffers, query, wanted } = search;
  const { title, touched } = buffers;
  // Adding up the skills of the postings whose title matches may be less work than reading all postings of
  // these skills.
  const isEach = namedBy(search) > titled * skillsPerPosting(open);
  const matchedAt = isEach ? addMatched : knownMatched;
  const named = isEach ? titled : touchNamed(search, titled);
  const ofTitled = leastMatched(wanted.least, query, 1);
  let partial = 0;
  for (let n = 0; n < titled; n++) {
    const posting = touched[n] as number;
    const share = title[posting] as number;
    if (share < 1) partial = Math.max(partial, share);
    else if (matchedAt(search, posting) >= ofTitled) rank(search, posting, wanted.least);
  }
  const from = Math.max(wanted.least, scoreOfBest(buffers, wanted.enough));
  const ofPartial = leastMatched(from, query, partial);
  for (let n = 0; n < titled; n++) {
    const posting = touched[n] as number;
    if ((title[posting] as number) < 1 && matchedAt(search, posting) >= ofPartial)
      rank(search, posting, from);
  }
  const ofOthers = leastMatched(from, query, 0);
  if (isEach) return { from, touched: rankRare(search, titled, from, ofOthers) };
  for (let n = titled; n < named; n++) {
    const posting = touched[n] as number;
    if (knownMatched(search, posting) >= ofOthers) rank(search, posting, from);
  }
  return { from, touched: named };
}

/** How often postings name a skill of the user. */
function namedBy({ open, query }: Search): number {
  const { starts } = open.index.bySkill;
  let named = 0;
  for (const skill of query.user.skills) named += (starts[skill + 1] as number) - (starts[skill] as number);
  return named;
}

const skillsPerPosting = ({ index: { skills, ids } }: OpenIndex): number => skills.values.length / ids.length;

/** Adds up what matches of the postings that name a skill. @returns the number of postings touched. */
function touchNamed({ open, buffers, query }: Search, titled: number): number {
  const { matched, title, touched, weights } = buffers;
  const { starts, values } = open.index.bySkill;
  let count = titled;
  for (const skill of query.user.skills) {
    const end = starts[skill + 1] as number;
    const weight = weights[skill] as number;
    for (let at = starts[skill] as number; at < end; at++) {
      const posting = values[at] as number;
      const known = matched[posting] as number;
      if (known === 0 && title[posting] === 0) touched[count++] = posting;
      matched[posting] = known + weight;
    }
  }
  return count;
}

/**
 * Reads the postings with a rare skill of the user: the common ones together weigh less than `least`.
 *
 * @returns the number of postings touched.
 */
function rankRare(search: Search, titled: number, from: number, least: number): number {
  const { open, buffers, query } = search;
  const { matched, title, touched } = buffers;
  const { starts, values } = open.index.bySkill;
  let count = titled;
  for (const skill of rareSkills(query.user.skills, open.rarity, least)) {
    const end = starts[skill + 1] as number;
    for (let at = starts[skill] as number; at < end; at++) {
      const posting = values[at] as number;
      if (matched[posting] !== 0 || title[posting] !== 0) continue;
      touched[count++] = posting;
      if (addMatched(search, posting) >= least) rank(search, posting, from);
    }
  }
  return count;
}

/** With embeddings, any posting may be listed. */
function rankAll(search: Search): PostingCandidates {
  const { least } = search.wanted;
  const { length } = search.buffers.matched;
  for (let posting = 0; posting < length; posting++) {
    addMatched(search, posting);
    rank(search, posting, least);
  }
  return { from: least, touched: length };
}

const knownMatched = ({ buffers }: Search, posting: number): number => buffers.matched[posting] as number;

/** Adds up the weights of the skills of a posting that the user has. */
function addMatched({ open, buffers: { weights, matched } }: Search, posting: number): number {
  const { starts, values } = open.index.skills;
  const end = starts[posting + 1] as number;
  let sum = 0;
  for (let at = starts[posting] as number; at < end; at++) sum += weights[values[at] as number] as number;
  matched[posting] = sum;
  return sum;
}

/** Makes a posting a candidate if its bound is at least `score`. */
function rank({ buffers, boundOf }: Search, posting: number, score: number): void {
  const bound = boundOf(posting);
  if (bound < score || buffers.excluded[posting] === 1) return;
  buffers.scores[posting] = bound;
  addCandidate(buffers, rankOf(bound), posting);
}

/** The score that this many candidates reach by their bounds; 0 if there are fewer. */
function scoreOfBest(buffers: SearchBuffers, enough: number): number {
  let known = 0;
  for (let at = nextFilled(buffers, 0); at < RANKS; at = nextFilled(buffers, at + 1)) {
    known += buffers.counts[at] as number;
    if (known >= enough) return scoreOfRank(at);
  }
  return 0;
}

/** Skills without the most common ones, as long as these together weigh less than `weight`. */
function rareSkills(skills: readonly number[], rarity: Rarity, weight: number): readonly number[] {
  const weightOf = (skill: number): number => rarity[skill] as number;
  const commonFirst = skills.toSorted((a, b) => weightOf(a) - weightOf(b));
  let common = 0;
  return commonFirst.filter((skill) => {
    common += weightOf(skill);
    return common >= weight;
  });
}

/** Rounding must not lose a posting. */
const MARGIN = 1e-9;

/**
 * The least weight of matched skills with which a posting scores `least` or more, if none of its skills is
 * missing: `skillShare`, solved for what is matched.
 *
 * @param title share of the title.
 */
function leastMatched(least: number, { user, skillTotal }: RecommendQuery, title: number): number {
  const weights = RECOMMEND_WEIGHTS.keywords;
  const { extraSkill, skillSmoothing } = RECOMMEND_LIMITS;
  const others =
    weights.title * title +
    (user.wantsRemote ? weights.remote : 0) +
    (user.level === null ? 0 : weights.seniority);
  const share = (least - others - MARGIN) / weights.skills;
  if (share >= 1) return Number.POSITIVE_INFINITY;
  return (share * (extraSkill * skillTotal + skillSmoothing)) / (1 - share * (1 - extraSkill)) - MARGIN;
}
