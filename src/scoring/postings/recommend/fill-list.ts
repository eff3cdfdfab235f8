import { type ClosedList, compareRanks, LIST_SIZES, type Listed, openList, type Rank } from "../diversity.ts";
import type { Components } from "./components.ts";
import type { OpenIndex } from "./posting-index.ts";
import { type ScoreTerms, scoreOf } from "./score-posting.ts";
import {
  isRuledOut,
  matchedAt,
  type Query,
  RANKS,
  rankLimit,
  type Scoring,
  type SearchBuffers,
  termsAt,
} from "./search-terms.ts";

/** A posting found for a user. */
export type Found = { readonly id: number; readonly score: number; readonly components: Components };

/** An entry of a stored list whose score still holds. */
export type KeptEntry = Listed & {
  readonly id: number;
  readonly score: number;
  /** The components of the stored list, and its place there, from 0. */
  readonly components: Uint8Array;
  readonly place: number;
};

/** An item of a list: found now, or kept from the stored one. */
export type ListItem = Found | KeptEntry;

/** Something that may enter the list: a posting by its position, with its terms, or an entry that is kept. */
type Competitor = Listed & {
  readonly id: number;
  readonly score: number;
  readonly from: KeptEntry | { readonly posting: number; readonly terms: ScoreTerms };
};

type Filling = Scoring & {
  readonly kept: readonly KeptEntry[];
  /** Postings that score less are left out, and those that come after the floor. */
  readonly least: number;
  readonly floor: Rank;
};

/** Candidates that are scored at a time: twice what a list holds, since some score less than their bound. */
const ROUND = 2 * LIST_SIZES.stored;

/**
 * Fills the list with the candidates in the buffers and with what is kept, best first. Candidates are scored
 * rank by rank, until the list is full of what scores more than the bound of all that are left.
 */
export function fillList(
  open: OpenIndex,
  buffers: SearchBuffers,
  query: Query,
  { kept, ...filling }: Filling,
): ClosedList<ListItem> {
  const { rankStarts } = buffers;
  const list = openList<Competitor>();
  let waiting = kept.map(competitorOf);
  let isFull = false;
  for (let rank = 0; rank < RANKS && !isFull; ) {
    const from = rankStarts[rank] as number;
    while (rank < RANKS && (rankStarts[rank] as number) - from < ROUND) rank += 1;
    scoreCandidates(open, buffers, query, { ...filling, from, to: rankStarts[rank] as number }, waiting);
    const limit = rank === RANKS ? 0 : rankLimit(rank);
    waiting.sort(compareRanks);
    let offered = 0;
    for (; offered < waiting.length && !isFull; offered++) {
      const competitor = waiting[offered] as Competitor;
      if (competitor.score < limit) break;
      isFull = list.offer(competitor, competitor, competitor);
    }
    waiting = waiting.slice(offered);
  }
  const closed = list.close();
  return { ...closed, items: closed.items.map((item) => itemOf(open, buffers, item)) };
}

function competitorOf(entry: KeptEntry): Competitor {
  const { id, score, cluster, company } = entry;
  return { id, score, cluster, company, from: entry };
}

/** Scores the candidates of some ranks, and adds those that may enter the list. */
function scoreCandidates(
  open: OpenIndex,
  buffers: SearchBuffers,
  query: Query,
  {
    from,
    to,
    least,
    floor,
    ...scoring
  }: Omit<Filling, "kept"> & { readonly from: number; readonly to: number },
  into: Competitor[],
): void {
  const { index, words } = open;
  for (let n = from; n < to; n++) {
    const posting = buffers.ordered[n] as number;
    if (isRuledOut(open, query, posting, scoring.asOf)) continue;
    const terms = termsAt(open, buffers, query, posting, scoring);
    const score = scoreOf(terms);
    const id = index.ids[posting] as number;
    if (score < least || compareRanks({ score, id }, floor) > 0) continue;
    const cluster = index.clusters[posting] as number;
    into.push({
      id,
      score,
      cluster: cluster < 0 ? null : cluster,
      company: words[index.companies[posting] as number],
      from: { posting, terms },
    });
  }
}

function itemOf(open: OpenIndex, buffers: SearchBuffers, { id, score, from }: Competitor): ListItem {
  if ("place" in from) return from;
  const { posting, terms } = from;
  return { id, score, components: { ...terms, ...matchedAt(open, buffers, posting) } };
}
