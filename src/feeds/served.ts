import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { hostInstant } from "../db/instants.ts";
import { array, prepared, type Queryable, rows } from "../db/statement.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Feed, FeedItem, ItemKind } from "../scoring/feeds/merge-order.ts";
import { computeFeeds, type PresortContext, storeFeeds } from "./presort.ts";
import { type FeedSession, keyOf, orderOf, startSession, storedItems } from "./session.ts";
import { DEFAULT_SEGMENTS, readCurrentFeeds, readFeedVersion, type StoredFeed } from "./stored-feeds.ts";
import { hasHidden, isReadableBy, isShownTo } from "./visibility.ts";

/** How long the feed of one user may be computed while they wait. */
const LIVE_LIMIT_MS = 10_000;

/** The shown part of an item. Ids are the host's where it has its own. */
export type ShownItem =
  | {
      readonly kind: "post";
      readonly id: string;
      readonly authorId: string;
      readonly authorName: string;
      readonly body: string;
      readonly contentType: string;
      readonly createdAt: string;
    }
  | { readonly kind: "suggestion"; readonly id: string; readonly name: string }
  | { readonly kind: "question"; readonly id: string };

export type FeedPage = {
  readonly items: readonly ShownItem[];
  /** Where the next page begins; null at the end. */
  readonly next: FeedSession | null;
  readonly computedAt: Date;
};

/** Starts a session with the feed of a user; one that expired, or was never computed, is computed now. */
export async function openFeed(db: Database, userId: string, now: Date): Promise<FeedPage | null> {
  const stored = (await freshFeed(db.drizzle, userId, now)) ?? (await sortLive(db, userId, now));
  if (stored === null) return null;
  const seen = await readSeen(db.drizzle, userId, stored.feed, now);
  return readPage(db.drizzle, stored, startSession(stored.id, stored.feed, seen, now));
}

/** The next page of a session; null once its version of the feed is no longer kept. */
export async function continueFeed(
  on: Queryable,
  userId: string,
  session: FeedSession,
  now: Date,
): Promise<FeedPage | null> {
  const stored = await readFeedVersion(on, userId, session.feedId, now);
  return stored && readPage(on, stored, session);
}

async function freshFeed(on: Queryable, userId: string, now: Date): Promise<StoredFeed | null> {
  const [stored] = await readCurrentFeeds(on, [userId]);
  return stored && stored.expiresAt > now ? stored : null;
}

async function sortLive(db: Database, userId: string, now: Date): Promise<StoredFeed | null> {
  const feeds = await computeFeeds(liveContext(db.drizzle, now), [userId]);
  return inTransaction(db, async (tx) => {
    await storeFeeds(tx, feeds, { ...DEFAULT_SEGMENTS, incremental: true }, now);
    const [stored] = await readCurrentFeeds(tx, [userId]);
    return stored ?? null;
  });
}

const liveContext = (on: Queryable, now: Date): PresortContext => ({
  read: (work) => work(on),
  now,
  signal: AbortSignal.timeout(LIVE_LIMIT_MS),
  withPosts: async (load, work) => work(await load()),
});

/**
 * The keys of the items of a feed that its user has seen in the last 24 hours: a look-up for each, since
 * users may report far more than that.
 */
export async function readSeen(
  on: Queryable,
  userId: string,
  feed: Feed,
  now: Date,
): Promise<ReadonlySet<string>> {
  const items = storedItems(feed);
  const found = await rows<{ kind: ItemKind; id: string }>(
    on,
    prepared`select i.kind, i.item_id as id
        from unnest(${array(items.map(({ kind }) => kind))}::text[], ${array(items.map(({ id }) => id))}::bigint[]) as i(kind, item_id)
        where (select s.seen_at from feed_seen s where s.user_id = ${userId} and s.kind = i.kind and s.item_id = i.item_id limit 1)
              > ${now}::timestamptz - interval '24 hours'`,
  );
  return new Set(found.map(({ kind, id }) => keyOf({ kind, id: Number(id) })));
}

/** One segment: the items from the position of the session on that may be shown now. */
async function readPage(on: Queryable, stored: StoredFeed, session: FeedSession): Promise<FeedPage> {
  const { segmentSize, maxSegments, userId, computedAt } = stored;
  const order = orderOf(session, stored.feed);
  const room = Math.min(segmentSize, segmentSize * maxSegments - session.shown);
  const from = { position: session.position, room };
  const { shown, position } = await readShown(on, userId, order, from);
  const shownSoFar = session.shown + shown.length;
  const isOver = position >= order.length || shownSoFar >= segmentSize * maxSegments;
  const next = isOver ? null : { ...session, position, shown: shownSoFar };
  return { items: shown.map(({ item }) => item), computedAt, next };
}

/** An entry of the order, and the item shown for it. */
type ShownEntry = { readonly entry: FeedItem; readonly item: ShownItem };

/**
 * The items of an order from a position on that the user may see now, at most `room`. Items that they may not
 * see are replaced by the next ones.
 *
 * @returns them, and the position after the last.
 */
export async function readShown(
  on: Queryable,
  userId: string,
  order: readonly FeedItem[],
  from: { readonly position: number; readonly room: number },
): Promise<{ readonly shown: readonly ShownEntry[]; readonly position: number }> {
  const shown: ShownEntry[] = [];
  let { position } = from;
  while (shown.length < from.room && position < order.length) {
    const entries = order.slice(position, position + from.room - shown.length);
    const items = await readItems(on, userId, entries);
    for (const entry of entries) {
      const item = items.get(keyOf(entry));
      if (item) shown.push({ entry, item });
    }
    position += entries.length;
  }
  return { shown, position };
}

type ItemRow = {
  kind: ItemKind;
  own: string;
  id: string;
  authorId: string | null;
  name: string | null;
  body: string | null;
  contentType: string | null;
  createdAt: string | null;
};

/** Those of the items that the user may see, by key: one statement. */
async function readItems(
  on: Queryable,
  userId: string,
  items: readonly FeedItem[],
): Promise<ReadonlyMap<string, ShownItem>> {
  const ids = (kind: ItemKind) =>
    sql`${array(items.filter((item) => item.kind === kind).map(({ id }) => id))}::bigint[]`;
  const found = await rows<ItemRow>(
    on,
    prepared`select 'post' as kind, p.id as own, coalesce(p.host_id, p.id::text) as id, coalesce(u.host_id, u.id::text) as "authorId", u.name,
               p.body, p.content_type as "contentType", p.created_at as "createdAt"
        from posts p join users u on u.id = p.author_id
        where p.id = any(${ids("post")}) and ${isShownTo(userId)} and ${isReadableBy(userId)}
        union all
        select 'suggestion', u.id, coalesce(u.host_id, u.id::text), null, u.name, null, null, null from users u
        where u.id = any(${ids("suggestion")}) and may_see(${userId}, u.id) and not ${hasHidden(userId, "user", sql`u.id`)}
        union all
        select 'question', o.id, o.question_id, null, null, null, null, null from quiz_options o
        where o.id = any(${ids("question")})
          and not exists (select 1 from quiz_answers a where a.user_id = ${userId} and a.question_id = o.question_id)`,
  );
  return new Map(found.map((row) => [keyOf({ kind: row.kind, id: Number(row.own) }), toShown(row)]));
}

function toShown({ kind, id, authorId, name, body, contentType, createdAt }: ItemRow): ShownItem {
  if (kind === "question") return { kind, id };
  if (kind === "suggestion") return { kind, id, name: name ?? "" };
  return {
    kind,
    id,
    authorId: authorId ?? "",
    authorName: name ?? "",
    body: body ?? "",
    contentType: contentType ?? "text",
    createdAt: hostInstant(createdAt ?? "").toISOString(),
  };
}
