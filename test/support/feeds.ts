import { inTransaction } from "../../src/db/transaction.ts";
import { type EngagementOutcome, storeEngagement } from "../../src/feeds/engagement.ts";
import { readCurrentFeeds, type StoredFeed } from "../../src/feeds/stored-feeds.ts";
import { insertRow } from "./platform.ts";
import type { World } from "./world.ts";

const insert = async (world: World, table: string, fields: Record<string, unknown>): Promise<string> =>
  (await insertRow(world, table, fields)).id;

/** A user whose account is years old, and who was active just now. */
export const member = (world: World, fields: Record<string, unknown> = {}): Promise<string> =>
  insert(world, "users", {
    name: "Ada",
    created_at: "2020-01-01T00:00:00Z",
    last_active_at: world.clock.now(),
    ...fields,
  });

export const members = async (world: World, count: number): Promise<string[]> => {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push(await member(world));
  return ids;
};

/** Hours before the time of the world's clock. */
export const hoursAgo = (world: World, hours: number): Date =>
  new Date(world.clock.now().getTime() - hours * 3_600_000);

/** A public post, written an hour ago and stored at once unless given. */
export const post = (
  world: World,
  authorId: string,
  fields: Record<string, unknown> = {},
): Promise<string> => {
  const createdAt = fields["created_at"] ?? hoursAgo(world, 1);
  return insert(world, "posts", {
    author_id: authorId,
    body: "Spring in the community garden",
    created_at: createdAt,
    updated_at: createdAt,
    ...fields,
  });
};

/** Makes a user follow another one, since a day. */
export const follow = (world: World, viewerId: string, ownerId: string): Promise<string> =>
  insert(world, "profile_access", {
    viewer_id: viewerId,
    owner_id: ownerId,
    status: "granted",
    updated_at: hoursAgo(world, 24),
  });

/** The stored feed of a user. */
export async function storedFeed(world: World, userId: string): Promise<StoredFeed> {
  const [stored] = await readCurrentFeeds(world.db.drizzle, [userId]);
  if (stored === undefined) throw new Error(`user ${userId} has no stored feed`);
  return stored;
}

/** Their posts, best first, as ids. */
export const feedPostIds = async (world: World, userId: string): Promise<string[]> =>
  (await storedFeed(world, userId)).feed.posts.map(({ id }) => String(id));

let drawn = 0;

/** A like of a post, half an hour ago, with an id of its own. */
export const engagement = (
  world: World,
  userId: string,
  targetId: string,
  fields: Record<string, unknown> = {},
): Record<string, unknown> => {
  drawn += 1;
  return {
    id: `e${drawn}`,
    user_id: userId,
    target_kind: "post",
    target_id: targetId,
    kind: "like",
    occurred_at: hoursAgo(world, 0.5).toISOString(),
    ...fields,
  };
};

export const record = (world: World, events: readonly unknown[]): Promise<readonly EngagementOutcome[]> =>
  inTransaction(world.db, (tx) => storeEngagement(tx, events));

/** Likes of a post by users. */
export const likes = (world: World, userIds: readonly string[], postId: string): Promise<unknown> =>
  record(
    world,
    userIds.map((userId) => engagement(world, userId, postId)),
  );

export type TrendRow = {
  post_id: string;
  grown: number;
  likes: number;
  comments: number;
  shares: number;
  actors: number;
  lhot: number | null;
};

export const trends = (world: World): Promise<TrendRow[]> =>
  world.query<TrendRow>(
    "select post_id, grown, likes, comments, shares, actors, lhot from trending_scores order by lhot desc nulls last, post_id",
  );
