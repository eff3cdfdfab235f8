import { postAffinity } from "./affinity.ts";
import {
  feedSourcesOf,
  type IndexedPost,
  isOffered,
  type PostIndex,
  type Relations,
  rankOfEntry,
  type Taste,
} from "./gather-candidates.ts";
import { bestPosts, FEED_LIMITS, type FeedPost, type FeedSource } from "./merge-order.ts";

/** A post and its newer ones of the same author in one number: rank x 4 + newer. */
const KEYS_PER_RANK = 4;

/** The sources whose newest posts are taken. */
const NEAR = ["own", "following", "followers"] as const;

/**
 * The posts of a user's feed, best first: equal to orderPosts(gatherCandidates(...), asOf), which documents
 * the selection. Posts are chosen by rank, as numbers; only those that are chosen, some 80 of 400, are read
 * and scored.
 *
 * @param asOf in ms.
 */
export function presortPosts(
  userId: number,
  relations: Relations,
  index: PostIndex,
  taste: Taste,
  asOf: number,
): FeedPost[] {
  const keys = keysBySource(userId, relations, index, asOf);
  const toPost = (key: number, source: FeedSource): FeedPost => {
    const post = index.posts[Math.floor(key / KEYS_PER_RANK)] as IndexedPost;
    const { id, authorId, createdAt, quality } = post;
    const affinity = postAffinity(taste.creators, taste.topics, post);
    return { id, authorId, source, createdAt, affinity, quality, newer: key % KEYS_PER_RANK };
  };
  const chosen: FeedPost[] = [];
  for (const source of NEAR) {
    const newest = Int32Array.from(keys[source]).sort().subarray(0, FEED_LIMITS.perSource[source]);
    for (const key of newest) chosen.push(toPost(key, source));
  }
  for (const key of hottest(keys.friends, index).slice(0, FEED_LIMITS.candidates - chosen.length))
    chosen.push(toPost(key, "friends"));
  return bestPosts(chosen, asOf);
}

/** The three newest posts of each author that may be shown, by source. */
function keysBySource(
  userId: number,
  relations: Relations,
  { createdAt, runs, runOf }: PostIndex,
  asOf: number,
): Record<FeedSource, number[]> {
  const keys: Record<FeedSource, number[]> = { own: [], following: [], followers: [], friends: [] };
  const begin = ranksAfter(createdAt, asOf);
  const endOfWeek = ranksAfter(createdAt, asOf - FEED_LIMITS.windowMs);
  const endOfTrending = ranksAfter(createdAt, asOf - FEED_LIMITS.trendingMs);
  for (const [authorId, source] of feedSourcesOf(userId, relations)) {
    const run = runOf.get(authorId);
    if (run === undefined) continue;
    const last = run + (runs[run] as number);
    const end = source === "friends" ? endOfTrending : endOfWeek;
    let taken = 0;
    let newer = 0;
    for (let at = run + 1; at <= last && taken < FEED_LIMITS.perAuthor; at++) {
      const entry = runs[at] as number;
      if (!isOffered(entry, source)) continue;
      taken += 1;
      const rank = rankOfEntry(entry);
      if (rank < begin || rank >= end) continue;
      keys[source].push(rank * KEYS_PER_RANK + newer);
      newer += 1;
    }
  }
  return keys;
}

/** How many posts are newer than an instant. @param createdAt descending. */
function ranksAfter(createdAt: Float64Array, instant: number): number {
  let low = 0;
  let high = createdAt.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((createdAt[middle] as number) > instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Keys of posts that trend, those first that trend most. */
function hottest(keys: readonly number[], { posts }: PostIndex): readonly number[] {
  const postOf = (key: number) => posts[Math.floor(key / KEYS_PER_RANK)] as IndexedPost;
  return [...keys].sort((a, b) => {
    const [one, other] = [postOf(a), postOf(b)];
    return (other.trend ?? 0) - (one.trend ?? 0) || one.id - other.id;
  });
}
