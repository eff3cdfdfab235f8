import type { Scratch } from "./database.ts";

/** A number from 0 to 1 that depends on its arguments alone, evenly spread. */
const DRAW = `create function draw(of text, n bigint) returns float8 language sql immutable as $$
  select ('x' || left(md5(of || n), 8))::bit(32)::bigint / 4294967296.0::float8 $$`;

/**
 * People as a large community has them: 60 cities of very unequal size, 6 to 18 of 32 traits, 3 to 16 of 500
 * interests by popularity, ratings of half of them, and gaps in many profiles. The same in every run.
 */
export async function loadPeople(scratch: Scratch, count: number): Promise<void> {
  await scratch.sql(DRAW);
  await scratch.sql(
    "insert into users (id, name) select n, 'user ' || n from generate_series(1, $1) n on conflict do nothing",
    [count],
  );
  await scratch.sql(
    `insert into profiles (user_id, birth_date, gender, location_text, latitude, longitude, quiz_vector, visible, updated_at)
     select n, case when draw('born', n) < 0.9 then date '1960-01-01' + (draw('age', n) * 16000)::int end,
            case when draw('gendered', n) < 0.9 then 'gender ' || floor(draw('gender', n) * 3) end,
            case when draw('worded', n) < 0.7 then 'city ' || c.city end,
            case when draw('placed', n) < 0.93 then draw('south', c.city) * 120 - 60 + draw('latitude', n) - 0.5 end,
            case when draw('placed', n) < 0.93 then draw('west', c.city) * 358 - 179 + draw('longitude', n) - 0.5 end,
            case when draw('quiz', n) < 0.6 then array(select draw('quiz ' || k, n) - 0.5 from generate_series(1, 8) k) end,
            draw('visible', n) < 0.97, now() - draw('updated', n) * interval '200 days'
     from generate_series(1, $1) n cross join lateral (select floor(60 * draw('city', n) ^ 3)::int as city) c`,
    [count],
  );
  await scratch.sql(
    `insert into profile_preferences (user_id, genders, age_min, age_max, distance_km)
     select n, case when draw('any gender', n) < 0.1 then '{}'::text[] else array['gender ' || floor(draw('wanted', n) * 3)] end,
            case when draw('from', n) < 0.85 then 20 + floor(draw('age_min', n) * 20)::int end,
            case when draw('to', n) < 0.81 then 45 + floor(draw('age_max', n) * 25)::int end,
            case when draw('near', n) < 0.85 then 10 + draw('radius', n) * 139 end
     from generate_series(1, $1) n`,
    [count],
  );
  await scratch.sql("insert into traits (id, name) select n, 'trait ' || n from generate_series(1, 32) n");
  await scratch.sql(
    `insert into user_traits (user_id, version, trait_id, value, n)
     select distinct on (n, t) n, (select id from list_versions where area = 'traits'), t, draw('value ' || k, n) * 20 - 10, 1 + floor(draw('answers ' || k, n) * 9)::int
     from generate_series(1, $1) n
     cross join lateral generate_series(1, case when draw('traits', n) < 0.85 then 6 + floor(draw('how many', n) * 13)::int
                                                when draw('traits', n) < 0.92 then 2 else 0 end) k
     cross join lateral (select 1 + floor(draw('trait ' || k, n) * 32)::int as t) t`,
    [count],
  );
  await scratch.sql("insert into interest_subjects (id, key, label) values (1, 'all', 'All')");
  await scratch.sql(
    "insert into interests (id, subject_id, key, label) select n, 1, n, 'interest ' || n from generate_series(1, 500) n",
  );
  await scratch.sql(
    `insert into user_interests (user_id, interest_id)
     select distinct n, 1 + floor(500 * draw('interest ' || k, n) ^ 3)::int
     from generate_series(1, $1) n
     cross join lateral generate_series(1, case when draw('none', n) < 0.05 then 0 else 3 + floor(draw('interests', n) * 14)::int end) k`,
    [count],
  );
  await scratch.sql(
    `insert into profile_ratings (rater_id, rated_id, attractive, smart, funny, interesting)
     select distinct on (n, rated) n, rated, floor(draw('a ' || k, n) * 6), floor(draw('s ' || k, n) * 6), floor(draw('f ' || k, n) * 6),
            floor(draw('i ' || k, n) * 6)
     from generate_series(1, $1) n
     cross join lateral generate_series(1, floor(draw('ratings', n) * 8)::int) k
     cross join lateral (select 1 + floor(draw('rated ' || k, n) * $1)::int as rated) r where rated <> n`,
    [count],
  );
  await scratch.sql("analyze");
}
