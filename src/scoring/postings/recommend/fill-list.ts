import { type ClosedList, compareRanks, type Listed, openList, type PostingRank } from "../diversity.ts";
import { COMPONENT_BYTES, type StoredComponents } from "./components.ts";
import type { OpenIndex } from "./posting-index.ts";
import { scoreOf } from "./score-posting.ts";
import { RANKS, rankOf, type SearchBuffers } from "./search-buffers.ts";
import {
  isRuledOut,
  loweredAt,
  type RecommendQuery,
  type Scoring,
  termsAt,
  writeComponentsAt,
} from "./search-terms.ts";

/** An item of a list: a posting found now, or an entry of the stored list. */
export type ListItem = PostingRank & StoredComponents;

/** An entry of a stored list whose score still holds. Its place is that in the stored list. */
export type KeptEntry = ListItem & Listed;

/** Something that may enter the list: a posting by its position, or an entry that is kept. */
type Competitor = number | KeptEntry;

type Filling = Scoring & {
  readonly kept: readonly KeptEntry[];
  /** Postings that score less are left out, and those that come after the floor. */
  readonly least: number;
  readonly floor: PostingRank;
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
  const { ids, clusters, companies } = open.index;
  const { scores, rankStarts, firstLowered } = buffers;
  const rankAt = (item: Competitor): PostingRank =>
    typeof item === "number" ? { score: scores[item] as number, id: ids[item] as number } : item;
  const listedAt = (item: Competitor): Listed => {
    if (typeof item !== "number") return item;
    const cluster = clusters[item] as number;
    return { cluster: cluster < 0 ? null : cluster, company: open.words[companies[item] as number] };
  };
  const compare = (a: Competitor, b: Competitor): number =>
    typeof a === "number" && typeof b === "number"
      ? (scores[b] as number) - (scores[a] as number) || a - b
      : compareRanks(rankAt(a), rankAt(b));
  const kept = filling.kept.toSorted(compareRanks);
  const list = openList<Competitor>();
  const keptRanks = kept.map(({ score }) => rankOf(score));
  let nextKept = 0;
  for (let rank = 0, isFull = false; rank < RANKS && !isFull; rank++) {
    const isEmpty = rankStarts[rank] === rankStarts[rank + 1] && (firstLowered[rank] as number) < 0;
    if (isEmpty && keptRanks[nextKept] !== rank) continue;
    const competitors = scoreRank(open, buffers, query, filling, rank);
    for (; keptRanks[nextKept] === rank; nextKept++) competitors.push(kept[nextKept] as KeptEntry);
    if (competitors.length > 1) competitors.sort(compare);
    for (let n = 0; n < competitors.length && !isFull; n++) {
      const item = competitors[n] as Competitor;
      isFull = list.offer(item, listedAt(item), rankAt(item));
    }
  }
  firstLowered.fill(-1);
  const { items, first, floor } = list.close();
  const components = new Uint8Array(items.length * COMPONENT_BYTES);
  const view = new DataView(components.buffer);
  const itemAt = (item: Competitor, place: number): ListItem => {
    if (typeof item !== "number") return item;
    writeComponentsAt(view, place, open, buffers, query, item, filling);
    return { id: ids[item] as number, score: scores[item] as number, components, place };
  };
  return { items: items.map(itemAt), first, floor };
}

/** Scores the candidates of a rank. @returns the postings whose score is of this rank. */
function scoreRank(
  open: OpenIndex,
  buffers: SearchBuffers,
  query: RecommendQuery,
  filling: Filling,
  rank: number,
): Competitor[] {
  const { scores, ordered, rankStarts, firstLowered, nextLowered } = buffers;
  const from = rankStarts[rank] as number;
  const to = rankStarts[rank + 1] as number;
  const found: Competitor[] = [];
  for (let n = from; n < to; n++) {
    const posting = ordered[n] as number;
    const score = scoreAt(open, buffers, query, filling, posting);
    if (score === null) continue;
    scores[posting] = score;
    const own = rankOf(score);
    if (own === rank) found.push(posting);
    else {
      nextLowered[posting] = firstLowered[own] as number;
      firstLowered[own] = posting;
    }
  }
  for (let posting = firstLowered[rank] as number; posting >= 0; posting = nextLowered[posting] as number)
    found.push(posting);
  return found;
}

/** The score of a candidate; null for one that is left out. */
function scoreAt(
  open: OpenIndex,
  buffers: SearchBuffers,
  query: RecommendQuery,
  filling: Filling,
  posting: number,
): number | null {
  const { least, floor, asOf, cosines } = filling;
  if (isRuledOut(open, query, posting, asOf)) return null;
  const score =
    cosines === null
      ? (buffers.scores[posting] as number) * loweredAt(open, buffers, query, posting)
      : scoreOf(termsAt(open, buffers, query, posting, filling));
  if (score < least || score < floor.score) return null;
  return score === floor.score && (open.index.ids[posting] as number) > floor.id ? null : score;
}
