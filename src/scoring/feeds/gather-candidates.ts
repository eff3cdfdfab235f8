import { postAffinity } from "./affinity.ts";
import { type Candidate, FEED_LIMITS, type Source } from "./merge-order.ts";

/** A post that is shown to somebody, with what the scores of all its readers are computed from. */
export type IndexedPost = {
  readonly id: number;
  readonly authorId: number;
  /** In ms. */
  readonly createdAt: number;
  /** Else it is shown to its author and to those who follow them. */
  readonly isPublic: boolean;
  readonly quality: number;
  readonly topics: readonly string[];
  /** Its lhot (trend.ts); null while it does not trend. */
  readonly trend: number | null;
};

/** Posts by author, newest first. */
export type PostIndex = ReadonlyMap<number, readonly IndexedPost[]>;

/** @param posts in any order. */
export function indexPosts(posts: readonly IndexedPost[]): PostIndex {
  const index = new Map<number, IndexedPost[]>();
  for (const post of posts) {
    const ofAuthor = index.get(post.authorId);
    if (ofAuthor) ofAuthor.push(post);
    else index.set(post.authorId, [post]);
  }
  for (const ofAuthor of index.values()) ofAuthor.sort((a, b) => b.createdAt - a.createdAt || b.id - a.id);
  return index;
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

/** What a user is drawn to, as shares. */
export type Taste = {
  readonly creators: ReadonlyMap<number, number>;
  readonly topics: ReadonlyMap<string, number>;
};

/** The newest posts of everybody whom a user is related to, but not blocked; of friends what trends. */
export function gatherCandidates(
  userId: number,
  relations: Relations,
  index: PostIndex,
  taste: Taste,
): Candidate[] {
  const candidates: Candidate[] = [];
  for (const [authorId, source] of sourcesOf(userId, relations)) {
    let taken = 0;
    for (const post of index.get(authorId) ?? []) {
      if (taken === FEED_LIMITS.perAuthor) break;
      if (!isOffered(post, source)) continue;
      taken += 1;
      const { id, createdAt, quality, trend } = post;
      const affinity = postAffinity(taste.creators, taste.topics, post);
      candidates.push({ id, authorId, source, createdAt, affinity, quality, trend });
    }
  }
  return candidates;
}

/** The authors, each with the first source that is true. */
function sourcesOf(
  userId: number,
  { following, followers, friends, blocked }: Relations,
): Map<number, Source> {
  const sources = new Map<number, Source>([[userId, "own"]]);
  const add = (ids: readonly number[], source: Source) => {
    for (const id of ids) if (!sources.has(id)) sources.set(id, source);
  };
  add(following, "following");
  add(followers, "followers");
  add(friends, "friends");
  for (const id of blocked) sources.delete(id);
  return sources;
}

function isOffered({ isPublic, trend }: IndexedPost, source: Source): boolean {
  if (source === "friends") return isPublic && trend !== null;
  return isPublic || source === "own" || source === "following";
}
