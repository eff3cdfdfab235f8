-- As before, in less time: columns are computed once, and what takes events back runs only if a call does.
CREATE OR REPLACE FUNCTION record_engagement(events jsonb) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE given jsonb; inserted jsonb; taken jsonb := '{}'; outcomes jsonb;
  -- Instants that need no function to catch what the cast refuses.
  plain text := '^(19[7-9]\d|2\d{3})-((0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)'
    'T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$';
BEGIN
  IF jsonb_typeof(events) IS DISTINCT FROM 'array' OR jsonb_array_length(events) > 1000 THEN
    RAISE EXCEPTION 'record_engagement takes a JSON array of at most 1000 events' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT jsonb_agg(jsonb_build_object('n', r.n, 'host_id', r.host_id, 'user_id', r.user_id, 'target_kind', r.target_kind,
           'target_id', r.target_id, 'kind', r.kind, 'occurred_at', r.occurred_at, 'taken_back_at', r.taken_back_at,
           'fault', CASE WHEN NOT r.is_readable THEN 'invalid' WHEN r.occurred_at > now() + interval '1 minute' THEN 'future'
                         WHEN r.user_id IS NULL THEN 'unknown_user' WHEN r.target_id IS NULL THEN 'unknown_target' END))
  INTO given
  -- OFFSET 0 keeps the planner from computing a column again for each place that reads it.
  FROM (
    SELECT e.n, e.host_id, e.target_kind, e.kind, e.occurred_at, e.taken_back_at,
           coalesce(jsonb_typeof(e.event -> 'id') IN ('string', 'number') AND length(e.host_id) BETWEEN 1 AND 255
             AND e.kind IN ('like', 'comment', 'share', 'message', 'profile_view', 'hide') AND e.target_kind IN ('post', 'user')
             AND e.occurred_at IS NOT NULL AND (e.event ->> 'taken_back_at' IS NULL OR e.taken_back_at IS NOT NULL), false) AS is_readable,
           coalesce((SELECT u.id FROM users u WHERE u.host_id = e.user_ref AND u.erased_at IS NULL),
             (SELECT u.id FROM users u WHERE u.id = e.user_own AND u.host_id IS NULL AND u.erased_at IS NULL)) AS user_id,
           CASE e.target_kind
             WHEN 'post' THEN coalesce((SELECT p.id FROM posts p WHERE p.host_id = e.target_ref),
               (SELECT p.id FROM posts p WHERE p.id = e.target_own AND p.host_id IS NULL))
             ELSE coalesce((SELECT u.id FROM users u WHERE u.host_id = e.target_ref AND u.erased_at IS NULL),
               (SELECT u.id FROM users u WHERE u.id = e.target_own AND u.host_id IS NULL AND u.erased_at IS NULL)) END AS target_id
    FROM (
      SELECT g.n, g.event, g.event ->> 'id' AS host_id, g.event ->> 'target_kind' AS target_kind, g.event ->> 'kind' AS kind,
             g.event ->> 'user_id' AS user_ref, g.event ->> 'target_id' AS target_ref,
             CASE WHEN g.event ->> 'user_id' ~ '^[1-9]\d{0,17}$' THEN (g.event ->> 'user_id')::bigint END AS user_own,
             CASE WHEN g.event ->> 'target_id' ~ '^[1-9]\d{0,17}$' THEN (g.event ->> 'target_id')::bigint END AS target_own,
             CASE WHEN g.event ->> 'occurred_at' ~ plain THEN (g.event ->> 'occurred_at')::timestamptz
                  WHEN g.event ->> 'occurred_at' IS NOT NULL THEN instant_or_null(g.event ->> 'occurred_at') END AS occurred_at,
             CASE WHEN g.event ->> 'taken_back_at' IS NOT NULL THEN instant_or_null(g.event ->> 'taken_back_at') END AS taken_back_at
      FROM jsonb_array_elements(events) WITH ORDINALITY AS g(event, n) OFFSET 0) e OFFSET 0) r;
  -- The triggers of the statements below lock these rows: all of them first, and in order, so that calls wait
  -- for each other instead of deadlocking.
  INSERT INTO trending_scores (post_id, landmark, expires_at)
  SELECT p.id, p.created_at, p.created_at + interval '48 hours' FROM posts p
  WHERE p.id IN (
    SELECT g.target_id FROM jsonb_to_recordset(given) AS g(target_kind text, target_id bigint, kind text, fault text)
    WHERE g.fault IS NULL AND g.target_kind = 'post' AND g.kind IN ('like', 'comment', 'share'))
    AND p.created_at BETWEEN '1970-01-01 00:00:00+00' AND now()
  ORDER BY p.id ON CONFLICT (post_id) DO NOTHING;
  PERFORM FROM trending_scores t
  WHERE t.post_id IN (
    SELECT g.target_id FROM jsonb_to_recordset(given) AS g(target_kind text, target_id bigint, kind text, fault text)
    WHERE g.fault IS NULL AND g.target_kind = 'post')
  ORDER BY t.post_id FOR NO KEY UPDATE;
  WITH i AS (
    INSERT INTO engagement_events (host_id, user_id, target_kind, target_id, kind, occurred_at, taken_back_at)
    SELECT DISTINCT ON (g.host_id) g.host_id, g.user_id, g.target_kind, g.target_id, g.kind, g.occurred_at, g.taken_back_at
    FROM jsonb_to_recordset(given) AS g(n bigint, host_id text, user_id bigint, target_kind text, target_id bigint, kind text,
      occurred_at timestamptz, taken_back_at timestamptz, fault text)
    WHERE g.fault IS NULL ORDER BY g.host_id, g.n
    ON CONFLICT (host_id) DO NOTHING RETURNING engagement_events.host_id)
  SELECT coalesce(jsonb_object_agg(i.host_id, true), '{}') INTO inserted FROM i;
  IF jsonb_path_exists(given, '$[*] ? (@.fault == null && @.taken_back_at != null)') THEN
    PERFORM FROM engagement_events e
    WHERE e.host_id IN (
      SELECT g.host_id FROM jsonb_to_recordset(given) AS g(host_id text, taken_back_at timestamptz, fault text)
      WHERE g.fault IS NULL AND g.taken_back_at IS NOT NULL)
    ORDER BY e.host_id FOR NO KEY UPDATE;
    WITH b AS (
      UPDATE engagement_events e SET taken_back_at = g.taken_back_at
      FROM (
        SELECT DISTINCT ON (d.host_id) d.*
        FROM jsonb_to_recordset(given) AS d(n bigint, host_id text, user_id bigint, target_kind text, target_id bigint, kind text,
          occurred_at timestamptz, taken_back_at timestamptz, fault text)
        WHERE d.fault IS NULL AND d.taken_back_at IS NOT NULL ORDER BY d.host_id, d.n) g
      WHERE e.host_id = g.host_id AND e.taken_back_at IS NULL AND (e.user_id, e.target_kind, e.target_id, e.kind, e.occurred_at)
            = (g.user_id, g.target_kind, g.target_id, g.kind, g.occurred_at)
      RETURNING e.host_id)
    SELECT coalesce(jsonb_object_agg(b.host_id, true), '{}') INTO taken FROM b;
  END IF;
  SELECT coalesce(jsonb_agg(coalesce(g.fault, CASE
      WHEN (e.user_id, e.target_kind, e.target_id, e.kind, e.occurred_at)
           IS DISTINCT FROM (g.user_id, g.target_kind, g.target_id, g.kind, g.occurred_at) THEN 'conflict'
      WHEN g.taken_back_at IS NOT NULL AND (taken ? g.host_id OR inserted ? g.host_id) THEN 'taken_back'
      WHEN inserted ? g.host_id THEN 'recorded' ELSE 'unchanged' END) ORDER BY g.n), '[]')
  INTO outcomes
  FROM jsonb_to_recordset(given) AS g(n bigint, host_id text, user_id bigint, target_kind text, target_id bigint, kind text,
    occurred_at timestamptz, taken_back_at timestamptz, fault text)
  LEFT JOIN engagement_events e ON g.fault IS NULL AND e.host_id = g.host_id;
  RETURN outcomes;
END $$;