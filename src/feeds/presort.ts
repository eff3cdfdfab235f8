import type { Tx } from "../db/transaction.ts";
import { mapInPortions } from "../portions.ts";
import type { ComputeContext } from "../queues/job.ts";
import type { PostIndex, Relations, Taste } from "../scoring/feeds/gather-candidates.ts";
import { isSameFeed } from "../scoring/feeds/merge-order.ts";
import { presortPosts } from "../scoring/feeds/presort-posts.ts";
import { loadPostIndex, type Read, readPostsOf } from "./post-index.ts";
import { readExtras, readRelations, readTastes } from "./relations.ts";
import { keepFeeds, type NewFeed, readCurrentFeeds, type Segments, swapFeeds } from "./stored-feeds.ts";

/** For fewer users, the posts of those they are related to are read instead of all. */
const FEW_USERS = 20;

const NO_TASTE: Taste = { creators: new Map(), topics: new Map() };
const NO_RELATIONS: Relations = { following: [], followers: [], friends: [], blocked: [] };

/** The data that feeds are computed with. */
export type PresortContext = {
  readonly read: Read;
  readonly now: Date;
  readonly signal: AbortSignal;
  /** Calls `work` with all posts, loaded once for all callers at about this time. */
  withPosts<T>(load: () => Promise<PostIndex>, work: (index: PostIndex) => Promise<T>): Promise<T>;
};

/** That of a range of a job: the ranges of a run in one process load the posts once. */
export const presortContext = ({ read, now, signal, runId, compute }: ComputeContext): PresortContext => ({
  read,
  now,
  signal,
  withPosts: (load, work) =>
    compute.shared.use(
      `posts of feeds, run ${runId}, as of ${now.toISOString()}`,
      { names: async () => ["posts"], load },
      ([index]) => work(index as PostIndex),
    ),
});

/** Computes the feeds of users as of now. Writes nothing. */
export async function computeFeeds(context: PresortContext, userIds: readonly string[]): Promise<NewFeed[]> {
  const { read, now, signal } = context;
  const relations = await read((on) => readRelations(on, userIds, now));
  const tastes = await read((on) => readTastes(on, userIds));
  const extras = await read((on) => readExtras(on, userIds, now));
  const order = (index: PostIndex) =>
    mapInPortions(userIds, (userId): NewFeed => {
      const mine = relations.get(userId) ?? NO_RELATIONS;
      const taste = tastes.get(userId) ?? NO_TASTE;
      const posts = presortPosts(Number(userId), mine, index, taste, now.getTime());
      const { suggestions = [], questions = [] } = extras.get(userId) ?? {};
      return { userId, feed: { posts, suggestions, questions } };
    });
  if (userIds.length >= FEW_USERS) return context.withPosts(() => loadPostIndex(read, now, signal), order);
  return order(await read((on) => readPostsOf(on, authorsOf(userIds, relations), now)));
}

function authorsOf(userIds: readonly string[], relations: ReadonlyMap<string, Relations>): number[] {
  const authors = new Set(userIds.map(Number));
  for (const { following, followers, friends } of relations.values())
    for (const id of [...following, ...followers, ...friends]) authors.add(id);
  return [...authors];
}

export type PresortOptions = Segments & {
  /** Write only the feeds whose items have changed. */
  readonly incremental: boolean;
};

export type PresortCounts = {
  readonly stored: number;
  /** Users whose stored feed is the same as of now, and is served for longer. */
  readonly kept: number;
};

/** Stores computed feeds, each replacing the one before. */
export async function storeFeeds(
  tx: Tx,
  feeds: readonly NewFeed[],
  options: PresortOptions,
  now: Date,
): Promise<PresortCounts> {
  const kept = options.incremental ? await unchanged(tx, feeds, options) : new Set<string>();
  const changed = feeds.filter(({ userId }) => !kept.has(userId));
  await swapFeeds(tx, changed, options, now);
  await keepFeeds(tx, [...kept], now);
  return { stored: changed.length, kept: kept.size };
}

/** The users whose stored feed is the same as the computed one, and cut the same. */
async function unchanged(
  tx: Tx,
  feeds: readonly NewFeed[],
  { segmentSize, maxSegments }: Segments,
): Promise<ReadonlySet<string>> {
  const stored = await readCurrentFeeds(
    tx,
    feeds.map(({ userId }) => userId),
  );
  const byUser = new Map(stored.map((each) => [each.userId, each]));
  const kept = await mapInPortions(feeds, ({ userId, feed }) => {
    const before = byUser.get(userId);
    const isKept =
      before?.segmentSize === segmentSize &&
      before.maxSegments === maxSegments &&
      isSameFeed(before.feed, feed);
    return isKept ? [userId] : [];
  });
  return new Set(kept.flat());
}
