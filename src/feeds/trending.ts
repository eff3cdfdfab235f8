import { type SQL, sql } from "drizzle-orm";
import { hostInstant } from "../db/instants.ts";
import { array, prepared, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { TREND, trendScore } from "../scoring/feeds/trend.ts";
import { isForEverybody, isShownTo } from "./visibility.ts";

/** Posts per range: some 100 ms. */
const POSTS_PER_RANGE = 2_000;
/** The rest waits for the next run. */
const MISSED_PER_RUN = 10_000;

/** Posts by id, from `from` up to but not including `to`; null: all that follow. */
export type TrendRange = { readonly from: string; readonly to: string | null };

/**
 * Counts posts that have engagement but were stored after it, and cuts all that are counted into ranges.
 */
export async function cutTrends(tx: Tx, now: Date): Promise<TrendRange[]> {
  const missed = await rows<{ id: string }>(
    tx,
    sql`insert into trending_scores (post_id, landmark, expires_at)
        select p.id, p.created_at, p.created_at + interval '48 hours' from posts p
        where p.created_at > ${now}::timestamptz - interval '48 hours' and p.created_at <= ${now}::timestamptz
          and not exists (select 1 from trending_scores t where t.post_id = p.id)
          and exists (select 1 from engagement_events e where e.target_kind = 'post' and e.target_id = p.id)
        order by p.id limit ${MISSED_PER_RUN} on conflict (post_id) do nothing returning post_id as id`,
  );
  if (missed.length > 0)
    await tx.execute(sql`select recount_trends(${array(missed.map(({ id }) => id))}::bigint[])`);
  const starts = await rows<{ id: string }>(
    tx,
    sql`select post_id as id from (select post_id, row_number() over (order by post_id) as n from trending_scores) t
        where n % ${POSTS_PER_RANGE} = 1 order by post_id`,
  );
  return starts.map(({ id }, index) => ({ from: id, to: starts[index + 1]?.id ?? null }));
}

/**
 * Deletes the trends of posts that are over or no longer public, and writes the derived figures of the
 * others: popularity and velocity as of now, and the hour with the most engagement if there is new
 * engagement.
 */
export async function refreshTrends(
  tx: Tx,
  { from, to }: TrendRange,
  now: Date,
): Promise<{ readonly posts: number; readonly trending: number; readonly removed: number }> {
  const inRange = (id: SQL) =>
    sql`${id} >= ${from}::bigint and (${to}::bigint is null or ${id} < ${to}::bigint)`;
  // In the order in which the trigger locks them.
  await tx.execute(
    sql`select 1 from trending_scores t where ${inRange(sql`t.post_id`)} order by t.post_id for update`,
  );
  const removed = await tx.execute(
    sql`delete from trending_scores t using posts p
        where p.id = t.post_id and ${inRange(sql`t.post_id`)}
          and (t.expires_at <= ${now}::timestamptz or p.hidden_at is not null or p.deleted_at is not null or p.visibility <> 'public')`,
  );
  const [counted] = await rows<{ posts: number; trending: number }>(
    tx,
    sql`with refreshed as (
          update trending_scores t
          set popularity = case when t.lhot is not null then n.engagement * least(1, 1 / ln(2 + n.hours)) end,
              velocity = case when t.lhot is not null then n.engagement / greatest(n.hours, 1) end,
              peak_time = case when t.lhot is null then null when t.changed_at < t.computed_at then t.peak_time else (
                select date_trunc('hour', c.occurred_at, 'UTC') from counted_engagement(array[t.post_id]) c
                group by 1 order by sum(c.weight) desc, 1 limit 1) end,
              computed_at = ${now}::timestamptz
          from (select s.post_id, (s.likes * ${TREND.weights.like}::int + s.comments * ${TREND.weights.comment}::int + s.shares * ${TREND.weights.share}::int)::float8 as engagement,
                       greatest((extract(epoch from ${now}::timestamptz) - extract(epoch from s.landmark))::float8 / 3600, 0) as hours
                from trending_scores s where ${inRange(sql`s.post_id`)}) n
          where t.post_id = n.post_id returning t.lhot)
        select count(*)::int as posts, count(lhot)::int as trending from refreshed`,
  );
  return { posts: counted?.posts ?? 0, trending: counted?.trending ?? 0, removed: removed.rowCount ?? 0 };
}

/** A post that trends. Ids are the host's where it has its own. */
export type TrendingPost = {
  readonly id: string;
  readonly authorId: string;
  readonly authorName: string;
  readonly body: string;
  readonly contentType: string;
  readonly createdAt: Date;
  readonly likes: number;
  readonly comments: number;
  readonly shares: number;
  /** As of now; halved every 12 hours. */
  readonly score: number;
};

type TrendingRow = Omit<TrendingPost, "score" | "createdAt"> & {
  readonly createdAt: string;
  readonly lhot: number;
};

/** The size of a page, and the maximum of the API. Each is a statement of its own. */
const LIMITS = [20, 100] as const;

/**
 * The public posts of the last 48 hours that trend most, best first, without those of people blocked either
 * way and those that the user has hidden. They are read in the order of the index until there are enough,
 * also where Postgres has no statistics of posts yet: hence `offset 0`.
 */
export async function readTrending(
  on: Queryable,
  userId: string,
  limit: number,
  now: Date,
): Promise<TrendingPost[]> {
  // The limit is part of the text, and the time is compared in the subquery. Otherwise Postgres expects to
  // read a tenth or a third of all posts, and plans every read again, which takes four times as long as
  // reading.
  const enough = LIMITS.find((some) => some >= limit) ?? limit;
  const found = await rows<TrendingRow>(
    on,
    prepared`select p.id, p."authorId", p."authorName", p.body, p."contentType", p."createdAt", t.likes, t.comments, t.shares, t.lhot
        from trending_scores t
        cross join lateral (
          select coalesce(p.host_id, p.id::text) as id, coalesce(u.host_id, u.id::text) as "authorId", u.name as "authorName",
                 p.body, p.content_type as "contentType", p.created_at as "createdAt"
          from posts p join users u on u.id = p.author_id
          where p.id = t.post_id and t.expires_at > ${now}::timestamptz and p.created_at <= ${now}::timestamptz and ${isForEverybody} and ${isShownTo(userId)}
          offset 0) p
        where t.lhot is not null
        order by t.lhot desc nulls last, t.post_id limit ${sql.raw(String(enough))}`,
  );
  return found.slice(0, limit).map(({ lhot, createdAt, ...post }) => ({
    ...post,
    createdAt: hostInstant(createdAt),
    score: trendScore(lhot, now.getTime()),
  }));
}
