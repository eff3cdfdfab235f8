/** Lengths of a list of recommendations. */
export const LIST_SIZES = {
  /** Served to a user. */
  served: 50,
  /** Stored: the others replace postings that close or are dismissed. */
  stored: 80,
  /** The top of a list, in which one company has at most `perCompany`. */
  first: 20,
  perCompany: 3,
} as const;

/** The facts that the order of a list depends on besides the score. */
export type Listed = {
  /** The same for copies of one posting; null when no copy is known. */
  readonly cluster: number | null;
  /** Identifies the company. */
  readonly company: unknown;
};

/** The sort key of postings: higher scores first, then lower ids. */
export type PostingRank = { readonly score: number; readonly id: number };

/** Higher scores first, then the lower id: two runs give the same list. */
export const compareRanks = (a: PostingRank, b: PostingRank): number => b.score - a.score || a.id - b.id;

/** A list that is being filled. */
export type OpenList<T> = {
  /** Offers the next best item. @returns whether the list is full, so that no further item enters it. */
  offer(item: T, listed: Listed, rank: PostingRank): boolean;
  close(): ClosedList<T>;
};

export type ClosedList<T> = {
  /** The top, then the rest, each best first. */
  readonly items: readonly T[];
  /** Number of items at the top: below 20, the rest is not served. */
  readonly first: number;
  /** No posting outside the list ranks before this, except copies of those in it. */
  readonly floor: PostingRank;
};

/** The floor of a list that contains every posting. */
export const NO_FLOOR: PostingRank = { score: 0, id: 0 };

/**
 * Fills a list from items that are offered best first: of copies only the best, and among the first 20 at
 * most 3 of one company; further ones come after them.
 */
export function openList<T>(): OpenList<T> {
  const first: T[] = [];
  const rest: T[] = [];
  const clusters = new Set<number>();
  const companies = new Map<unknown, number>();
  const restSize = LIST_SIZES.stored - LIST_SIZES.first;
  let dropped: PostingRank | null = null;
  let last = NO_FLOOR;
  const isFull = () => first.length === LIST_SIZES.first && rest.length === restSize;
  return {
    offer(item, { cluster, company }, { score, id }) {
      last = { score, id };
      if (cluster !== null) {
        if (clusters.has(cluster)) return isFull();
        clusters.add(cluster);
      }
      const ofCompany = companies.get(company) ?? 0;
      if (first.length < LIST_SIZES.first && ofCompany < LIST_SIZES.perCompany) {
        companies.set(company, ofCompany + 1);
        first.push(item);
      } else if (rest.length < restSize) rest.push(item);
      else dropped ??= last;
      return isFull();
    },
    close: () => ({
      items: [...first, ...rest],
      first: first.length,
      floor: dropped ?? (isFull() ? last : NO_FLOOR),
    }),
  };
}

/** How many postings of a stored list are served. */
export const servedCount = (stored: number, first: number): number =>
  first < LIST_SIZES.first ? first : Math.min(stored, LIST_SIZES.served);
