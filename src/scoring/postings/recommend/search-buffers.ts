import type { OpenIndex } from "./posting-index.ts";

/** Memory that one search after another uses; all zero between two of them. */
export type SearchBuffers = {
  /** Weight of the matched skills by posting. */
  readonly matched: Int32Array;
  readonly title: Float64Array;
  /** Role words of one target by posting. */
  readonly shared: Uint8Array;
  /** Postings of which anything matches, in any order. */
  readonly touched: Int32Array;
  readonly excluded: Uint8Array;
  readonly hasSkill: Uint8Array;
  /** Upper bounds of scores, then the scores, by posting. */
  readonly scores: Float64Array;
  /** Postings whose score may be high enough, and the rank of each. */
  readonly candidates: Int32Array;
  readonly ranks: Uint16Array;
  /** The same by rank: rank n is `ordered[rankStarts[n] .. rankStarts[n + 1])`. */
  readonly ordered: Int32Array;
  readonly rankStarts: Int32Array;
  /** Postings that score less than their bound, by the rank of the score: the first, and the next of each. */
  readonly firstLowered: Int32Array;
  readonly nextLowered: Int32Array;
};

/** Scores fall into ranks of equal width: the highest, from 1 on, is rank 0; the last begins at 0. */
export const RANKS = 1_025;

/** The rank of a score. */
export const rankOf = (score: number): number => Math.max(0, RANKS - 1 - Math.floor(score * (RANKS - 1)));

/** Opens buffers for searches of an index. */
export const openBuffers = ({ index, rarity }: OpenIndex): SearchBuffers => {
  const count = index.ids.length;
  return {
    matched: new Int32Array(count),
    title: new Float64Array(count),
    shared: new Uint8Array(count),
    touched: new Int32Array(count),
    excluded: new Uint8Array(count),
    hasSkill: new Uint8Array(rarity.length),
    scores: new Float64Array(count),
    candidates: new Int32Array(count),
    ranks: new Uint16Array(count),
    ordered: new Int32Array(count),
    rankStarts: new Int32Array(RANKS + 1),
    firstLowered: new Int32Array(RANKS).fill(-1),
    nextLowered: new Int32Array(count),
  };
};
