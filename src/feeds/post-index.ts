import { type SQL, sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";
import { type IndexedPost, indexPosts, type PostIndex } from "../scoring/feeds/gather-candidates.ts";
import { isForEverybody, isPresent } from "./visibility.ts";

/** Posts per statement: some 30 ms of this process. */
const POSTS_PER_READ = 5_000;

type PostRow = {
  id: string;
  authorId: string;
  createdAt: number;
  isPublic: boolean;
  quality: number;
  topics: string[];
  trend: number | null;
};

const toPost = ({ id, authorId, createdAt, ...rest }: PostRow): IndexedPost => ({
  ...rest,
  id: Number(id),
  authorId: Number(authorId),
  createdAt: Math.round(createdAt),
});

/** SQL: the visible posts of the last seven days, of authors who exist. */
const shownPosts = (condition: SQL, now: Date): SQL =>
  sql`select p.id, p.author_id as "authorId", extract(epoch from date_trunc('milliseconds', p.created_at))::float8 * 1000 as "createdAt",
             ${isForEverybody} as "isPublic", coalesce(f.quality, 0) as quality, coalesce(f.topics, '{}') as topics,
             case when t.expires_at > ${now}::timestamptz then t.lhot end as trend
      from posts p join users u on u.id = p.author_id left join post_features f on f.post_id = p.id
      left join trending_scores t on t.post_id = p.id
      where p.created_at > ${now}::timestamptz - interval '7 days' and p.created_at <= ${now}::timestamptz
        and p.hidden_at is null and p.deleted_at is null and ${isPresent} and ${condition}`;

/** Runs `work` in a transaction of its own, or in that of the caller. */
export type Read = <T>(work: (on: Queryable) => Promise<T>) => Promise<T>;

/** All posts that may come into a feed. */
export async function loadPostIndex(read: Read, now: Date, signal: AbortSignal): Promise<PostIndex> {
  const posts: IndexedPost[] = [];
  for (let after = "0"; ; ) {
    signal.throwIfAborted();
    const next = sql`p.id > ${after} order by p.id limit ${POSTS_PER_READ}`;
    const page = await read((on) => rows<PostRow>(on, shownPosts(next, now)));
    posts.push(...page.map(toPost));
    const last = page.at(-1);
    if (last === undefined || page.length < POSTS_PER_READ) return indexPosts(posts);
    after = last.id;
  }
}

/** The posts of some authors. */
export async function readPostsOf(
  on: Queryable,
  authorIds: readonly number[],
  now: Date,
): Promise<PostIndex> {
  const ofAuthors = sql`p.author_id = any(${array(authorIds)}::bigint[])`;
  return indexPosts((await rows<PostRow>(on, shownPosts(ofAuthors, now))).map(toPost));
}
