import type { Floor } from "./floor.ts";
import type { PackedScores } from "./packed-scores.ts";
import { PAIR_TERM_BYTES, writePairTerms } from "./pair-bytes.ts";
import { type PairTier, TERM_COUNT } from "./score-pair.ts";

/** The best pairs of a tier, best first: the n-th is at `order[n]` of the columns. */
export type BestOfTier = {
  readonly count: number;
  readonly order: Int32Array;
  /** Of the candidates, in the packed people; ~position in the lists of those who are not packed. */
  readonly positions: Int32Array;
  readonly candidateIds: Float64Array;
  readonly scores: Float64Array;
  /** A byte for each term. */
  readonly components: Uint8Array;
  readonly floor: Floor | null;
};

/**
 * Collects the scored pairs of one viewer after the other in the same columns, without an object for each.
 */
export type ScoredPairs = {
  clear(): void;
  /** Scores a candidate whom the viewer may see. */
  offer(candidateId: number, position: number): void;
  /** The same of a candidate who is not packed. @param terms with the score after them. */
  offerScored(candidateId: number, listPosition: number, tier: PairTier, terms: Float64Array): void;
  /** The best of each tier, until the next `clear`. */
  best(): { readonly [Tier in PairTier]: BestOfTier };
};

/** @param scores has begun the viewer. */
export function openScored(keep: number, scores: PackedScores): ScoredPairs {
  const tiers = { A: openTier(keep), B: openTier(keep) };
  const terms = new Float64Array(TERM_COUNT + 1);
  return {
    clear() {
      tiers.A.clear();
      tiers.B.clear();
    },
    offer(candidateId, position) {
      const tier = scores.ofCandidate(terms, position) === "A" ? tiers.A : tiers.B;
      tier.offer(candidateId, position, terms);
    },
    offerScored(candidateId, listPosition, tier, scored) {
      tiers[tier].offer(candidateId, ~listPosition, scored);
    },
    best: () => ({ A: tiers.A.best(), B: tiers.B.best() }),
  };
}

/** Sorts when this many times the kept number have been collected, which is rare after the filter. */
const ROOM = 4;

function openTier(keep: number) {
  const room = ROOM * keep;
  const columns = {
    positions: new Int32Array(room),
    candidateIds: new Float64Array(room),
    scores: new Float64Array(room),
    components: new Uint8Array(room * PAIR_TERM_BYTES),
  };
  const { positions, candidateIds, scores, components } = columns;
  /** The scores in the form that comparePairs compares. */
  const rounded = new Float32Array(room);
  /** The first `count` are in use, the others free. */
  const order = new Int32Array(room);
  const scratch = new Int32Array(room);
  let count = 0;
  const isBefore = (a: number, b: number): boolean => {
    const difference = (rounded[a] as number) - (rounded[b] as number);
    return difference > 0 || (difference === 0 && (candidateIds[a] as number) < (candidateIds[b] as number));
  };
  const cut = (): void => {
    mergeSort(order, scratch, count, isBefore);
    count = Math.min(count, keep);
  };
  return {
    clear(): void {
      for (let n = 0; n < room; n++) order[n] = n;
      count = 0;
    },
    offer(candidateId: number, position: number, terms: Float64Array): void {
      if (count === room) cut();
      const at = order[count++] as number;
      positions[at] = position;
      candidateIds[at] = candidateId;
      scores[at] = terms[TERM_COUNT] as number;
      rounded[at] = terms[TERM_COUNT] as number;
      writePairTerms(components, at * PAIR_TERM_BYTES, terms);
    },
    best(): BestOfTier {
      cut();
      const last = order[count - 1] as number;
      const floor =
        count < keep ? null : { score: scores[last] as number, userId: candidateIds[last] as number };
      return { count, order, ...columns, floor };
    },
  };
}

/** Sorts the first `count` of `order`. */
function mergeSort(
  order: Int32Array,
  scratch: Int32Array,
  count: number,
  isBefore: (a: number, b: number) => boolean,
): void {
  for (let width = 1; width < count; width *= 2) {
    for (let from = 0; from < count; from += 2 * width) {
      const [middle, end] = [Math.min(from + width, count), Math.min(from + 2 * width, count)];
      for (let left = from, right = middle, at = from; at < end; at++) {
        const takesRight =
          right < end && (left >= middle || isBefore(order[right] as number, order[left] as number));
        scratch[at] = order[takesRight ? right++ : left++] as number;
      }
    }
    order.set(scratch.subarray(0, count));
  }
}
