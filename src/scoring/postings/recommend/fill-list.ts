import type { StoredComponents } from "./components.ts";
import { type ClosedList, compareRanks, type Listed, type PostingRank } from "./diversity.ts";
import { emptyPackedList, floorOfPacked, itemAt, offerItem } from "./packed-list.ts";
import type { OpenIndex } from "./posting-index.ts";
import { scoreOf } from "./score-posting.ts";
import {
  addLowered,
  forgetCandidates,
  nextFilled,
  RANKS,
  rankOf,
  type SearchBuffers,
} from "./search-buffers.ts";
import {
  isRuledOut,
  loweredAt,
  type RecommendQuery,
  type Scoring,
  termsAt,
  writeComponentsAt,
} from "./search-terms.ts";

/**
 * An item of a list: a posting found now, whose components are in the buffers up to the next search, or an
 * entry of the stored list.
 */
export type ListItem = PostingRank & StoredComponents;

/**
 * An entry of a stored list whose score still holds. Its index is that in the stored list, its company the
 * number of `companyNumber`.
 */
export type KeptEntry = ListItem & Pick<Listed, "cluster"> & { readonly company: number };

type Filling = Scoring & {
  readonly kept: readonly KeptEntry[];
  /** Postings that score less are left out, and those that come after the floor. */
  readonly least: number;
  /** Postings that score less need not be candidates: unless it is `least`, the list ends before them. */
  readonly from: number;
  readonly floor: PostingRank;
};

/** A competitor for the list: a posting by its position, or the kept entry `n` as -1 - n. */
type Contest = {
  readonly open: OpenIndex;
  readonly buffers: SearchBuffers;
  readonly query: RecommendQuery;
  readonly filling: Filling;
  /** Best first. */
  readonly kept: readonly KeptEntry[];
};

/**
 * Fills the list with the candidates in the buffers and with what is kept, best first. A candidate is scored
 * when the rank of its bound is reached, and offered at the rank of its score, which is the same or a later
 * one: so most candidates are never scored.
 */
export function fillList(
  open: OpenIndex,
  buffers: SearchBuffers,
  query: RecommendQuery,
  filling: Filling,
): ClosedList<ListItem> {
  const contest = { open, buffers, query, filling, kept: filling.kept.toSorted(compareRanks) };
  const last = filling.from > filling.least ? rankOf(filling.from) : RANKS - 1;
  let next = 0;
  for (let from = 0, isFull = false; !isFull; from += 1) {
    from = Math.min(nextFilled(buffers, from), rankOfEntry(contest, next));
    if (from > last) break;
    const competitors = scoreRank(contest, from);
    while (rankOfEntry(contest, next) === from) competitors.push(-1 - next++);
    order(contest, competitors);
    for (let n = 0; n < competitors.length && !isFull; n++) isFull = offer(contest, competitors[n] as number);
  }
  forgetCandidates(buffers);
  return close(contest);
}

/** The rank of an entry that is kept; none after the last one. */
function rankOfEntry({ kept }: Contest, n: number): number {
  const entry = kept[n];
  return entry === undefined ? RANKS : rankOf(entry.score);
}

const entryAt = ({ kept }: Contest, item: number): KeptEntry => kept[-1 - item] as KeptEntry;

const scoreOfItem = (contest: Contest, item: number): number =>
  item < 0 ? entryAt(contest, item).score : (contest.buffers.scores[item] as number);

const idOfItem = (contest: Contest, item: number): number =>
  item < 0 ? entryAt(contest, item).id : (contest.open.index.ids[item] as number);

/** Negative where `a` comes first. */
const compareItems = (contest: Contest, a: number, b: number): number =>
  scoreOfItem(contest, b) - scoreOfItem(contest, a) || idOfItem(contest, a) - idOfItem(contest, b);

/** Sorts the competitors at a rank, best first. Usually there are few, or they are in order. */
function order(contest: Contest, competitors: number[]): void {
  for (let n = 1; n < competitors.length; n++)
    if (compareItems(contest, competitors[n - 1] as number, competitors[n] as number) > 0) {
      competitors.sort((a, b) => compareItems(contest, a, b));
      return;
    }
}

/** Offers an item to the list. @returns whether the list is full. */
function offer(contest: Contest, item: number): boolean {
  const { open, buffers } = contest;
  const { ids, clusters, companies } = open.index;
  if (item < 0) {
    const { score, id, cluster, company } = entryAt(contest, item);
    return offerItem(buffers.list, item, score, id, cluster ?? -1, company);
  }
  return offerItem(
    buffers.list,
    item,
    buffers.scores[item] as number,
    ids[item] as number,
    clusters[item] as number,
    companies[item] as number,
  );
}

/** The list, with the components of the postings that were found. */
function close(contest: Contest): ClosedList<ListItem> {
  const { open, buffers, query, filling } = contest;
  const { list: packed, components, componentsView } = buffers;
  const size = packed.firstSize + packed.restSize;
  const items: ListItem[] = [];
  for (let index = 0; index < size; index++) {
    const item = itemAt(packed, index);
    if (item < 0) {
      items.push(entryAt(contest, item));
      continue;
    }
    writeComponentsAt(componentsView, index, open, buffers, query, item, filling);
    const score = buffers.scores[item] as number;
    items.push({ id: open.index.ids[item] as number, score, components, index });
  }
  const list = { items, first: packed.firstSize, floor: floorOfPacked(packed) };
  emptyPackedList(packed);
  return list;
}

/** Scores the candidates of a rank. @returns the postings whose score is of this rank. */
function scoreRank(contest: Contest, rank: number): number[] {
  const { buffers } = contest;
  const { scores, candidates, lowered } = buffers;
  const found: number[] = [];
  for (
    let posting = candidates.last[rank] as number;
    posting >= 0;
    posting = candidates.before[posting] as number
  ) {
    const score = scoreAt(contest, posting);
    if (score === null) continue;
    scores[posting] = score;
    const own = rankOf(score);
    if (own === rank) found.push(posting);
    else addLowered(buffers, own, posting);
  }
  // In the order in which they were added, which most often is that of their ids.
  found.reverse();
  for (let posting = lowered.last[rank] as number; posting >= 0; posting = lowered.before[posting] as number)
    found.push(posting);
  return found;
}

/** The score of a candidate; null for one that is left out. */
function scoreAt({ open, buffers, query, filling }: Contest, posting: number): number | null {
  const { least, floor, asOf, cosines } = filling;
  if (isRuledOut(open, query, posting, asOf)) return null;
  const score =
    cosines === null
      ? (buffers.scores[posting] as number) * loweredAt(open, buffers, query, posting)
      : scoreOf(termsAt(open, buffers, query, posting, filling));
  if (score < least || score < floor.score) return null;
  return score === floor.score && (open.index.ids[posting] as number) > floor.id ? null : score;
}
