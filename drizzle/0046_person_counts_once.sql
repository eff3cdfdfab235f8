-- Of several likes, comments or shares of one person with a post the earliest counts. Before, all comments
-- and shares did, so one account could raise a post by itself.
CREATE OR REPLACE FUNCTION counted_engagement(of_posts bigint[])
RETURNS TABLE (post_id bigint, user_id bigint, kind text, occurred_at timestamptz, weight int, grown float8) LANGUAGE sql STABLE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
  SELECT p.id, e.user_id, e.kind, e.occurred_at, w.weight,
         w.weight * power(2::float8, extract(epoch FROM e.occurred_at - p.created_at)::float8 / 43200)
  FROM posts p
  JOIN engagement_events e ON e.target_kind = 'post' AND e.target_id = p.id
  JOIN (VALUES ('like', 1), ('comment', 2), ('share', 3)) w(kind, weight) ON w.kind = e.kind
  JOIN users u ON u.id = e.user_id
  WHERE p.id = ANY (of_posts) AND e.taken_back_at IS NULL AND e.user_id <> p.author_id
    AND e.occurred_at BETWEEN p.created_at AND p.created_at + interval '48 hours'
    AND u.created_at <= e.occurred_at - interval '24 hours'
    AND NOT EXISTS (
      SELECT FROM engagement_events f
      WHERE f.target_kind = 'post' AND f.target_id = e.target_id AND f.user_id = e.user_id AND f.kind = e.kind
        AND f.taken_back_at IS NULL AND f.occurred_at BETWEEN p.created_at AND e.occurred_at
        AND u.created_at <= f.occurred_at - interval '24 hours' AND (f.occurred_at, f.id) < (e.occurred_at, e.id))
$$;--> statement-breakpoint
-- What was counted before is looked up once for each person, post and kind. A post is added up again only if
-- something earlier than what was counted arrives, or its time has changed.
CREATE OR REPLACE FUNCTION count_engagement() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE touched bigint[]; again bigint[];
BEGIN
  SELECT array_agg(p.id ORDER BY p.id) INTO touched
  FROM posts p
  WHERE p.id IN (SELECT w.target_id FROM written_events w WHERE w.target_kind = 'post' AND w.kind IN ('like', 'comment', 'share'))
    AND p.created_at BETWEEN '1970-01-01 00:00:00+00' AND now();
  IF touched IS NULL THEN RETURN NULL; END IF;
  INSERT INTO trending_scores (post_id, landmark, expires_at)
  SELECT p.id, p.created_at, p.created_at + interval '48 hours' FROM posts p WHERE p.id = ANY (touched) ORDER BY p.id
  ON CONFLICT (post_id) DO NOTHING;
  PERFORM FROM trending_scores t WHERE t.post_id = ANY (touched) ORDER BY t.post_id FOR NO KEY UPDATE;
  WITH earliest AS (
    SELECT DISTINCT ON (w.target_id, w.user_id, w.kind) w.target_id AS post_id, w.user_id, w.kind, w.occurred_at, w.id,
           p.created_at, u.created_at AS user_since
    FROM written_events w
    JOIN posts p ON p.id = w.target_id
    JOIN users u ON u.id = w.user_id
    WHERE w.target_kind = 'post' AND w.target_id = ANY (touched) AND w.kind IN ('like', 'comment', 'share')
      AND w.taken_back_at IS NULL AND w.user_id <> p.author_id
      AND w.occurred_at BETWEEN p.created_at AND p.created_at + interval '48 hours'
      AND u.created_at <= w.occurred_at - interval '24 hours'
    ORDER BY w.target_id, w.user_id, w.kind, w.occurred_at, w.id),
  written AS MATERIALIZED (
    SELECT n.post_id, n.user_id, n.kind,
           s.weight * power(2::float8, extract(epoch FROM n.occurred_at - n.created_at)::float8 / 43200) AS grown,
           coalesce(b.is_known_actor, false) AS is_known_actor, coalesce(b.is_earlier, false) AS is_counted,
           coalesce(b.is_later, false) AS is_late
    FROM earliest n
    JOIN (VALUES ('like', 1), ('comment', 2), ('share', 3)) s(kind, weight) ON s.kind = n.kind
    CROSS JOIN LATERAL (
      SELECT bool_or(true) AS is_known_actor,
             bool_or(e.kind = n.kind AND (e.occurred_at, e.id) < (n.occurred_at, n.id)) AS is_earlier,
             bool_or(e.kind = n.kind AND (e.occurred_at, e.id) > (n.occurred_at, n.id)) AS is_later
      FROM engagement_events e
      WHERE e.target_kind = 'post' AND e.target_id = n.post_id AND e.user_id = n.user_id AND e.taken_back_at IS NULL
        AND e.kind IN ('like', 'comment', 'share') AND e.occurred_at BETWEEN n.created_at AND n.created_at + interval '48 hours'
        AND n.user_since <= e.occurred_at - interval '24 hours' AND e.id NOT IN (SELECT x.id FROM written_events x)) b),
  stale AS (
    SELECT w.post_id FROM written w WHERE w.is_late AND NOT w.is_counted
    UNION
    SELECT t.post_id FROM trending_scores t JOIN posts p ON p.id = t.post_id
    WHERE t.post_id = ANY (touched) AND t.landmark <> p.created_at),
  added AS (
    SELECT w.post_id, sum(w.grown) AS grown, count(*) FILTER (WHERE w.kind = 'like')::int AS likes,
           count(*) FILTER (WHERE w.kind = 'comment')::int AS comments, count(*) FILTER (WHERE w.kind = 'share')::int AS shares,
           count(DISTINCT w.user_id) FILTER (WHERE NOT w.is_known_actor)::int AS actors
    FROM written w WHERE NOT w.is_counted AND w.post_id NOT IN (SELECT s.post_id FROM stale s)
    GROUP BY w.post_id),
  counted AS (
    UPDATE trending_scores t
    SET grown = t.grown + n.grown, likes = t.likes + n.likes, comments = t.comments + n.comments, shares = t.shares + n.shares,
        actors = t.actors + n.actors, changed_at = clock_timestamp(),
        lhot = CASE WHEN t.actors + n.actors >= 5 THEN ln(t.grown + n.grown) / ln(2::float8) + extract(epoch FROM t.landmark)::float8 / 43200 END
    FROM added n
    WHERE t.post_id = n.post_id)
  SELECT array_agg(s.post_id) INTO again FROM stale s;
  IF again IS NOT NULL THEN PERFORM recount_trends(again); END IF;
  RETURN NULL;
END $$;
