/** An item of a ranking. `isRelevant`: it is one of the right answers. */
export type Ranked = { readonly score: number; readonly isRelevant: boolean };

/**
 * Gain at each of the first `k` ranks. Items with equal scores share their places: each place has the mean
 * gain of its group, as if ties were broken at random. Source: McSherry and Najork, Computing Information
 * Retrieval Performance Measures Efficiently in the Presence of Tied Scores, 2008.
 */
function gainsAt(items: readonly Ranked[], k: number): number[] {
  const sorted = [...items].sort((a, b) => b.score - a.score);
  const gains: number[] = [];
  for (let from = 0; from < sorted.length && gains.length < k; ) {
    let to = from;
    let relevant = 0;
    while (to < sorted.length && sorted[to]?.score === sorted[from]?.score) {
      if (sorted[to]?.isRelevant) relevant += 1;
      to += 1;
    }
    for (let n = from; n < to && gains.length < k; n++) gains.push(relevant / (to - from));
    from = to;
  }
  return gains;
}

const discounted = (gains: readonly number[]): number =>
  gains.reduce((sum, gain, rank) => sum + gain / Math.log2(rank + 2), 0);

/** NDCG@k: gain 1, discount log2(rank + 1), ideal with min(k, right answers) at the top. 0 without any. */
export function ndcgAt(items: readonly Ranked[], k: number): number {
  const relevant = items.filter(({ isRelevant }) => isRelevant).length;
  if (relevant === 0) return 0;
  const ideal = discounted(new Array<number>(Math.min(k, relevant)).fill(1));
  return discounted(gainsAt(items, k)) / ideal;
}

/** Share of the right answers among the first `k`, ties as above. */
export function recallAt(items: readonly Ranked[], k: number): number {
  const relevant = items.filter(({ isRelevant }) => isRelevant).length;
  return relevant === 0 ? 0 : gainsAt(items, k).reduce((sum, gain) => sum + gain, 0) / relevant;
}
