import { sql } from "drizzle-orm";
import { array, prepared, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { Feed } from "../scoring/feeds/merge-order.ts";
import { packFeed, unpackFeed } from "../scoring/feeds/pack-feed.ts";

/** Changes with the formula and the layout: feeds of other versions are recomputed. */
export const FEED_VERSION = "1";

/** How long a feed is served before it is computed again, and how long after it was replaced it is kept. */
export const FEED_LIFETIME_MS = 30 * 60_000;

/** The sizes of the segments of a feed. */
export type Segments = { readonly segmentSize: number; readonly maxSegments: number };

export const DEFAULT_SEGMENTS: Segments = { segmentSize: 20, maxSegments: 3 };

/** A version of a user's feed. */
export type StoredFeed = Segments & {
  /** The id of the version, which cursors contain. */
  readonly id: string;
  readonly userId: string;
  readonly feed: Feed;
  readonly computedAt: Date;
  readonly watermark: Date;
  readonly expiresAt: Date;
};

type StoredRow = Omit<StoredFeed, "feed" | "computedAt" | "watermark" | "expiresAt"> & {
  readonly items: Buffer;
  readonly computedAt: string;
  readonly watermark: string;
  readonly expiresAt: string;
};

const COLUMNS = sql`s.id, s.user_id as "userId", s.items, s.segment_size as "segmentSize", s.max_segments as "maxSegments",
  s.computed_at as "computedAt", s.watermark, s.expires_at as "expiresAt"`;

const toFeed = ({ items, computedAt, watermark, expiresAt, ...row }: StoredRow): StoredFeed => ({
  ...row,
  feed: unpackFeed(items),
  computedAt: new Date(computedAt),
  watermark: new Date(watermark),
  expiresAt: new Date(expiresAt),
});

/** The served feeds of users, of this version of the formula, expired ones included. */
export async function readCurrentFeeds(on: Queryable, userIds: readonly string[]): Promise<StoredFeed[]> {
  const found = await rows<StoredRow>(
    on,
    prepared`select ${COLUMNS} from feed_presorted s
        where s.user_id = any(${array(userIds)}::bigint[]) and s.replaced_at is null and s.algo_version = ${FEED_VERSION}`,
  );
  return found.map(toFeed);
}

/** The version of a user's feed that a session pages through; null once it is no longer kept. */
export async function readFeedVersion(
  on: Queryable,
  userId: string,
  id: string,
  now: Date,
): Promise<StoredFeed | null> {
  const [found] = await rows<StoredRow>(
    on,
    prepared`select ${COLUMNS} from feed_presorted s
        where s.id = ${id} and s.user_id = ${userId} and s.algo_version = ${FEED_VERSION}
          and (s.replaced_at is null or s.replaced_at > ${keptSince(now)}::timestamptz)`,
  );
  return found ? toFeed(found) : null;
}

const keptSince = (now: Date): Date => new Date(now.getTime() - FEED_LIFETIME_MS);

/** A feed to be stored. */
export type NewFeed = { readonly userId: string; readonly feed: Feed };

/**
 * Stores feeds as of now, each replacing the one before, and deletes versions that no session pages
 * through any more. Two that store the feed of one user at once do so one after the other.
 */
export async function swapFeeds(
  tx: Tx,
  feeds: readonly NewFeed[],
  { segmentSize, maxSegments }: Segments,
  now: Date,
): Promise<void> {
  if (feeds.length === 0) return;
  const ids = array(feeds.map(({ userId }) => userId));
  await tx.execute(
    sql`select 1 from feed_presorted where user_id = any(${ids}::bigint[]) and replaced_at is null order by user_id for update`,
  );
  await tx.execute(
    sql`delete from feed_presorted where user_id = any(${ids}::bigint[]) and replaced_at <= ${keptSince(now)}::timestamptz`,
  );
  await tx.execute(
    sql`update feed_presorted set replaced_at = ${now}::timestamptz where user_id = any(${ids}::bigint[]) and replaced_at is null`,
  );
  const expiresAt = new Date(now.getTime() + FEED_LIFETIME_MS);
  const packed = feeds.map(({ feed }) => packFeed(feed));
  let end = 0;
  const ends = packed.map(({ length }) => (end += length));
  // One value for all feeds, of which each takes its part: an array of them would be sent as text.
  await tx.execute(
    sql`insert into feed_presorted (user_id, items, segment_size, max_segments, computed_at, algo_version, watermark, expires_at)
        select f.user_id, substring(p.bytes from (f.ending - f.size + 1) for f.size), ${segmentSize}::smallint, ${maxSegments}::smallint, ${now}::timestamptz, ${FEED_VERSION}, ${now}::timestamptz, ${expiresAt}::timestamptz
        from unnest(${ids}::bigint[], ${array(packed.map(({ length }) => length))}::int[], ${array(ends)}::int[]) as f(user_id, size, ending)
        cross join (select ${sql.param(Buffer.concat(packed))}::bytea as bytes) p
        join users u on u.id = f.user_id and u.erased_at is null
        order by f.user_id
        on conflict (user_id) where replaced_at is null do nothing`,
  );
}

/** Serves feeds that are the same as of now for longer. */
export async function keepFeeds(tx: Tx, userIds: readonly string[], now: Date): Promise<void> {
  if (userIds.length === 0) return;
  const expiresAt = new Date(now.getTime() + FEED_LIFETIME_MS);
  await tx.execute(
    sql`update feed_presorted set watermark = ${now}::timestamptz, expires_at = ${expiresAt}::timestamptz
        where user_id = any(${array(userIds)}::bigint[]) and replaced_at is null and watermark <= ${now}::timestamptz`,
  );
}
