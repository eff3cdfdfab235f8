import type { Scratch } from "./database.ts";

/** Loads users who were active today, each with an account that is years old. */
export const loadMembers = (scratch: Scratch, count: number): Promise<unknown> =>
  scratch.sql(
    `insert into users (id, name, created_at, last_active_at)
     select n, 'User ' || n, '2020-01-01', now() from generate_series(1, $1::int) n`,
    [count],
  );

/** Makes each user follow `follows` others at random, since yesterday. */
export const loadFollows = (scratch: Scratch, users: number, follows: number): Promise<unknown> =>
  scratch.sql(
    `insert into profile_access (viewer_id, owner_id, status, updated_at)
     select v, o, 'granted', now() - interval '1 day'
     from (select distinct v, 1 + (hashint8(v * 7919 + n * 104729)::bigint & 2147483647) % $1 as o
           from generate_series(1, $1::bigint) v, generate_series(1, $2::int) n) f where v <> o`,
    [users, follows],
  );

/** Loads posts of users in turn, spread over the hours between, with their features. */
export async function loadPosts(
  scratch: Scratch,
  users: number,
  posts: { readonly count: number; readonly fromHours: number; readonly toHours: number },
): Promise<void> {
  const { count, fromHours, toHours } = posts;
  await scratch.sql(
    `with written as (
       insert into posts (author_id, body, created_at, updated_at)
       select 1 + (n * 7919) % $1, 'Post ' || n, at, at
       from generate_series(1, $2::bigint) n
       cross join lateral (select now() - ($3::float8 + ($4::float8 - $3::float8) * n / $2) * interval '1 hour' as at) t
       returning id, created_at)
     insert into post_features (post_id, topics, quality, algo_version, computed_at)
     select id, array['topic' || id % 500, 'topic' || id % 37], (id % 100) / 100.0, '1', created_at from written`,
    [users, count, fromHours, toHours],
  );
}

/** Gives each user twenty creators and thirty topics that they are drawn to. */
export const loadAffinities = (scratch: Scratch, users: number): Promise<unknown> =>
  scratch.sql(
    `insert into user_affinity_profiles (user_id, creator_ids, creator_shares, topics, topic_shares, content_types, engagement_velocity,
       exploration_factor, algo_version, computed_at)
     select u, array(select 1 + (u * 31 + n * 7919) % $1 from generate_series(1, 20) n), array_fill(0.04::float8, array[20]),
            array(select 'topic' || (u * 17 + n) % 500 from generate_series(1, 30) n), array_fill(0.03::float8, array[30]), '{}', 1, 1, '1',
            now() - interval '1 day'
     from generate_series(1, $1::bigint) u`,
    [users],
  );
