import { COMPONENT_BYTES } from "./components.ts";
import { LIST_SIZES } from "./diversity.ts";
import { openPackedList, type PackedList } from "./packed-list.ts";
import type { OpenIndex } from "./posting-index.ts";

/** Memory that is reused by one search after another, and reset between them. */
export type SearchBuffers = {
  /** The weight of each skill that the user has. */
  readonly weights: Uint8Array;
  /** Weight of the matched skills, for the postings that were read. */
  readonly matched: Int32Array;
  readonly title: Float64Array;
  /** Postings that were read, in any order. */
  readonly touched: Int32Array;
  readonly excluded: Uint8Array;
  /** Upper bounds of the scores of candidates, then their scores, by posting. */
  readonly scores: Float64Array;
  /** Candidates by the rank of their bound: the last that was added, the one before each, their number. */
  readonly candidates: RankedPostings;
  readonly counts: Int32Array;
  /** Candidates that score less than their bound, by the rank of the score. */
  readonly lowered: RankedPostings;
  /** A bit for each rank that has any of them. */
  readonly filled: Int32Array;
  readonly list: PackedList;
  /** Components of the postings that the last search has found. */
  readonly components: Uint8Array;
  readonly componentsView: DataView;
};

/** Postings by rank: the one that was added last, and the one before each; -1 for none. */
type RankedPostings = { readonly last: Int32Array; readonly before: Int32Array };

/** Scores fall into ranks of equal width: the highest, from 1 on, is rank 0; the last begins at 0. */
export const RANKS = 1_025;
const BITS = 32;

/** The rank of a score. */
export const rankOf = (score: number): number => Math.max(0, RANKS - 1 - Math.floor(score * (RANKS - 1)));

/** The lowest score of a rank. */
export const scoreOfRank = (rank: number): number => (RANKS - 1 - rank) / (RANKS - 1);

const rankedPostings = (count: number): RankedPostings => ({
  last: new Int32Array(RANKS).fill(-1),
  before: new Int32Array(count),
});

/** Opens buffers for searches of an index. */
export const openBuffers = ({ index, rarity }: OpenIndex): SearchBuffers => {
  const count = index.ids.length;
  const components = new Uint8Array(LIST_SIZES.stored * COMPONENT_BYTES);
  return {
    weights: new Uint8Array(rarity.length),
    matched: new Int32Array(count),
    title: new Float64Array(count),
    touched: new Int32Array(count),
    excluded: new Uint8Array(count),
    scores: new Float64Array(count),
    candidates: rankedPostings(count),
    counts: new Int32Array(RANKS),
    lowered: rankedPostings(count),
    filled: new Int32Array(Math.ceil(RANKS / BITS)),
    list: openPackedList(),
    components,
    componentsView: new DataView(components.buffer),
  };
};

function addTo({ last, before }: RankedPostings, filled: Int32Array, rank: number, posting: number): void {
  before[posting] = last[rank] as number;
  last[rank] = posting;
  filled[rank >>> 5] = (filled[rank >>> 5] as number) | (1 << (rank & (BITS - 1)));
}

/** Adds a candidate at the rank of its bound. */
export function addCandidate(
  { candidates, counts, filled }: SearchBuffers,
  rank: number,
  posting: number,
): void {
  addTo(candidates, filled, rank, posting);
  counts[rank] = (counts[rank] as number) + 1;
}

/** Adds a candidate that was scored, at the rank of its score. */
export const addLowered = ({ lowered, filled }: SearchBuffers, rank: number, posting: number): void =>
  addTo(lowered, filled, rank, posting);

/** The first rank from `from` on that has candidates; RANKS if none has. */
export function nextFilled({ filled }: SearchBuffers, from: number): number {
  let word = from >>> 5;
  let bits = (filled[word] as number) & (-1 << (from & (BITS - 1)));
  while (bits === 0) {
    word += 1;
    if (word === filled.length) return RANKS;
    bits = filled[word] as number;
  }
  return (word << 5) + BITS - 1 - Math.clz32(bits & -bits);
}

/** Forgets all candidates. */
export function forgetCandidates(buffers: SearchBuffers): void {
  const { candidates, counts, lowered, filled } = buffers;
  for (let rank = nextFilled(buffers, 0); rank < RANKS; rank = nextFilled(buffers, rank + 1)) {
    candidates.last[rank] = -1;
    lowered.last[rank] = -1;
    counts[rank] = 0;
  }
  filled.fill(0);
}
