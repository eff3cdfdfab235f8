import { type ClosedList, LIST_SIZES, NO_FLOOR, type PostingRank } from "./diversity.ts";
import type { RecommendUser } from "./facts.ts";
import { fillList, type KeptEntry, type ListItem } from "./fill-list.ts";
import { findCandidates } from "./find-candidates.ts";
import { type OpenIndex, postingsWithPhrase } from "./posting-index.ts";
import { RECOMMEND_LIMITS } from "./score-posting.ts";
import type { SearchBuffers } from "./search-buffers.ts";
import { type Cosines, queryOf, type RecommendQuery } from "./search-terms.ts";

export type SearchOptions = {
  /** The instant that scores are computed for, in milliseconds. */
  readonly asOf: number;
  readonly cosines?: Cosines;
  /** Entries of the stored list that compete with the postings of the index, which are others. */
  readonly kept?: readonly KeptEntry[];
  /** Postings that come after it are left out. Default: none. */
  readonly floor?: PostingRank;
};

/**
 * Number of candidates in the first search: some are left out later, and some score less than their bound.
 */
const ENOUGH = 1.6 * LIST_SIZES.stored;
/** By this factor more are searched for when these do not fill the list. */
const MORE = 8;

/** The list of a user by the index: ids, scores and order as `recommend` gives them. */
export function searchPostings(
  open: OpenIndex,
  buffers: SearchBuffers,
  user: RecommendUser,
  { asOf, cosines = null, kept = [], floor = NO_FLOOR }: SearchOptions,
): ClosedList<ListItem> {
  const query = queryOf(open, user);
  for (const skill of user.skills) buffers.weights[skill] = open.rarity[skill] as number;
  markExcluded(open, buffers, query);
  const least = Math.max(RECOMMEND_LIMITS.minimum, floor.score);
  for (let enough = ENOUGH; ; enough *= MORE) {
    const { from, touched } = findCandidates(open, buffers, query, { least, enough, asOf, cosines });
    const list = fillList(open, buffers, query, { kept, least, from, floor, asOf, cosines });
    forgetMatches(buffers, touched);
    if (from > least && list.items.length < LIST_SIZES.stored) continue;
    buffers.excluded.fill(0);
    for (const skill of user.skills) buffers.weights[skill] = 0;
    return list;
  }
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

function forgetMatches({ matched, title, touched }: SearchBuffers, count: number): void {
  if (count === matched.length) {
    matched.fill(0);
    title.fill(0);
    return;
  }
  for (let n = 0; n < count; n++) {
    matched[touched[n] as number] = 0;
    title[touched[n] as number] = 0;
  }
}
