import { type ClosedList, NO_FLOOR, type PostingRank } from "../diversity.ts";
import type { RecommendUser } from "./facts.ts";
import { fillList, type KeptEntry, type ListItem } from "./fill-list.ts";
import { type OpenIndex, postingsWithPhrase } from "./posting-index.ts";
import { RECOMMEND_LIMITS, RECOMMEND_WEIGHTS } from "./score-posting.ts";
import { RANKS, rankOf, type SearchBuffers } from "./search-buffers.ts";
import { type Cosines, openBound, queryOf, type RecommendQuery, type Scoring } from "./search-terms.ts";

export type SearchOptions = {
  /** The instant that scores are computed for, in milliseconds. */
  readonly asOf: number;
  readonly cosines?: Cosines;
  /** Entries of the stored list that compete with the postings of the index, which are others. */
  readonly kept?: readonly KeptEntry[];
  /** Postings that come after it are left out. Default: none. */
  readonly floor?: PostingRank;
};

/** The list of a user by the index: ids, scores and order as `recommend` gives them. */
export function searchPostings(
  open: OpenIndex,
  buffers: SearchBuffers,
  user: RecommendUser,
  { asOf, cosines = null, kept = [], floor = NO_FLOOR }: SearchOptions,
): ClosedList<ListItem> {
  const query = queryOf(open, user);
  const touched = matchPostings(open, buffers, user);
  markExcluded(open, buffers, query);
  const least = Math.max(RECOMMEND_LIMITS.minimum, floor.score);
  rankCandidates(open, buffers, query, { least, touched, asOf, cosines });
  const list = fillList(open, buffers, query, { kept, least, floor, asOf, cosines });
  clear(buffers, user, touched);
  return list;
}

/** Adds up what matches of each posting. @returns the number of postings of which anything matches. */
function matchPostings(
  { index, rarity, wordNumbers }: OpenIndex,
  { matched, title, shared, hasSkill, touched }: SearchBuffers,
  user: RecommendUser,
): number {
  const { bySkill, byRoleWord } = index;
  let count = 0;
  for (const skill of user.skills) {
    hasSkill[skill] = 1;
    const weight = rarity[skill] as number;
    const end = bySkill.starts[skill + 1] as number;
    for (let at = bySkill.starts[skill] as number; at < end; at++) {
      const posting = bySkill.values[at] as number;
      if (matched[posting] === 0) touched[count++] = posting;
      matched[posting] = (matched[posting] as number) + weight;
    }
  }
  const { starts, values } = byRoleWord;
  for (const target of user.targets) {
    const lists = target.flatMap((word) => wordNumbers.get(word) ?? []);
    for (const word of lists)
      for (let at = starts[word] as number; at < (starts[word + 1] as number); at++) {
        const posting = values[at] as number;
        if (matched[posting] === 0 && title[posting] === 0) touched[count++] = posting;
        shared[posting] = (shared[posting] as number) + 1;
        title[posting] = Math.max(title[posting] as number, (shared[posting] as number) / target.length);
      }
    for (const word of lists)
      for (let at = starts[word] as number; at < (starts[word + 1] as number); at++)
        shared[values[at] as number] = 0;
  }
  return count;
}

/** Marks the postings that the user names, copies of them, and those that contain what they exclude. */
function markExcluded(
  open: OpenIndex,
  { excluded }: SearchBuffers,
  { user, seenDays }: RecommendQuery,
): void {
  const exclude = (posting: number | undefined): void => {
    if (posting !== undefined) excluded[posting] = 1;
  };
  for (const id of user.hidden) {
    exclude(open.positions.get(id));
    for (const copy of open.byCluster.get(id) ?? []) exclude(copy);
  }
  for (const [posting, days] of seenDays)
    if (posting >= 0 && days >= RECOMMEND_LIMITS.seen.outFromDay) exclude(posting);
  for (const phrase of user.excludedKeywords)
    for (const posting of postingsWithPhrase(open, phrase)) exclude(posting);
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

/**
 * The candidates by rank: those whose bound is at least `least`. Without embeddings, a posting of which
 * nothing matches is none.
 */
function rankCandidates(
  open: OpenIndex,
  buffers: SearchBuffers,
  query: RecommendQuery,
  {
    least,
    touched: touchedCount,
    ...scoring
  }: Scoring & { readonly least: number; readonly touched: number },
): void {
  const { matched, title, touched, excluded, scores, candidates, ranks, rankStarts } = buffers;
  const isByKeywords = scoring.cosines === null;
  const enough = isByKeywords ? leastMatched(least, query, 0) : 0;
  const enoughWithTitle = isByKeywords ? leastMatched(least, query, 1) : 0;
  const boundOf = openBound(open, buffers, query, scoring);
  const size = isByKeywords ? touchedCount : matched.length;
  rankStarts.fill(0);
  let count = 0;
  for (let n = 0; n < size; n++) {
    const posting = isByKeywords ? (touched[n] as number) : n;
    if ((matched[posting] as number) < (title[posting] === 0 ? enough : enoughWithTitle)) continue;
    const bound = boundOf(posting);
    if (bound < least || excluded[posting] === 1) continue;
    const rank = rankOf(bound);
    scores[posting] = bound;
    candidates[count] = posting;
    ranks[count++] = rank;
    rankStarts[rank + 1] = (rankStarts[rank + 1] as number) + 1;
  }
  orderByRank(buffers, count);
}

/** Orders the candidates by their rank. */
function orderByRank({ candidates, ranks, ordered, rankStarts }: SearchBuffers, count: number): void {
  for (let rank = 0; rank < RANKS; rank++)
    rankStarts[rank + 1] = (rankStarts[rank + 1] as number) + (rankStarts[rank] as number);
  // Each rank is filled from its start, which then is the end: the start of the next.
  for (let n = 0; n < count; n++) {
    const rank = ranks[n] as number;
    const place = rankStarts[rank] as number;
    ordered[place] = candidates[n] as number;
    rankStarts[rank] = place + 1;
  }
  rankStarts.copyWithin(1, 0, RANKS);
  rankStarts[0] = 0;
}

function clear(
  { matched, title, touched, hasSkill, excluded }: SearchBuffers,
  user: RecommendUser,
  touchedCount: number,
): void {
  for (let n = 0; n < touchedCount; n++) {
    matched[touched[n] as number] = 0;
    title[touched[n] as number] = 0;
  }
  excluded.fill(0);
  for (const skill of user.skills) hasSkill[skill] = 0;
}
