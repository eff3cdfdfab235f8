import { postAffinity } from "./affinity.ts";
import { FEED_LIMITS, type FeedCandidate, type FeedSource } from "./merge-order.ts";

/** A post with the facts that its scores for all readers are computed from. */
export type IndexedPost = {
  readonly id: number;
  readonly authorId: number;
  /** In ms. */
  readonly createdAt: number;
  /** If false, it is shown only to its author and their followers. */
  readonly isPublic: boolean;
  readonly quality: number;
  readonly topics: readonly string[];
  /** Its lhot (trend.ts); null while it does not trend. */
  readonly trend: number | null;
};

/**
 * Posts that may come into feeds. The facts that decide which ones are taken are in flat arrays: the posts of
 * an author then cost two cache misses instead of ten.
 */
export type PostIndex = {
  /** Newest first; a post's rank is its index here. */
  readonly posts: readonly IndexedPost[];
  /** By rank. */
  readonly createdAt: Float64Array;
  /** For each author how many posts there are, followed by their entries, newest first: rank x 4 + flags. */
  readonly runs: Int32Array;
  /** Where the run of an author begins. */
  readonly runOf: ReadonlyMap<number, number>;
};

const FLAG_BITS = 2;
const PUBLIC = 1;
const TRENDS = 2;

/** The rank of an entry of a run. */
export const rankOfEntry = (entry: number): number => entry >> FLAG_BITS;

/** @param posts in any order, fewer than 2^29. */
export function indexPosts(posts: readonly IndexedPost[]): PostIndex {
  const newest = [...posts].sort((a, b) => b.createdAt - a.createdAt || b.id - a.id);
  const entriesOf = new Map<number, number[]>();
  for (const [rank, { authorId, isPublic, trend }] of newest.entries()) {
    const entry = (rank << FLAG_BITS) | (isPublic ? PUBLIC : 0) | (trend === null ? 0 : TRENDS);
    const entries = entriesOf.get(authorId);
    if (entries) entries.push(entry);
    else entriesOf.set(authorId, [entry]);
  }
  const runs = new Int32Array(newest.length + entriesOf.size);
  const runOf = new Map<number, number>();
  let at = 0;
  for (const [authorId, entries] of entriesOf) {
    runOf.set(authorId, at);
    runs[at] = entries.length;
    runs.set(entries, at + 1);
    at += 1 + entries.length;
  }
  return { posts: newest, createdAt: Float64Array.from(newest, ({ createdAt }) => createdAt), runs, runOf };
}

/** The entries of an author's posts, newest first. */
function entriesOf({ runs, runOf }: PostIndex, authorId: number): Int32Array {
  const at = runOf.get(authorId);
  return at === undefined ? runs.subarray(0, 0) : runs.subarray(at + 1, at + 1 + (runs[at] as number));
}

/** Whose posts may come into the feed of a user, by ids of users. */
export type Relations = {
  readonly following: readonly number[];
  readonly followers: readonly number[];
  /** On their match list, with an interest in common. */
  readonly friends: readonly number[];
  /** Either way. */
  readonly blocked: readonly number[];
};

/** The affinities of a user, as shares. */
export type Taste = {
  readonly creators: ReadonlyMap<number, number>;
  readonly topics: ReadonlyMap<string, number>;
};

/**
 * The newest posts of everybody a user is related to, except blocked users; of friends, only posts that
 * trend. With orderPosts, the reference of presortPosts (presort-posts.ts), which computes feeds.
 */
export function gatherFeedCandidates(
  userId: number,
  relations: Relations,
  index: PostIndex,
  taste: Taste,
): FeedCandidate[] {
  const candidates: FeedCandidate[] = [];
  for (const [authorId, source] of feedSourcesOf(userId, relations)) {
    let taken = 0;
    for (const entry of entriesOf(index, authorId)) {
      if (taken === FEED_LIMITS.perAuthor) break;
      if (!isOffered(entry, source)) continue;
      const post = index.posts[rankOfEntry(entry)] as IndexedPost;
      taken += 1;
      const { id, createdAt, quality, trend } = post;
      const affinity = postAffinity(taste.creators, taste.topics, post);
      candidates.push({ id, authorId, source, createdAt, affinity, quality, trend });
    }
  }
  return candidates;
}

/** The authors, each with the first source that is true. */
export function feedSourcesOf(
  userId: number,
  { following, followers, friends, blocked }: Relations,
): Map<number, FeedSource> {
  const sources = new Map<number, FeedSource>([[userId, "own"]]);
  const add = (ids: readonly number[], source: FeedSource) => {
    for (const id of ids) if (!sources.has(id)) sources.set(id, source);
  };
  add(following, "following");
  add(followers, "followers");
  add(friends, "friends");
  for (const id of blocked) sources.delete(id);
  return sources;
}

/** Whether a post, by its entry in a run, is taken from an author of this source. */
export function isOffered(entry: number, source: FeedSource): boolean {
  const isPublic = (entry & PUBLIC) !== 0;
  if (source === "friends") return isPublic && (entry & TRENDS) !== 0;
  return isPublic || source === "own" || source === "following";
}
