import { sql } from "drizzle-orm";
import { ENTERED, firstEntries } from "../db/pair-entries.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import { servedId } from "../db/versions.ts";
import type { Relations, Taste } from "../scoring/feeds/gather-candidates.ts";
import { FEED_LIMITS } from "../scoring/feeds/merge-order.ts";

const PAIRS = servedId("pairs");

// Arrays are read as JSON, which the driver parses several times as fast as Postgres's text format.

/**
 * Whose posts may come into the feeds of users, by user. Friends are those on the served match list who have
 * a trending post; the others do not matter.
 */
export async function readRelations(
  on: Queryable,
  userIds: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, Relations>> {
  const found = await rows<{ userId: string } & Relations>(
    on,
    sql`with trending as materialized (
          select q.position, q.user_id, q.changed
          from (select distinct p.author_id from trending_scores t join posts p on p.id = t.post_id
                where t.lhot is not null and t.expires_at > ${now}::timestamptz) a
          join pair_people q on q.version = ${PAIRS} and q.user_id = a.author_id)
        select v.user_id as "userId",
          array_to_json(array(select a.owner_id from profile_access a where a.viewer_id = v.user_id and a.status = 'granted')) as following,
          array_to_json(array(select a.viewer_id from profile_access a where a.owner_id = v.user_id and a.status = 'granted')) as followers,
          array_to_json(array(select t.user_id from pair_lists l join pair_people o on o.version = l.version and o.user_id = l.user_id
                cross join lateral (select position, null::int as change from unnest(l.positions) as i(position)
                                    union all select position, change from ${ENTERED} n) e
                join trending t on t.position = e.position and (t.changed = e.change or (e.change is null and t.changed <= l.changed))
                where l.version = ${PAIRS} and l.user_id = v.user_id and exists (
                  select 1 from user_interests i join user_interests j on j.interest_id = i.interest_id
                  where i.user_id = v.user_id and j.user_id = t.user_id))) as friends,
          array_to_json(array(select b.blocked_id from user_blocks b where b.blocker_id = v.user_id
                union all select b.blocker_id from user_blocks b where b.blocked_id = v.user_id)) as blocked
        from unnest(${array(userIds)}::bigint[]) as v(user_id)`,
  );
  return new Map(found.map(({ userId, ...relations }) => [userId, relations]));
}

/** The affinities of users, by user; absent for users without any. */
export async function readTastes(
  on: Queryable,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, Taste>> {
  const found = await rows<{
    userId: string;
    creatorIds: number[];
    creatorShares: number[];
    topics: string[];
    topicShares: number[];
  }>(
    on,
    sql`select a.user_id as "userId", array_to_json(a.creator_ids) as "creatorIds", array_to_json(a.creator_shares) as "creatorShares",
               array_to_json(a.topics) as topics, array_to_json(a.topic_shares) as "topicShares"
        from user_affinity_profiles a where a.user_id = any(${array(userIds)}::bigint[])`,
  );
  return new Map(
    found.map(({ userId, creatorIds, creatorShares, topics, topicShares }) => [
      userId,
      {
        creators: new Map(creatorIds.map((id, index) => [id, creatorShares[index] as number])),
        topics: new Map(topics.map((topic, index) => [topic, topicShares[index] as number])),
      },
    ]),
  );
}

/** Suggested people for a user, and questions that they have not answered. */
export type Extras = { readonly suggestions: readonly number[]; readonly questions: readonly number[] };

/**
 * Suggestions and questions for users: the 50 best of their match lists, those who meet their preferences
 * first, if the lists are younger than a week; and the first 5 questions, by the ids of their first options.
 * People who may not be shown are left out when the feed is read.
 */
export async function readExtras(
  on: Queryable,
  userIds: readonly string[],
  asOf: Date,
): Promise<ReadonlyMap<string, Extras>> {
  const most = sql.raw(String(FEED_LIMITS.suggestions));
  const found = await rows<{ userId: string; suggestions: number[]; questions: number[] }>(
    on,
    sql`with questions as materialized (
          select o.question_id, min(o.id) as id from quiz_options o group by o.question_id order by min(o.id)),
        suggested as materialized (
          select c.user_id, json_agg(c.candidate_id order by c.rank) as ids
          from (select n.user_id, n.candidate_id,
                       row_number() over (partition by n.user_id order by n.tier, n.score desc, n.candidate_id) as rank
                from ${firstEntries(PAIRS, most, sql`l.user_id = any(${array(userIds)}::bigint[]) and l.scored_at > ${asOf}::timestamptz - interval '7 days'`)} n) c
          where c.rank <= ${most} group by c.user_id)
        select v.user_id as "userId", coalesce(s.ids, '[]') as suggestions,
               array_to_json(array(select q.id from questions q
                     where q.question_id <> all (array(select a.question_id from quiz_answers a where a.user_id = v.user_id))
                     order by q.id limit ${FEED_LIMITS.questions}::int)) as questions
        from unnest(${array(userIds)}::bigint[]) as v(user_id)
        left join suggested s on s.user_id = v.user_id`,
  );
  return new Map(found.map(({ userId, ...extras }) => [userId, extras]));
}
