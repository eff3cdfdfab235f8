import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";
import { type FeedTerms, feedTerms } from "../scoring/feeds/feed-score.ts";
import { type FeedPost, sessionOrder } from "../scoring/feeds/merge-order.ts";
import { readSeen, readShown, type ShownItem } from "./served.ts";
import { keyOf } from "./session.ts";
import { readCurrentFeeds, type StoredFeed } from "./stored-feeds.ts";
import { isForEverybody } from "./visibility.ts";

/** A file of a post. */
export type PostMedia = {
  /** Ours. */
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly mimeType: string | null;
};

/** An entry of a feed, with the parts of its score. */
export type PreviewedItem = {
  readonly item: ShownItem;
  /** Null for suggestions and questions, which have no score. */
  readonly post: {
    /** Ours. */
    readonly id: string;
    readonly source: FeedPost["source"];
    readonly terms: FeedTerms;
    /** For a post that is not public, neither text nor media are shown. */
    readonly isPublic: boolean;
    readonly media: readonly PostMedia[];
  } | null;
};

export type FeedPreview = {
  readonly stored: StoredFeed;
  /** In the order of a session that begins now. */
  readonly items: readonly PreviewedItem[];
};

/** What a user would see of their stored feed in a session that begins now. Null if none is stored. */
export async function previewFeed(on: Queryable, userId: string, now: Date): Promise<FeedPreview | null> {
  const [stored] = await readCurrentFeeds(on, [userId]);
  if (!stored) return null;
  const { feed, segmentSize, maxSegments } = stored;
  const seen = await readSeen(on, userId, feed, now);
  const order = sessionOrder(feed, now.getTime(), (item) => seen.has(keyOf(item)));
  const { shown } = await readShown(on, userId, order, { position: 0, room: segmentSize * maxSegments });
  const postIds = shown.flatMap(({ entry }) => (entry.kind === "post" ? [entry.id] : []));
  const details = await readDetails(on, postIds);
  const byId = new Map(feed.posts.map((post) => [post.id, post]));
  const items = shown.map(({ entry, item }): PreviewedItem => {
    const post = entry.kind === "post" ? byId.get(entry.id) : undefined;
    if (!post) return { item, post: null };
    const terms = feedTerms(post, now.getTime(), seen.has(keyOf(entry)));
    const { isPublic = false, media = [] } = details.get(post.id) ?? {};
    return { item, post: { id: String(post.id), source: post.source, terms, isPublic, media } };
  });
  return { stored, items };
}

type Details = { readonly isPublic: boolean; readonly media: readonly PostMedia[] };

async function readDetails(on: Queryable, postIds: readonly number[]): Promise<ReadonlyMap<number, Details>> {
  const found = await rows<{ id: string } & Details>(
    on,
    sql`select p.id, ${isForEverybody} as "isPublic",
               coalesce((select jsonb_agg(jsonb_build_object('id', m.id::text, 'kind', m.kind, 'status', m.status, 'mimeType', m.mime_type) order by a.position, a.id)
                         from post_media a join media m on m.id = a.media_id
                         where a.post_id = p.id and ${isForEverybody}), '[]') as media
        from posts p where p.id = any(${array(postIds)}::bigint[])`,
  );
  return new Map(found.map(({ id, ...details }) => [Number(id), details]));
}

/** A stored feed, in a list of them. */
export type ListedFeed = {
  /** The host's id of the user where it has its own. */
  readonly user: string;
  readonly computedAt: string;
  readonly expiresAt: string;
};

/** The feeds that were computed, or found to be the same, last. */
export const latestFeeds = (on: Queryable, limit: number): Promise<ListedFeed[]> =>
  rows<ListedFeed>(
    on,
    sql`select coalesce(u.host_id, u.id::text) as user, s.computed_at as "computedAt", s.expires_at as "expiresAt"
        from feed_presorted s join users u on u.id = s.user_id
        where s.replaced_at is null order by s.expires_at desc, s.user_id limit ${limit}`,
  );

/** A file that may be shown to operators: of a post for everybody, and checked. */
export async function readPublicMedia(
  on: Queryable,
  mediaId: string,
): Promise<{ readonly key: string; readonly mimeType: string } | undefined> {
  const [found] = await rows<{ key: string; mimeType: string }>(
    on,
    sql`select m.storage_key as key, m.mime_type as "mimeType" from media m
        where m.id = ${mediaId} and m.status = 'READY' and m.storage_key is not null and m.mime_type is not null
          and exists (select 1 from post_media a join posts p on p.id = a.post_id
                      where a.media_id = m.id and ${isForEverybody} and p.hidden_at is null and p.deleted_at is null)`,
  );
  return found;
}
