/**
 * The best entries offered so far, as a heap with the worst of them at its root. Order as in
 * `compareMatches`.
 */
export type BestList = {
  readonly keeps: number;
  /** True once it holds `keeps` entries: from then on an entry has to beat the worst one. */
  full(): boolean;
  /** Defined for a full list only. */
  worstScore(): number;
  /** @returns whether the entry was kept. */
  offer(score: number, count: number, id: number): boolean;
  /** The ids, best first. */
  sorted(): number[];
};

/**
 * Opens an empty list for the best `keep` entries. It lives in typed arrays, so that an offer allocates
 * nothing.
 */
export function openBestList(keep: number): BestList {
  const scores = new Float64Array(keep);
  const counts = new Float64Array(keep);
  const ids = new Float64Array(keep);
  let size = 0;

  /** Negative when the given values rank before entry `at`. */
  const compare = (score: number, count: number, id: number, at: number): number =>
    (scores[at] as number) - score || (counts[at] as number) - count || id - (ids[at] as number);
  const put = (at: number, score: number, count: number, id: number): void => {
    scores[at] = score;
    counts[at] = count;
    ids[at] = id;
  };
  const copy = (from: number, to: number): void =>
    put(to, scores[from] as number, counts[from] as number, ids[from] as number);
  /** Whether entry `a` ranks after entry `b`. */
  const worse = (a: number, b: number): boolean =>
    compare(scores[a] as number, counts[a] as number, ids[a] as number, b) > 0;

  const rise = (score: number, count: number, id: number): void => {
    let at = size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (compare(score, count, id, parent) <= 0) break;
      copy(parent, at);
      at = parent;
    }
    put(at, score, count, id);
  };
  const sink = (score: number, count: number, id: number): void => {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && worse(child + 1, child)) child += 1;
      if (compare(score, count, id, child) >= 0) break;
      copy(child, at);
      at = child;
    }
    put(at, score, count, id);
  };

  return {
    keeps: keep,
    full: () => size === keep,
    worstScore: () => scores[0] as number,
    offer(score, count, id) {
      if (size < keep) {
        rise(score, count, id);
        return true;
      }
      if (compare(score, count, id, 0) >= 0) return false;
      sink(score, count, id);
      return true;
    },
    sorted: () =>
      Array.from({ length: size }, (_, at) => at)
        .sort((a, b) => (worse(a, b) ? 1 : -1))
        .map((at) => ids[at] as number),
  };
}
