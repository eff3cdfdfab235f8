export const FEED_WEIGHTS = { recency: 0.6, affinity: 0.3, quality: 0.1, seen: -0.2 } as const;

/** Further items of one author count less: half, a quarter, and never less than that. */
const AUTHOR_DECAY = { factor: 0.5, least: 0.25 } as const;

const HOUR_MS = 3_600_000;

/** min(1, 1 / ln(2 + hours)): 1 in the first hour or so, then slowly less. Never rises with time. */
export const recencyOf = (hours: number): number => Math.min(1, 1 / Math.log(2 + Math.max(hours, 0)));

/** The facts that the score of a post depends on, besides the time and what the user has seen. */
export type ScoredPost = {
  /** In ms. */
  readonly createdAt: number;
  /** From 0 to 1. */
  readonly affinity: number;
  /** From 0 to 1. */
  readonly quality: number;
  /** Newer posts of its author in the feed: 0, 1 or 2. */
  readonly newer: number;
};

/** The terms of a score, as explanations show them. */
export type FeedTerms = {
  readonly recency: number;
  readonly affinity: number;
  readonly quality: number;
  /** The factor for diversity, by which their sum is multiplied. */
  readonly diversity: number;
  readonly isSeen: boolean;
  readonly score: number;
};

/** 0.5^n, not less than 0.25, for a post with n newer ones of its author. */
export const diversityOf = (newer: number): number =>
  Math.max(AUTHOR_DECAY.factor ** newer, AUTHOR_DECAY.least);

/**
 * score = diversity x (0.6 recency + 0.3 affinity + 0.1 quality) - 0.2 if it was seen in the last 24 h.
 *
 * @param asOf in ms.
 */
export function feedTerms(post: ScoredPost, asOf: number, isSeen: boolean): FeedTerms {
  const recency = recencyOf((asOf - post.createdAt) / HOUR_MS);
  const { affinity, quality } = post;
  const diversity = diversityOf(post.newer);
  const sum =
    FEED_WEIGHTS.recency * recency + FEED_WEIGHTS.affinity * affinity + FEED_WEIGHTS.quality * quality;
  const score = diversity * sum + (isSeen ? FEED_WEIGHTS.seen : 0);
  return { recency, affinity, quality, diversity, isSeen, score };
}

export const feedScore = (post: ScoredPost, asOf: number, isSeen = false): number =>
  feedTerms(post, asOf, isSeen).score;
