import { feedScore, type ScoredPost } from "./feed-score.ts";

const DAY_MS = 86_400_000;

/** Why a user sees the posts of an author: the first reason that is true. */
export const SOURCES = ["own", "following", "followers", "friends"] as const;
export type FeedSource = (typeof SOURCES)[number];

export const FEED_LIMITS = {
  windowMs: 7 * DAY_MS,
  /** Posts of friends of interest are taken while they trend. */
  trendingMs: 2 * DAY_MS,
  perAuthor: 3,
  /**
   * At most this many of the newest posts of each source; of friends those that trend most, up to the total.
   */
  perSource: { own: 10, following: 50, followers: 30 },
  candidates: 500,
  /** At most this many posts are stored for a feed. 60 are shown; the rest replaces hidden ones. */
  stored: 200,
  suggestions: 50,
  questions: 5,
} as const;

/** A post that may come into a feed. */
export type FeedCandidate = {
  readonly id: number;
  readonly authorId: number;
  readonly source: FeedSource;
  /** In ms. */
  readonly createdAt: number;
  readonly affinity: number;
  readonly quality: number;
  /** Its lhot (trend.ts); null while it does not trend. */
  readonly trend: number | null;
};

/** A post of a feed. */
export type FeedPost = ScoredPost & Pick<FeedCandidate, "id" | "authorId" | "source">;

/**
 * The posts of a feed from all candidates, best score first, equal ones by id: the 3 newest of each author,
 * the newest of each source, and of friends those that trend most, up to 500 in all.
 *
 * @param asOf in ms. Later posts, and those older than 7 days, are left out; so are posts of friends that do
 *   not trend or are older than 48 h.
 */
export function orderPosts(candidates: readonly FeedCandidate[], asOf: number): FeedPost[] {
  const admitted = admit(candidates, asOf).map(
    ({ newer, post: { trend: _, ...post } }): FeedPost => ({ ...post, newer }),
  );
  return bestPosts(admitted, asOf);
}

/** The posts that are stored for a feed, best score first, equal ones by id. */
export const bestPosts = (posts: readonly FeedPost[], asOf: number): FeedPost[] =>
  bestFirst(posts, (post) => feedScore(post, asOf)).slice(0, FEED_LIMITS.stored);

type Admitted = { readonly post: FeedCandidate; readonly newer: number };

/** Those that fit. */
function admit(candidates: readonly FeedCandidate[], asOf: number): Admitted[] {
  const perAuthor = new Map<number, number>();
  const bySource: Record<FeedSource, Admitted[]> = { own: [], following: [], followers: [], friends: [] };
  for (const post of candidates.filter((one) => isRecent(one, asOf)).sort(newestFirst)) {
    const newer = perAuthor.get(post.authorId) ?? 0;
    perAuthor.set(post.authorId, newer + 1);
    if (newer < FEED_LIMITS.perAuthor) bySource[post.source].push({ post, newer });
  }
  const { own, following, followers } = FEED_LIMITS.perSource;
  const near = [
    ...bySource.own.slice(0, own),
    ...bySource.following.slice(0, following),
    ...bySource.followers.slice(0, followers),
  ];
  const friends = bySource.friends.sort((a, b) => trendOf(b) - trendOf(a) || a.post.id - b.post.id);
  return [...near, ...friends.slice(0, FEED_LIMITS.candidates - near.length)];
}

const trendOf = ({ post }: Admitted): number => post.trend ?? 0;

function isRecent(
  { createdAt, source, trend }: Pick<FeedCandidate, "createdAt" | "source" | "trend">,
  asOf: number,
): boolean {
  if (createdAt > asOf) return false;
  if (source !== "friends") return createdAt > asOf - FEED_LIMITS.windowMs;
  return trend !== null && createdAt > asOf - FEED_LIMITS.trendingMs;
}

const newestFirst = (a: FeedCandidate, b: FeedCandidate): number => b.createdAt - a.createdAt || b.id - a.id;

/** Sorted by a score, best first, equal ones by id. */
function bestFirst<T extends { readonly id: number }>(
  items: readonly T[],
  scoreOf: (item: T) => number,
): T[] {
  return items
    .map((item) => ({ item, score: scoreOf(item) }))
    .sort((a, b) => b.score - a.score || a.item.id - b.item.id)
    .map(({ item }) => item);
}

/** A stored feed: posts best first, as of when it was computed. */
export type Feed = {
  readonly posts: readonly FeedPost[];
  /** Suggested people, best first. */
  readonly suggestions: readonly number[];
  /** Ids of their first options. */
  readonly questions: readonly number[];
};

export const ITEM_KINDS = ["post", "suggestion", "question"] as const;
export type ItemKind = (typeof ITEM_KINDS)[number];

/**
 * Whether two feeds give the same order in every session: the same items with the same parts of their scores.
 * Posts may be stored in another order, which changes with time alone.
 */
export function isSameFeed(a: Feed, b: Feed): boolean {
  const before = new Map(a.posts.map((post) => [post.id, post]));
  return (
    a.posts.length === b.posts.length &&
    b.posts.every((post) => isSamePost(before.get(post.id), post)) &&
    areSame(a.suggestions, b.suggestions) &&
    areSame(a.questions, b.questions)
  );
}

const isSamePost = (a: FeedPost | undefined, b: FeedPost): boolean =>
  a !== undefined &&
  a.authorId === b.authorId &&
  a.source === b.source &&
  a.createdAt === b.createdAt &&
  a.affinity === b.affinity &&
  a.quality === b.quality &&
  a.newer === b.newer;

const areSame = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((id, index) => id === b[index]);

/** One entry of a feed. */
export type FeedItem = { readonly kind: ItemKind; readonly id: number };

/** Every 5th item is a suggestion, every 20th a question, while there are any. */
const EVERY = { suggestion: 5, question: 20 } as const;

/**
 * The order in which a feed is shown in a session that began at `asOf`: posts by their scores as of then,
 * less 0.2 for what was seen in the 24 h before, with suggestions and questions at their positions, unseen
 * ones first. Authors of the posts are not suggested. Each item occurs once.
 *
 * @param isSeen whether an item was seen in the 24 h before the session.
 */
export function sessionOrder(feed: Feed, asOf: number, isSeen: (item: FeedItem) => boolean): FeedItem[] {
  // Posts may have become too old since the feed was stored.
  const posts = feed.posts.filter((post) => isRecent({ ...post, trend: 0 }, asOf));
  const authors = new Set(posts.map(({ authorId }) => authorId));
  const unseenFirst = (kind: ItemKind, ids: readonly number[]) => [
    ...ids.filter((id) => !isSeen({ kind, id })),
    ...ids.filter((id) => isSeen({ kind, id })),
  ];
  const waiting: Record<ItemKind, readonly number[]> = {
    post: bestFirst(posts, (post) => feedScore(post, asOf, isSeen({ kind: "post", id: post.id }))).map(
      ({ id }) => id,
    ),
    suggestion: unseenFirst(
      "suggestion",
      feed.suggestions.filter((id) => !authors.has(id)),
    ),
    question: unseenFirst("question", feed.questions),
  };
  const taken: Record<ItemKind, number> = { post: 0, suggestion: 0, question: 0 };
  const items: FeedItem[] = [];
  for (;;) {
    const kind = kindsAt(items.length + 1).find((each) => taken[each] < waiting[each].length);
    if (kind === undefined) return items;
    items.push({ kind, id: waiting[kind][taken[kind]] as number });
    taken[kind] += 1;
  }
}

/** The kind of item at a position, counted from 1: the first kind that still has items. */
function kindsAt(position: number): readonly ItemKind[] {
  if (position % EVERY.question === 0) return ["question", "post", "suggestion"];
  return position % EVERY.suggestion === 0 ? ["suggestion", "post", "question"] : ITEM_KINDS;
}
