DROP INDEX "trending_scores_expires";--> statement-breakpoint
-- As before, in less time: what was read of the events is kept in arrays instead of JSON, rows that exist are
-- not inserted again, and a call that takes nothing back locks its posts only to add to them.
CREATE OR REPLACE FUNCTION record_engagement(events jsonb) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  numbers int[]; host_ids text[]; user_ids bigint[]; target_kinds text[]; target_ids bigint[]; kinds text[];
  times timestamptz[]; back_times timestamptz[]; faults text[];
  takes_back boolean; inserted jsonb; recorded int; taken jsonb := '{}'; outcomes jsonb;
BEGIN
  IF jsonb_typeof(events) IS DISTINCT FROM 'array' OR jsonb_array_length(events) > 1000 THEN
    RAISE EXCEPTION 'record_engagement takes a JSON array of at most 1000 events' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT array_agg(r.n), array_agg(r.host_id), array_agg(r.user_id), array_agg(r.target_kind), array_agg(r.target_id), array_agg(r.kind),
         array_agg(r.occurred_at), array_agg(r.taken_back_at),
         array_agg(CASE WHEN NOT r.is_readable THEN 'invalid' WHEN r.occurred_at > now() + interval '1 minute' THEN 'future'
                        WHEN r.user_id IS NULL THEN 'unknown_user' WHEN r.target_id IS NULL THEN 'unknown_target' END)
  INTO numbers, host_ids, user_ids, target_kinds, target_ids, kinds, times, back_times, faults
  -- OFFSET 0 keeps the planner from computing a column again for each place that reads it.
  FROM (
    SELECT e.n, e.host_id, e.target_kind, e.kind, e.occurred_at, e.taken_back_at,
           coalesce(e.id_type IN ('string', 'number') AND length(e.host_id) BETWEEN 1 AND 255
             AND e.kind IN ('like', 'comment', 'share', 'message', 'profile_view', 'hide') AND e.target_kind IN ('post', 'user')
             AND e.occurred_at IS NOT NULL AND (e.back_text IS NULL OR e.taken_back_at IS NOT NULL), false) AS is_readable,
           coalesce((SELECT u.id FROM users u WHERE u.host_id = e.user_ref AND u.erased_at IS NULL),
             (SELECT u.id FROM users u WHERE u.id = e.user_own AND u.host_id IS NULL AND u.erased_at IS NULL)) AS user_id,
           CASE e.target_kind
             WHEN 'post' THEN coalesce((SELECT p.id FROM posts p WHERE p.host_id = e.target_ref),
               (SELECT p.id FROM posts p WHERE p.id = e.target_own AND p.host_id IS NULL))
             ELSE coalesce((SELECT u.id FROM users u WHERE u.host_id = e.target_ref AND u.erased_at IS NULL),
               (SELECT u.id FROM users u WHERE u.id = e.target_own AND u.host_id IS NULL AND u.erased_at IS NULL)) END AS target_id
    FROM (
      SELECT t.*,
             CASE WHEN length(t.user_ref) BETWEEN 1 AND 18 AND t.user_ref NOT LIKE '0%' AND translate(t.user_ref, '0123456789', '') = '' THEN t.user_ref::bigint END AS user_own,
             CASE WHEN length(t.target_ref) BETWEEN 1 AND 18 AND t.target_ref NOT LIKE '0%' AND translate(t.target_ref, '0123456789', '') = '' THEN t.target_ref::bigint END AS target_own,
             -- Instants that the cast takes need no function to catch what it refuses.
             CASE WHEN t.time_text IS NULL THEN NULL
                  WHEN length(t.time_text) NOT BETWEEN 20 AND 27
                    OR NOT (t.time_text LIKE '____-__-__T__:__:__Z' OR t.time_text LIKE '____-__-__T__:__:__.%Z')
                    OR translate(t.time_text, '0123456789', '') NOT IN ('--T::Z', '--T::.Z') THEN instant_or_null(t.time_text)
                  WHEN substr(t.time_text, 1, 4)::int BETWEEN 1970 AND 2999 AND substr(t.time_text, 6, 2)::int BETWEEN 1 AND 12
                    AND substr(t.time_text, 9, 2)::int BETWEEN 1 AND CASE substr(t.time_text, 6, 2)::int WHEN 2 THEN 28 ELSE 30 END
                    AND substr(t.time_text, 12, 2)::int < 24 AND substr(t.time_text, 15, 2)::int < 60 AND substr(t.time_text, 18, 2)::int < 60
                    THEN t.time_text::timestamptz
                  ELSE instant_or_null(t.time_text) END AS occurred_at,
             CASE WHEN t.back_text IS NOT NULL THEN instant_or_null(t.back_text) END AS taken_back_at
      FROM (
        SELECT g.n, jsonb_typeof(g.event -> 'id') AS id_type, g.event ->> 'id' AS host_id, g.event ->> 'target_kind' AS target_kind,
               g.event ->> 'kind' AS kind, g.event ->> 'user_id' AS user_ref, g.event ->> 'target_id' AS target_ref,
               g.event ->> 'occurred_at' AS time_text, g.event ->> 'taken_back_at' AS back_text
        FROM jsonb_array_elements(events) WITH ORDINALITY AS g(event, n) OFFSET 0) t OFFSET 0) e OFFSET 0) r;
  takes_back := EXISTS (SELECT FROM unnest(back_times, faults) AS g(back_time, fault) WHERE g.back_time IS NOT NULL AND g.fault IS NULL);
  -- The trigger locks the posts that it adds to and these in one order: locks that were taken one set after
  -- the other would let two calls wait for each other.
  IF takes_back THEN
    PERFORM set_config(current_schema() || '.engagement_posts', coalesce(array_agg(g.target_id)::text, ''), true)
    FROM unnest(target_kinds, target_ids, back_times, faults) AS g(target_kind, target_id, back_time, fault)
    WHERE g.fault IS NULL AND g.back_time IS NOT NULL AND g.target_kind = 'post';
  END IF;
  WITH i AS (
    INSERT INTO engagement_events (host_id, user_id, target_kind, target_id, kind, occurred_at, taken_back_at)
    SELECT DISTINCT ON (g.host_id) g.host_id, g.user_id, g.target_kind, g.target_id, g.kind, g.occurred_at, g.back_time
    FROM unnest(numbers, host_ids, user_ids, target_kinds, target_ids, kinds, times, back_times, faults)
      AS g(n, host_id, user_id, target_kind, target_id, kind, occurred_at, back_time, fault)
    WHERE g.fault IS NULL ORDER BY g.host_id, g.n
    ON CONFLICT (host_id) DO NOTHING RETURNING engagement_events.host_id)
  SELECT coalesce(jsonb_object_agg(i.host_id, true), '{}'), count(*) INTO inserted, recorded FROM i;
  IF takes_back THEN
    PERFORM set_config(current_schema() || '.engagement_posts', '', true);
    PERFORM FROM engagement_events e
    WHERE e.host_id IN (
      SELECT g.host_id FROM unnest(host_ids, back_times, faults) AS g(host_id, back_time, fault) WHERE g.fault IS NULL AND g.back_time IS NOT NULL)
    ORDER BY e.host_id FOR NO KEY UPDATE;
    WITH b AS (
      UPDATE engagement_events e SET taken_back_at = g.back_time
      FROM (
        SELECT DISTINCT ON (d.host_id) d.*
        FROM unnest(numbers, host_ids, user_ids, target_kinds, target_ids, kinds, times, back_times, faults)
          AS d(n, host_id, user_id, target_kind, target_id, kind, occurred_at, back_time, fault)
        WHERE d.fault IS NULL AND d.back_time IS NOT NULL ORDER BY d.host_id, d.n) g
      WHERE e.host_id = g.host_id AND e.taken_back_at IS NULL AND (e.user_id, e.target_kind, e.target_id, e.kind, e.occurred_at)
            = (g.user_id, g.target_kind, g.target_id, g.kind, g.occurred_at)
      RETURNING e.host_id)
    SELECT coalesce(jsonb_object_agg(b.host_id, true), '{}') INTO taken FROM b;
  END IF;
  -- Where each is new, nothing needs to be compared.
  IF NOT takes_back AND recorded = (SELECT count(*) FROM unnest(faults) AS g(fault) WHERE g.fault IS NULL) THEN
    RETURN (SELECT coalesce(jsonb_agg(coalesce(g.fault, 'recorded') ORDER BY g.n), '[]') FROM unnest(faults) WITH ORDINALITY AS g(fault, n));
  END IF;
  SELECT coalesce(jsonb_agg(coalesce(g.fault, CASE
      WHEN (e.user_id, e.target_kind, e.target_id, e.kind, e.occurred_at)
           IS DISTINCT FROM (g.user_id, g.target_kind, g.target_id, g.kind, g.occurred_at) THEN 'conflict'
      WHEN g.back_time IS NOT NULL AND (taken ? g.host_id OR inserted ? g.host_id) THEN 'taken_back'
      WHEN inserted ? g.host_id THEN 'recorded' ELSE 'unchanged' END) ORDER BY g.n), '[]')
  INTO outcomes
  FROM unnest(numbers, host_ids, user_ids, target_kinds, target_ids, kinds, times, back_times, faults)
    AS g(n, host_id, user_id, target_kind, target_id, kind, occurred_at, back_time, fault)
  LEFT JOIN engagement_events e ON g.fault IS NULL AND e.host_id = g.host_id;
  RETURN outcomes;
END $$;--> statement-breakpoint
CREATE OR REPLACE FUNCTION count_engagement() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  touched bigint[]; moved bigint[]; again bigint[];
  -- Those from which record_engagement takes events back next.
  others bigint[] := nullif(current_setting(current_schema() || '.engagement_posts', true), '')::bigint[];
BEGIN
  SELECT array_agg(p.id ORDER BY p.id) INTO touched
  FROM posts p
  WHERE p.id IN (SELECT w.target_id FROM written_events w WHERE w.target_kind = 'post' AND w.kind IN ('like', 'comment', 'share'))
    AND p.created_at BETWEEN '1970-01-01 00:00:00+00' AND now();
  INSERT INTO trending_scores (post_id, landmark, expires_at)
  SELECT p.id, p.created_at, p.created_at + interval '48 hours' FROM posts p
  WHERE p.id = ANY (touched) AND NOT EXISTS (SELECT FROM trending_scores t WHERE t.post_id = p.id)
  ORDER BY p.id ON CONFLICT (post_id) DO NOTHING;
  -- All of them, and in order, so that calls wait for each other instead of deadlocking.
  SELECT array_agg(p.id) INTO moved
  FROM (SELECT t.post_id, t.landmark FROM trending_scores t WHERE t.post_id = ANY (touched || others) ORDER BY t.post_id FOR NO KEY UPDATE) l
  JOIN posts p ON p.id = l.post_id AND p.created_at <> l.landmark;
  IF touched IS NULL THEN RETURN NULL; END IF;
  WITH earliest AS (
    SELECT DISTINCT ON (w.target_id, w.user_id, w.kind) w.target_id AS post_id, w.user_id, w.kind, w.occurred_at, w.id,
           p.created_at, u.created_at AS user_since
    FROM written_events w
    JOIN posts p ON p.id = w.target_id
    JOIN users u ON u.id = w.user_id
    WHERE w.target_kind = 'post' AND p.created_at BETWEEN '1970-01-01 00:00:00+00' AND now() AND w.kind IN ('like', 'comment', 'share')
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
    SELECT m.post_id FROM unnest(moved) AS m(post_id) WHERE m.post_id = ANY (touched)),
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
