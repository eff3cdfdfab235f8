import { type SQL, sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { AFFINITY } from "../scoring/feeds/affinity.ts";

/** Changes with the formula: profiles of other versions are recomputed. */
export const AFFINITY_VERSION = "1";

/** Ids and commits come in different orders: events are read again for this long. */
const LAG = sql.raw("interval '5 minutes'");

/**
 * The users whose affinities may have changed: with events since the last complete run, or whose profile is a
 * day old, since weights decay while they do nothing.
 */
export async function usersToProfile(on: Queryable, now: Date): Promise<string[]> {
  const [last] = await rows<{ since: string | null }>(
    on,
    sql`select max(coalesce(r.slot, r.created_at)) - ${LAG} as since from job_runs r where r.job = 'affinity' and r.status = 'done'`,
  );
  const since = last?.since ?? null;
  // The first run would read all events of 90 days, which may take longer than a statement may.
  const active =
    since === null
      ? sql`select u.id from users u where (select true from engagement_events e where e.user_id = u.id limit 1)`
      : sql`select e.user_id as id from engagement_events e where e.updated_at > ${since}::timestamptz`;
  const found = await rows<{ id: string }>(
    on,
    sql`${active}
        union
        select a.user_id from user_affinity_profiles a
        where a.computed_at <= ${now}::timestamptz - interval '24 hours' or a.algo_version <> ${AFFINITY_VERSION}
        order by id`,
  );
  return found.map(({ id }) => id);
}

/** A limit above the number of content types. */
const CONTENT_TYPES = 100;

const WEIGHTS = sql.raw(
  Object.entries(AFFINITY.weights)
    .map(([kind, weight]) => `('${kind}', ${weight}::float8)`)
    .join(", "),
);

/** SQL: for each user, the shares of the largest keys of a column, in the whole of all that are positive. */
const shares = (from: SQL, key: SQL, tie: SQL, atMost: number): SQL =>
  sql`select user_id, array_agg(key order by n) as keys, array_agg(amount / whole order by n) as shares, max(found) as found
      from (select user_id, key, amount, sum(amount) over of_user as whole, count(*) over of_user as found,
                   row_number() over (partition by user_id order by amount desc, ${tie}) as n
            from (select user_id, ${key} as key, sum(amount) as amount from ${from} where ${key} is not null
                  group by user_id, ${key} having sum(amount) > 0) liked
            window of_user as (partition by user_id)) ranked
      where n <= ${atMost}::int group by user_id`;

/** Ties are broken as in the code, by the bytes of a text. */
const BY_TEXT = sql.raw('key collate "C"');
const BY_ID = sql.raw("key");

/**
 * Computes and stores the affinities of users, as affinityOf does (src/scoring/feeds/affinity.ts), in one
 * statement. The profile of a user who did nothing for 90 days is deleted.
 */
export async function storeAffinities(
  tx: Tx,
  userIds: readonly string[],
  asOf: Date,
): Promise<{ readonly users: number; readonly silent: number }> {
  const users = sql`${array(userIds)}::bigint[]`;
  const stored = await tx.execute(
    sql`with acts as materialized (
          select e.user_id, e.kind, coalesce(p.author_id, case when e.target_kind = 'user' then e.target_id end) as creator_id,
                 p.content_type, f.topics,
                 w.weight * (power(2::float8, -d.days) + power(2::float8, -d.days / ${AFFINITY.halfLifeDays[1]}::float8)) / 2 as amount
          from engagement_events e
          join (values ${WEIGHTS}) w(kind, weight) on w.kind = e.kind
          cross join lateral (select extract(epoch from ${asOf}::timestamptz - e.occurred_at)::float8 / 86400 as days) d
          left join posts p on e.target_kind = 'post' and p.id = e.target_id
          left join post_features f on f.post_id = p.id
          where e.user_id = any(${users}) and e.taken_back_at is null and e.occurred_at <= ${asOf}::timestamptz
            and e.occurred_at > ${asOf}::timestamptz - ${AFFINITY.windowDays} * interval '24 hours'
            and e.user_id is distinct from coalesce(p.author_id, case when e.target_kind = 'user' then e.target_id end)),
        spoken as (select a.user_id, t.topic, a.amount from acts a cross join lateral unnest(a.topics) as t(topic)),
        creators as (${shares(sql`acts`, sql`creator_id`, BY_ID, AFFINITY.creators)}),
        subjects as (${shares(sql`spoken`, sql`topic`, BY_TEXT, AFFINITY.topics)}),
        types as (${shares(sql`acts`, sql`content_type`, BY_TEXT, CONTENT_TYPES)}),
        activity as (select user_id, count(*) filter (where kind <> 'hide') / ${AFFINITY.windowDays}::float8 as velocity from acts group by user_id)
        insert into user_affinity_profiles (user_id, creator_ids, creator_shares, topics, topic_shares, content_types,
                                            engagement_velocity, exploration_factor, algo_version, computed_at)
        select p.user_id, coalesce(c.keys, '{}'), coalesce(c.shares, '{}'), coalesce(s.keys, '{}'), coalesce(s.shares, '{}'),
               coalesce((select jsonb_object_agg(k.key, k.share) from unnest(y.keys, y.shares) as k(key, share)), '{}'),
               p.velocity, coalesce(least(s.found / ${AFFINITY.explored}::float8, 1), ${AFFINITY.unknownExploration}::float8),
               ${AFFINITY_VERSION}, ${asOf}::timestamptz
        from activity p left join creators c on c.user_id = p.user_id left join subjects s on s.user_id = p.user_id
        left join types y on y.user_id = p.user_id
        order by p.user_id
        on conflict (user_id) do update set creator_ids = excluded.creator_ids, creator_shares = excluded.creator_shares,
          topics = excluded.topics, topic_shares = excluded.topic_shares, content_types = excluded.content_types,
          engagement_velocity = excluded.engagement_velocity, exploration_factor = excluded.exploration_factor,
          algo_version = excluded.algo_version, computed_at = excluded.computed_at`,
  );
  const silent = await tx.execute(
    sql`delete from user_affinity_profiles where user_id = any(${users}) and (computed_at < ${asOf}::timestamptz or algo_version <> ${AFFINITY_VERSION})`,
  );
  return { users: stored.rowCount ?? 0, silent: silent.rowCount ?? 0 };
}
