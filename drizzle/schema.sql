-- The schema that the migrations make: for reading, and so that a review shows what a migration changes.
-- Written by `npm run schema:dump` and checked by `npm run check:schema`. Do not edit it.
-- Names are unqualified: `commonwork migrate` puts everything into the schema DB_SCHEMA.
-- Functions come first: they name tables that follow.
SET check_function_bodies = off;

CREATE OR REPLACE FUNCTION append_for_host(job text, payload jsonb)
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
DECLARE
  entry bigint := nextval(pg_get_serial_sequence('outbox', 'id'));
BEGIN
  IF octet_length(payload::text) > 65536 THEN
    RAISE EXCEPTION 'the payload is larger than 64 KiB' USING ERRCODE = '54000';
  END IF;
  INSERT INTO outbox (id, queue, job, key, payload, trace)
  VALUES (entry, 'notifications', job, 'sql:' || entry, payload,
          left(nullif(current_setting(current_schema() || '.trace', true), ''), 55));
  IF current_setting(current_schema() || '.relayed', true) IS DISTINCT FROM 'on' THEN
    PERFORM pg_notify(current_schema() || '_enqueued', '');
  END IF;
  RETURN entry;
END $function$;

CREATE OR REPLACE FUNCTION apply_row_policies()
 RETURNS void
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
DECLARE
  app name := current_schema() || '_app';
  host name := current_schema() || '_host';
  reader name := current_schema() || '_reader';
  guarded text;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['cvs', 'user_profiles', 'job_applications', 'recommendation_views', 'recommendation_lists', 'user_vectors'] LOOP
    EXECUTE format('DROP POLICY IF EXISTS every_row ON %I', guarded);
    EXECUTE format('DROP POLICY IF EXISTS own_rows ON %I', guarded);
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = app) THEN
      EXECUTE format('CREATE POLICY every_row ON %I TO %I USING (true)', guarded, app);
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = host) THEN
      EXECUTE format('CREATE POLICY own_rows ON %I TO %I USING (user_id = nullif(current_setting(''app.user_id'', true), '''')::bigint)', guarded, host);
    END IF;
  END LOOP;
  DROP POLICY IF EXISTS every_result ON recommendation_lists;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = reader) THEN
    EXECUTE format('CREATE POLICY every_result ON recommendation_lists FOR SELECT TO %I USING (true)', reader);
  END IF;
END $function$;

CREATE OR REPLACE FUNCTION ask_for_fan_out()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  INSERT INTO outbox (queue, job, key, payload, trace)
  SELECT 'notifications', 'notify-fan-out',
         CASE WHEN count(*) = 1 THEN min(id)::text ELSE min(id) || '..' || max(id) END,
         jsonb_build_object('eventIds', jsonb_agg(id::text ORDER BY id)),
         left(nullif(current_setting(current_schema() || '.trace', true), ''), 55)
  FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / 100 AS entry FROM written_events) e
  GROUP BY entry ORDER BY entry
  ON CONFLICT (job, key) DO NOTHING;
  IF FOUND AND current_setting(current_schema() || '.relayed', true) IS DISTINCT FROM 'on' THEN
    PERFORM pg_notify(current_schema() || '_enqueued', '');
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION check_written_commissions()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET search_path FROM CURRENT
AS $function$
BEGIN
  IF EXISTS (SELECT 1 FROM (SELECT DISTINCT sale_id FROM written_commissions) w
             WHERE NOT EXISTS (SELECT 1 FROM token_sales s WHERE s.id = w.sale_id)) THEN
    RAISE EXCEPTION 'a commission names a sale that does not exist'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'commissions_sale', TABLE = 'commissions';
  END IF;
  IF EXISTS (SELECT 1 FROM (SELECT DISTINCT beneficiary_id FROM written_commissions) w
             WHERE NOT EXISTS (SELECT 1 FROM ledger_accounts a WHERE a.profile_id = w.beneficiary_id)) THEN
    RAISE EXCEPTION 'a commission names a profile without an account'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'commissions_beneficiary', TABLE = 'commissions';
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION check_written_entries()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET search_path FROM CURRENT
AS $function$
BEGIN
  IF EXISTS (SELECT 1 FROM (SELECT DISTINCT account_id FROM written_entries) w
             WHERE NOT EXISTS (SELECT 1 FROM ledger_accounts a WHERE a.id = w.account_id)) THEN
    RAISE EXCEPTION 'a ledger entry names an account that does not exist'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'ledger_entries_account', TABLE = 'ledger_entries';
  END IF;
  IF EXISTS (SELECT 1 FROM (SELECT DISTINCT transaction_id FROM written_entries) w
             WHERE NOT EXISTS (SELECT 1 FROM ledger_transactions t WHERE t.id = w.transaction_id)) THEN
    RAISE EXCEPTION 'a ledger entry names a transaction that does not exist'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'ledger_entries_transaction', TABLE = 'ledger_entries';
  END IF;
  INSERT INTO ledger_unbalanced (transaction_id)
  SELECT transaction_id FROM written_entries GROUP BY transaction_id HAVING sum(amount_micro) <> 0
  ON CONFLICT (transaction_id) DO NOTHING;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION compatibility_terms(components bytea, n bigint)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path FROM CURRENT
AS $function$
  SELECT jsonb_object_agg(t.term, round(get_byte(components, (n - 1)::int * 4 + t.at::int - 1) / 255.0, 3))
  FROM unnest(ARRAY['traits', 'interests', 'quality', 'fit']) WITH ORDINALITY AS t(term, at)
$function$;

CREATE OR REPLACE FUNCTION component_share(components bytea, n bigint, at integer)
 RETURNS double precision
 LANGUAGE sql
 IMMUTABLE
 SET search_path FROM CURRENT
AS $function$
  SELECT nullif(get_byte(components, (n - 1)::int * 24 + at) * 256 + get_byte(components, (n - 1)::int * 24 + at + 1), 65535) / 10000.0::float8
$function$;

CREATE OR REPLACE FUNCTION component_skills(components bytea, n bigint)
 RETURNS text[]
 LANGUAGE plpgsql
 STABLE
 SET search_path FROM CURRENT
AS $function$
BEGIN
  RETURN (
    SELECT coalesce(array_agg(s.name ORDER BY k.at), '{}')
    FROM generate_series(0, 2) AS k(at)
    JOIN skill_names s ON s.key = ('x' || encode(substring(components FROM (n - 1)::int * 24 + 4 * k.at + 1 FOR 4), 'hex'))::bit(32)::int);
END $function$;

CREATE OR REPLACE FUNCTION count_engagement()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET search_path FROM CURRENT
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION count_title(titles text[], n integer)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
 SET search_path FROM CURRENT
AS $function$
DECLARE half integer := length(titles[1]) / 2;
BEGIN
  RETURN replace(titles[2 + substr(titles[1], 1 + CASE WHEN n < 2 * half THEN n ELSE half + n % half END, 1)::integer], E'\x01', n::text);
END $function$;

CREATE OR REPLACE FUNCTION counted_engagement(of_posts bigint[])
 RETURNS TABLE(post_id bigint, user_id bigint, kind text, occurred_at timestamp with time zone, weight integer, grown double precision)
 LANGUAGE sql
 STABLE
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET search_path FROM CURRENT
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION delete_recommendation()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  UPDATE recommendation_lists l
  SET posting_ids = k.ids, scores = k.scores, created_at = k.created, components = k.components, first_places = k.first_places,
      floor_score = 'Infinity'
  FROM (
    SELECT coalesce(array_agg(e.job_id ORDER BY e.n), '{}') AS ids, coalesce(array_agg(e.score ORDER BY e.n), '{}') AS scores,
           coalesce(array_agg(e.created ORDER BY e.n), '{}') AS created,
           coalesce(string_agg(substring(o.components FROM (e.n - 1)::int * 24 + 1 FOR 24), ''::bytea ORDER BY e.n), ''::bytea) AS components,
           CASE WHEN max(o.first_places) < 20 THEN count(*) FILTER (WHERE e.n <= o.first_places) ELSE least(count(*), 20) END AS first_places
    FROM recommendation_lists o
    CROSS JOIN LATERAL unnest(o.posting_ids, o.scores, o.created_at) WITH ORDINALITY AS e(job_id, score, created, n)
    WHERE o.user_id = OLD.user_id AND e.job_id <> OLD.job_id
      AND NOT (e.n > CASE WHEN o.first_places < 20 THEN o.first_places ELSE 50 END AND to_timestamp(e.created + 259200) < now())
  ) k
  WHERE l.user_id = OLD.user_id;
  DELETE FROM recommendation_lists l WHERE l.user_id = OLD.user_id AND cardinality(l.posting_ids) = 0;
  RETURN OLD;
END $function$;

CREATE OR REPLACE FUNCTION distrust_list()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  UPDATE recommendation_lists SET floor_score = 'Infinity' WHERE user_id = OLD.user_id;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION drop_media_preview()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  DELETE FROM media_previews WHERE media_id = NEW.id;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION emit(type text, payload jsonb DEFAULT '{}'::jsonb, actor text DEFAULT NULL::text, project text DEFAULT NULL::text, resource text DEFAULT NULL::text, thread text DEFAULT NULL::text, meeting text DEFAULT NULL::text, occurred_at timestamp with time zone DEFAULT now(), id text DEFAULT NULL::text)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path FROM CURRENT
AS $function$
BEGIN
  IF coalesce(type !~ '^[a-z][a-z0-9_]{0,62}(\.[a-z0-9_]{1,63})?$', true) THEN
    RAISE EXCEPTION 'the type of an event is a name in lower case, such as invoice_paid or invoice.paid' USING ERRCODE = '22023';
  END IF;
  IF type = ANY (own_event_types()) THEN
    RAISE EXCEPTION 'a host cannot emit events of the type %', type
      USING ERRCODE = '42501', HINT = 'Only Commonwork emits them. An event of your own needs another type.';
  END IF;
  IF jsonb_typeof(payload) IS DISTINCT FROM 'object' THEN
    RAISE EXCEPTION 'the payload of an event is a JSON object' USING ERRCODE = '22023';
  END IF;
  RETURN append_for_host('record-host-event', jsonb_build_object('event', jsonb_build_object('payload', payload) || jsonb_strip_nulls(
    jsonb_build_object('type', type, 'actor', actor, 'project', project, 'resource', resource, 'thread', thread, 'meeting', meeting,
      'occurredAt', (to_jsonb(coalesce(occurred_at, now()) AT TIME ZONE 'UTC') #>> '{}') || 'Z', 'id', id))));
END $function$;

CREATE OR REPLACE FUNCTION enqueue(job text, payload jsonb DEFAULT '{}'::jsonb)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path FROM CURRENT
AS $function$
BEGIN
  IF NOT coalesce(job = ANY (host_jobs()), false) THEN
    RAISE EXCEPTION 'a host cannot request the job %', quote_nullable(job)
      USING ERRCODE = '22023', HINT = 'It can request ' || array_to_string(host_jobs(), ', ') || '.';
  END IF;
  IF jsonb_typeof(payload) IS DISTINCT FROM 'object' THEN
    RAISE EXCEPTION 'the payload of a job is a JSON object' USING ERRCODE = '22023';
  END IF;
  RETURN append_for_host('accept-host-request', jsonb_build_object('job', job, 'payload', payload, 'requestedBy', session_user));
END $function$;

CREATE OR REPLACE FUNCTION feed_order(items bytea)
 RETURNS TABLE(place integer, kind text, id bigint)
 LANGUAGE plpgsql
 IMMUTABLE ROWS 100
 SET search_path FROM CURRENT
AS $function$
DECLARE
  posts int := get_byte(items, 0) * 256 + get_byte(items, 1);
  suggestions int := get_byte(items, 2) * 256 + get_byte(items, 3);
  questions int := get_byte(items, 4) * 256 + get_byte(items, 5);
  kinds text[] := ARRAY['post', 'suggestion', 'question'];
  post_ids bigint[]; suggestion_ids bigint[]; question_ids bigint[];
  taken int[] := ARRAY[0, 0, 0]; sizes int[]; first int;
BEGIN
  SELECT coalesce(array_agg(float_at(items, 6 + n * 42)::bigint ORDER BY n), '{}') INTO post_ids FROM generate_series(0, posts - 1) n;
  SELECT coalesce(array_agg(s.id ORDER BY s.n), '{}') INTO suggestion_ids
  FROM (SELECT n, float_at(items, 6 + posts * 42 + n * 8)::bigint AS id FROM generate_series(0, suggestions - 1) n) s
  WHERE s.id NOT IN (SELECT float_at(items, 14 + n * 42)::bigint FROM generate_series(0, posts - 1) n);
  SELECT coalesce(array_agg(float_at(items, 6 + posts * 42 + (suggestions + n) * 8)::bigint ORDER BY n), '{}') INTO question_ids
  FROM generate_series(0, questions - 1) n;
  sizes := ARRAY[cardinality(post_ids), cardinality(suggestion_ids), cardinality(question_ids)];
  FOR at IN 1 .. sizes[1] + sizes[2] + sizes[3] LOOP
    SELECT k INTO first
    FROM unnest(CASE WHEN at % 20 = 0 THEN '{3,1,2}'::int[] WHEN at % 5 = 0 THEN '{2,1,3}' ELSE '{1,2,3}' END) WITH ORDINALITY AS o(k, n)
    WHERE taken[k] < sizes[k] ORDER BY n LIMIT 1;
    taken[first] := taken[first] + 1;
    place := at;
    kind := kinds[first];
    id := CASE first WHEN 1 THEN post_ids[taken[1]] WHEN 2 THEN suggestion_ids[taken[2]] ELSE question_ids[taken[3]] END;
    RETURN NEXT;
  END LOOP;
END $function$;

CREATE OR REPLACE FUNCTION float_at(bytes bytea, at integer)
 RETURNS double precision
 LANGUAGE sql
 IMMUTABLE
 SET search_path FROM CURRENT
AS $function$
  SELECT CASE WHEN f.bits = 0 THEN 0
              ELSE (f.bits & 4503599627370495 | 4503599627370496) * power(2::float8, (f.bits >> 52)::int - 1075) END
  FROM (SELECT ('x' || encode(substring(bytes FROM at + 1 FOR 8), 'hex'))::bit(64)::bigint AS bits) f
$function$;

CREATE OR REPLACE FUNCTION forget_media_check()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  IF NEW.status = OLD.status AND OLD.status IN ('READY', 'REJECTED', 'FAILED_PROCESSING') THEN NEW.status := 'UPLOADED'; END IF;
  IF NEW.mime_type IS NOT DISTINCT FROM OLD.mime_type THEN NEW.mime_type := NULL; END IF;
  IF NEW.size_bytes IS NOT DISTINCT FROM OLD.size_bytes THEN NEW.size_bytes := NULL; END IF;
  IF NEW.width IS NOT DISTINCT FROM OLD.width THEN NEW.width := NULL; END IF;
  IF NEW.height IS NOT DISTINCT FROM OLD.height THEN NEW.height := NULL; END IF;
  IF NEW.duration_ms IS NOT DISTINCT FROM OLD.duration_ms THEN NEW.duration_ms := NULL; END IF;
  NEW.details := '{}'; NEW.rejections := NULL; NEW.fault := NULL; NEW.failures := 0;
  RETURN NEW;
END $function$;

CREATE OR REPLACE FUNCTION host_jobs()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE
 SET search_path FROM CURRENT
AS $function$
  SELECT ARRAY['calculate-matches', 'generate-recommendations', 'place-volunteer'];
$function$;

CREATE OR REPLACE FUNCTION instant_or_null(given text)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 STABLE
 SET search_path FROM CURRENT
AS $function$
DECLARE parsed timestamptz;
BEGIN
  IF given !~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d(:?\d\d)?)$' THEN RETURN NULL; END IF;
  parsed := given::timestamptz;
  RETURN CASE WHEN parsed >= '1970-01-01 00:00:00+00' THEN parsed END;
EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format OR invalid_time_zone_displacement_value THEN
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION keep_upline()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
DECLARE
  chain bigint[] := '{}'; ancestor bigint; next_ancestor bigint; home bigint;
  lock_key bigint := hashtextextended(current_schema() || '.referrals.' || NEW.organization_id, 0);
BEGIN
  IF NEW.referrer_id IS NULL THEN
    NEW.upline := '{}';
    RETURN NEW;
  END IF;
  IF TG_OP = 'INSERT' THEN
    PERFORM pg_advisory_xact_lock_shared(lock_key);
  ELSE
    PERFORM pg_advisory_xact_lock(lock_key);
  END IF;
  ancestor := NEW.referrer_id;
  WHILE ancestor IS NOT NULL LOOP
    IF ancestor = NEW.id OR ancestor = ANY (chain) THEN
      RAISE EXCEPTION 'profile % cannot be referred by %: the chain would form a cycle', NEW.id, NEW.referrer_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'volunteer_profiles_no_circle', TABLE = 'volunteer_profiles';
    END IF;
    SELECT referrer_id, organization_id INTO next_ancestor, home FROM volunteer_profiles WHERE id = ancestor;
    IF home IS DISTINCT FROM NEW.organization_id THEN
      RAISE EXCEPTION 'profile % cannot be referred by %: they belong to different organizations', NEW.id, NEW.referrer_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'volunteer_profiles_one_organization', TABLE = 'volunteer_profiles';
    END IF;
    chain := chain || ancestor;
    -- A new profile has no descendants and cannot close a cycle; only an existing one has to walk the whole
    -- chain.
    EXIT WHEN TG_OP = 'INSERT' AND cardinality(chain) >= 5;
    ancestor := next_ancestor;
  END LOOP;
  NEW.upline := chain[1:5];
  NEW.referred_at := coalesce(NEW.referred_at, now());
  RETURN NEW;
END $function$;

CREATE OR REPLACE FUNCTION keep_used_account()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  IF OLD.profile_id IS NULL OR EXISTS (SELECT 1 FROM ledger_entries WHERE account_id = OLD.id)
     OR EXISTS (SELECT 1 FROM commissions WHERE beneficiary_id = OLD.profile_id) THEN
    RAISE EXCEPTION 'account % has been used and must be kept', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ledger_accounts_used', TABLE = 'ledger_accounts';
  END IF;
  RETURN OLD;
END $function$;

CREATE OR REPLACE FUNCTION mark_active()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO multiplier_marks (profile_id, due_at)
    WITH active AS (SELECT assignee_id AS id, max(activity_at) AS at FROM written WHERE activity_at IS NOT NULL GROUP BY 1)
    SELECT id, at FROM active
    UNION ALL SELECT p.referrer_id, max(a.at) FROM active a JOIN volunteer_profiles p ON p.id = a.id WHERE p.referrer_id IS NOT NULL GROUP BY 1;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO multiplier_marks (profile_id, due_at)
    WITH active AS (SELECT assignee_id AS id, max(activity_at) AS at FROM gone WHERE activity_at IS NOT NULL GROUP BY 1)
    SELECT id, at FROM active
    UNION ALL SELECT p.referrer_id, max(a.at) FROM active a JOIN volunteer_profiles p ON p.id = a.id WHERE p.referrer_id IS NOT NULL GROUP BY 1;
  ELSE
    INSERT INTO multiplier_marks (profile_id, due_at)
    WITH before AS (SELECT id, assignee_id, submitted_at, status = 'approved' AS is_approved, reviewed_at, activity_at FROM gone),
    after AS (SELECT id, assignee_id, submitted_at, status = 'approved' AS is_approved, reviewed_at, activity_at FROM written),
    changed AS (
      SELECT d.assignee_id AS id, max(d.activity_at) OVER (PARTITION BY d.id) AS at
      FROM ((TABLE after EXCEPT TABLE before) UNION ALL (TABLE before EXCEPT TABLE after)) d),
    active AS (SELECT id, max(at) AS at FROM changed WHERE at IS NOT NULL GROUP BY 1)
    SELECT id, at FROM active
    UNION ALL SELECT p.referrer_id, max(a.at) FROM active a JOIN volunteer_profiles p ON p.id = a.id WHERE p.referrer_id IS NOT NULL GROUP BY 1;
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION mark_gone_messages()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  INSERT INTO unread_marks (thread_id, user_id, at)
  SELECT p.thread_id, p.user_id, '-infinity' FROM (SELECT DISTINCT thread_id FROM gone) g JOIN chat_thread_participants p ON p.thread_id = g.thread_id;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION mark_match_changes()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
DECLARE changed bigint[]; written_rows text;
BEGIN
  written_rows := CASE TG_OP WHEN 'INSERT' THEN 'written' WHEN 'DELETE' THEN 'gone'
    ELSE '((TABLE written EXCEPT TABLE gone) UNION ALL (TABLE gone EXCEPT TABLE written))' END;
  EXECUTE format('SELECT array_agg(id) FROM (SELECT DISTINCT w.%I AS id FROM %s w LIMIT 1001) ids', TG_ARGV[0], written_rows) INTO changed;
  IF cardinality(changed) > 1000 THEN
    INSERT INTO match_marks DEFAULT VALUES;
  ELSIF TG_ARGV[0] = 'project_id' THEN
    INSERT INTO match_marks (project_id) SELECT unnest(changed);
  ELSE
    INSERT INTO match_marks (user_id) SELECT unnest(changed);
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION mark_match_row()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  CASE TG_TABLE_NAME
    WHEN 'volunteers' THEN INSERT INTO match_marks (user_id) VALUES (NEW.user_id);
    WHEN 'users' THEN INSERT INTO match_marks (user_id) VALUES (NEW.id);
    WHEN 'projects' THEN INSERT INTO match_marks (project_id) VALUES (NEW.id);
    -- Another spelling of a skill may be on any list.
    ELSE INSERT INTO match_marks DEFAULT VALUES;
  END CASE;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION mark_moved_messages()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  INSERT INTO unread_marks (thread_id, user_id, at)
  SELECT p.thread_id, p.user_id, '-infinity'
  FROM (SELECT d.thread_id FROM (
          (SELECT id, thread_id, sender_id, created_at FROM written EXCEPT SELECT id, thread_id, sender_id, created_at FROM gone)
          UNION ALL
          (SELECT id, thread_id, sender_id, created_at FROM gone EXCEPT SELECT id, thread_id, sender_id, created_at FROM written)) d
        GROUP BY 1) m
  JOIN chat_thread_participants p ON p.thread_id = m.thread_id;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION mark_moved_thread()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  INSERT INTO unread_marks (thread_id, user_id, at) SELECT p.thread_id, p.user_id, '-infinity' FROM chat_thread_participants p WHERE p.thread_id = NEW.id;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION mark_new_participants()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  IF current_setting(current_schema() || '.backfill', true) = 'on' THEN
    RETURN NULL;
  END IF;
  INSERT INTO unread_marks (thread_id, user_id, at) SELECT thread_id, user_id, '-infinity' FROM written;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION mark_preferences()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO unread_marks (user_id, at) SELECT DISTINCT user_id, '-infinity'::timestamptz FROM gone;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO unread_marks (user_id, at) SELECT DISTINCT user_id, '-infinity'::timestamptz FROM written;
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION mark_profile()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  INSERT INTO multiplier_marks (profile_id, due_at) VALUES (NEW.id, '-infinity');
  IF TG_OP = 'UPDATE' AND NEW.referrer_id IS DISTINCT FROM OLD.referrer_id THEN
    INSERT INTO multiplier_marks (profile_id, due_at)
    SELECT id, '-infinity' FROM unnest(ARRAY[OLD.referrer_id, NEW.referrer_id]) AS referrer(id) WHERE id IS NOT NULL
    UNION ALL SELECT NEW.referrer_id, now() + interval '24 hours' WHERE NEW.referrer_id IS NOT NULL
    UNION ALL SELECT NEW.referrer_id, m.due_at FROM multiplier_marks m WHERE m.profile_id = NEW.id AND NEW.referrer_id IS NOT NULL;
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION mark_reading()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  INSERT INTO unread_marks (thread_id, user_id, at)
  SELECT w.thread_id, w.user_id, '-infinity'
  FROM (SELECT thread_id, user_id, last_read_at, joined_at FROM written
        EXCEPT SELECT thread_id, user_id, last_read_at, joined_at FROM gone) w
  WHERE EXISTS (SELECT 1 FROM messages m WHERE m.thread_id = w.thread_id AND m.created_at > coalesce(w.last_read_at, '-infinity') AND m.sender_id <> w.user_id);
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION mark_written_messages()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  IF current_setting(current_schema() || '.backfill', true) = 'on' THEN
    RETURN NULL;
  END IF;
  INSERT INTO unread_marks (thread_id, at) SELECT thread_id, created_at FROM written;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION may_read(viewer bigint, post bigint)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path FROM CURRENT
AS $function$
BEGIN
  RETURN EXISTS (
    SELECT FROM posts p JOIN users u ON u.id = p.author_id
    WHERE p.id = post AND p.hidden_at IS NULL AND p.deleted_at IS NULL AND u.deactivated_at IS NULL AND u.erased_at IS NULL
      AND NOT EXISTS (SELECT FROM profiles r WHERE r.user_id = u.id AND (r.banned OR r.deleted_at IS NOT NULL))
      AND NOT EXISTS (SELECT FROM user_blocks b WHERE b.blocker_id = u.id AND b.blocked_id = viewer)
      AND NOT EXISTS (SELECT FROM user_blocks b WHERE b.blocker_id = viewer AND b.blocked_id = u.id)
      AND NOT EXISTS (
        SELECT FROM engagement_events h
        WHERE h.user_id = viewer AND h.kind = 'hide' AND h.taken_back_at IS NULL
          AND (h.target_kind = 'post' AND h.target_id = p.id OR h.target_kind = 'user' AND h.target_id = u.id))
      AND (p.visibility = 'public' AND NOT EXISTS (SELECT FROM profiles r WHERE r.user_id = u.id AND NOT r.visible)
        OR u.id = viewer OR EXISTS (
          SELECT FROM profile_access a WHERE a.owner_id = u.id AND a.viewer_id = viewer AND a.status = 'granted')));
END $function$;

CREATE OR REPLACE FUNCTION may_see(viewer bigint, person bigint)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path FROM CURRENT
AS $function$
BEGIN
  RETURN EXISTS (SELECT FROM profiles p JOIN users u ON u.id = p.user_id
                 WHERE p.user_id = person AND p.visible AND NOT p.banned AND p.deleted_at IS NULL
                   AND u.deactivated_at IS NULL AND u.erased_at IS NULL)
    AND NOT EXISTS (SELECT FROM user_blocks b WHERE b.blocker_id = viewer AND b.blocked_id = person)
    AND NOT EXISTS (SELECT FROM user_blocks b WHERE b.blocker_id = person AND b.blocked_id = viewer);
END $function$;

CREATE OR REPLACE FUNCTION move_branch()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  WITH RECURSIVE branch AS (
    SELECT p.id, (NEW.id || NEW.upline)[1:5] AS upline, 1 AS depth FROM volunteer_profiles p WHERE p.referrer_id = NEW.id
    UNION ALL
    SELECT p.id, (b.id || b.upline)[1:5], b.depth + 1 FROM volunteer_profiles p JOIN branch b ON p.referrer_id = b.id WHERE b.depth < 5
  )
  UPDATE volunteer_profiles p SET upline = branch.upline FROM branch WHERE p.id = branch.id;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION note_all()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  INSERT INTO result_changes (source) SELECT TG_ARGV[0] WHERE EXISTS (SELECT FROM change_feeds);
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION note_pair_entries()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  IF NOT EXISTS (SELECT FROM change_feeds) THEN
    RETURN NULL;
  END IF;
  INSERT INTO result_changes (source, keys)
  SELECT 'pair_lists', array_agg(n.user_id ORDER BY n.user_id)
  FROM (SELECT d.user_id, (row_number() OVER (ORDER BY d.user_id) - 1) / 1000 AS part
        FROM (SELECT DISTINCT p.user_id
              FROM written w CROSS JOIN LATERAL unnest(w.lists) AS l(list)
              JOIN list_versions v ON v.id = w.version AND v.state = 'served'
              JOIN pair_people p ON p.version = w.version AND p.position = l.list / 2) d) n
  GROUP BY n.part ORDER BY n.part;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION note_results()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
DECLARE
  columns text := TG_ARGV[1];
  written_rows text;
BEGIN
  IF NOT EXISTS (SELECT FROM change_feeds) THEN
    RETURN NULL;
  END IF;
  IF TG_ARGV[2] = 'served' THEN
    columns := columns || ', version';
  END IF;
  written_rows := CASE
    WHEN TG_OP = 'INSERT' THEN format('SELECT %s FROM written', columns)
    WHEN TG_OP = 'DELETE' THEN format('SELECT %s FROM gone', columns)
    WHEN TG_ARGV[3] <> '' THEN format('(SELECT %1$s FROM written EXCEPT SELECT %1$s FROM gone) UNION ALL (SELECT %1$s FROM gone EXCEPT SELECT %1$s FROM written)', TG_ARGV[3])
    ELSE format('SELECT %1$s FROM written UNION ALL SELECT %1$s FROM gone', columns) END;
  EXECUTE format(
    'INSERT INTO result_changes (source, keys)
     SELECT %L, array_agg(key ORDER BY key)
     FROM (SELECT key, (row_number() OVER (ORDER BY key) - 1) / 1000 AS part
           FROM (SELECT DISTINCT k.key FROM (%s) w CROSS JOIN LATERAL unnest(ARRAY[%s]) AS k(key) WHERE %s) d) n
     GROUP BY part ORDER BY part',
    TG_ARGV[0], written_rows, TG_ARGV[1],
    CASE WHEN TG_ARGV[2] = 'served' THEN 'EXISTS (SELECT FROM list_versions v WHERE v.id = w.version AND v.state = ''served'')'
         ELSE 'true' END);
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION note_subject()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
DECLARE
  before jsonb;
  former text;
BEGIN
  IF NOT EXISTS (SELECT FROM change_feeds) THEN
    RETURN NULL;
  END IF;
  before := to_jsonb(OLD);
  IF TG_ARGV[2] = 'known' THEN
    former := coalesce(before ->> 'host_id', before ->> TG_ARGV[1]);
    IF TG_OP = 'UPDATE' AND former = coalesce(to_jsonb(NEW) ->> 'host_id', to_jsonb(NEW) ->> TG_ARGV[1]) THEN
      former := NULL;
    END IF;
  END IF;
  INSERT INTO result_changes (source, keys, former_ids)
  VALUES (TG_ARGV[0], ARRAY[(before ->> TG_ARGV[1])::bigint], CASE WHEN former IS NOT NULL THEN ARRAY[former] END);
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION open_accounts()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  INSERT INTO ledger_accounts (kind, profile_id) SELECT 'volunteer', id FROM new_profiles ORDER BY id;
  INSERT INTO ledger_balances (account_id)
  SELECT a.id FROM ledger_accounts a WHERE a.profile_id IN (SELECT id FROM new_profiles) ORDER BY a.id;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION own_event_types()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE
 SET search_path FROM CURRENT
AS $function$
  SELECT ARRAY['budget.awarded', 'calendar.action_required', 'candidate.matched', 'commission.earned', 'commission.held',
    'lead.candidates_found', 'meeting_reminder', 'recommendations.ready', 'resume_incomplete_nudge', 'thread_unread_stale'];
$function$;

CREATE OR REPLACE FUNCTION pair_reasons(viewer bigint, candidate bigint, terms jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path FROM CURRENT
AS $function$
BEGIN
  RETURN jsonb_build_object(
    'shared_interests', coalesce((SELECT jsonb_agg(s.label ORDER BY s.id) FROM (
        SELECT i.id, i.label FROM user_interests a JOIN user_interests b ON b.interest_id = a.interest_id AND b.user_id = candidate
        JOIN interests i ON i.id = a.interest_id WHERE a.user_id = viewer ORDER BY i.id LIMIT 5) s), '[]'),
    'strongest', coalesce((SELECT jsonb_agg(w.term ORDER BY w.contribution DESC, w.at) FROM (
        SELECT w.term, w.at, w.weight * (terms ->> w.term)::float8 AS contribution
        FROM unnest(ARRAY['traits', 'interests', 'quality', 'fit', 'proximity', 'newness'], ARRAY[0.25, 0.2, 0.15, 0.1, 0.2, 0.1]::float8[])
          WITH ORDINALITY AS w(term, weight, at)
        WHERE (terms ->> w.term)::float8 > 0 ORDER BY 3 DESC, 2 LIMIT 3) w), '[]'));
END $function$;

CREATE OR REPLACE FUNCTION pair_terms(components bytea, n bigint)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path FROM CURRENT
AS $function$
  SELECT jsonb_object_agg(t.term, round(get_byte(components, (n - 1)::int * 6 + t.at::int - 1) / 255.0, 3))
  FROM unnest(ARRAY['traits', 'interests', 'quality', 'fit', 'proximity', 'newness']) WITH ORDINALITY AS t(term, at)
$function$;

CREATE OR REPLACE FUNCTION place_on_grid()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
DECLARE
  cell_latitude float8 := floor(NEW.latitude / 0.02::float8 + 0.5::float8) * 0.02::float8;
  cell_longitude float8 := floor(NEW.longitude / 0.02::float8 + 0.5::float8) * 0.02::float8;
BEGIN
  NEW.grid_waiting := false;
  IF cell_latitude IS NOT DISTINCT FROM NEW.grid_latitude AND cell_longitude IS NOT DISTINCT FROM NEW.grid_longitude THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND cell_latitude IS NOT NULL THEN
    IF cardinality(NEW.grid_moves) >= 2 AND NEW.grid_moves[1] > now() - interval '1 day' THEN
      NEW.grid_waiting := true;
      RETURN NEW;
    END IF;
    NEW.grid_moves := (NEW.grid_moves || now())[greatest(cardinality(NEW.grid_moves), 1):];
  END IF;
  NEW.grid_latitude := cell_latitude;
  NEW.grid_longitude := cell_longitude;
  RETURN NEW;
END $function$;

CREATE OR REPLACE FUNCTION posting_words(title text, company text, location text)
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path FROM CURRENT
AS $function$
  SELECT setweight(to_tsvector('pg_catalog.simple', title), 'A') || setweight(to_tsvector('pg_catalog.simple', company), 'B')
      || setweight(to_tsvector('pg_catalog.simple', coalesce(location, '')), 'C')
$function$;

CREATE OR REPLACE FUNCTION recommendation_components(components bytea, n bigint)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path FROM CURRENT
AS $function$
  SELECT jsonb_build_object(
    'matched_skills', component_skills(components, n), 'matched_count', get_byte(components, (n - 1)::int * 24 + 20),
    'skills', component_share(components, n, 12), 'title', component_share(components, n, 14),
    'semantic', component_share(components, n, 16), 'interest', component_share(components, n, 18),
    'remote', f.flags & 1 > 0, 'seniority', f.flags & 2 > 0, 'below_salary', f.flags & 4 > 0, 'misses_stack', f.flags & 8 > 0,
    'freshness_step', f.flags >> 4)
  FROM (SELECT get_byte(components, (n - 1)::int * 24 + 21)) AS f(flags)
$function$;

CREATE OR REPLACE FUNCTION recommendation_id(user_id bigint, job_id bigint)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE
 SET search_path FROM CURRENT
AS $function$
  SELECT encode(set_byte(set_byte(h.hash, 6, (get_byte(h.hash, 6) & 15) | 128), 8, (get_byte(h.hash, 8) & 63) | 128), 'hex')::uuid
  FROM (SELECT substring(sha256(convert_to('commonwork recommendation ' || user_id || ':' || job_id, 'UTF8')) FOR 16)) AS h(hash)
$function$;

CREATE OR REPLACE FUNCTION recommendation_reason(components bytea, n bigint)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path FROM CURRENT
AS $function$
  SELECT concat_ws('; ',
    'Matches your skills: ' || nullif(array_to_string(component_skills(components, n), ', '), ''),
    CASE WHEN component_share(components, n, 14) >= 0.5 THEN 'Fits the title you look for' END,
    CASE WHEN f.flags & 1 > 0 THEN 'Remote' END,
    CASE WHEN f.flags & 2 > 0 THEN 'Fits your level' END,
    CASE WHEN f.flags >> 4 = 0 THEN 'Posted in the last 48 hours' END)
  FROM (SELECT get_byte(components, (n - 1)::int * 24 + 21)) AS f(flags)
$function$;

CREATE OR REPLACE FUNCTION record_engagement(events jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET search_path FROM CURRENT
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION recount_engagement()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET search_path FROM CURRENT
AS $function$
DECLARE touched bigint[];
BEGIN
  SELECT array_agg(t.post_id ORDER BY t.post_id) INTO touched
  FROM trending_scores t WHERE t.post_id IN (SELECT o.target_id FROM old_events o WHERE o.target_kind = 'post');
  IF touched IS NOT NULL THEN PERFORM recount_trends(touched); END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION recount_trends(of_posts bigint[])
 RETURNS void
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET search_path FROM CURRENT
AS $function$
BEGIN
  PERFORM FROM trending_scores t WHERE t.post_id = ANY (of_posts) ORDER BY t.post_id FOR NO KEY UPDATE;
  UPDATE trending_scores t
  SET landmark = n.landmark, grown = n.grown, likes = n.likes, comments = n.comments, shares = n.shares, actors = n.actors,
      lhot = CASE WHEN n.actors >= 5 AND n.grown > 0 THEN ln(n.grown) / ln(2::float8) + extract(epoch FROM n.landmark)::float8 / 43200 END,
      expires_at = n.landmark + interval '48 hours', changed_at = clock_timestamp(),
      popularity = CASE WHEN n.actors >= 5 THEN t.popularity END, velocity = CASE WHEN n.actors >= 5 THEN t.velocity END,
      peak_time = CASE WHEN n.actors >= 5 THEN t.peak_time END
  FROM (
    SELECT p.id, p.created_at AS landmark, coalesce(sum(c.grown), 0) AS grown, count(*) FILTER (WHERE c.kind = 'like')::int AS likes,
           count(*) FILTER (WHERE c.kind = 'comment')::int AS comments, count(*) FILTER (WHERE c.kind = 'share')::int AS shares,
           count(DISTINCT c.user_id)::int AS actors
    FROM posts p LEFT JOIN counted_engagement(of_posts) c ON c.post_id = p.id
    WHERE p.id = ANY (of_posts) GROUP BY p.id) n
  WHERE t.post_id = n.id;
END $function$;

CREATE OR REPLACE FUNCTION refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  RAISE EXCEPTION '% is append-only: correct it with a reversing transaction', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
END $function$;

CREATE OR REPLACE FUNCTION refuse_unbalanced()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
DECLARE total numeric;
BEGIN
  SELECT coalesce(sum(amount_micro), 0) INTO total FROM ledger_entries WHERE transaction_id = NEW.transaction_id;
  IF total <> 0 THEN
    RAISE EXCEPTION 'ledger transaction % does not sum to zero', NEW.transaction_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transaction_balanced', TABLE = 'ledger_entries';
  END IF;
  DELETE FROM ledger_unbalanced WHERE transaction_id = NEW.transaction_id;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION settle_counting()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  PERFORM settle_unread_counts(array_agg(r.user_id), array_agg(r.thread_id))
  FROM (
    SELECT b.thread_id, b.user_id FROM (
      SELECT thread_id, user_id, last_read_at AS new_time, NULL::timestamptz AS old_time FROM written
      UNION ALL
      SELECT thread_id, user_id, NULL, coalesce(last_read_at, '-infinity') FROM gone) b
    GROUP BY 1, 2 HAVING max(b.new_time) > max(b.old_time)) r;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION settle_unread_counts(users bigint[], threads bigint[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  -- A statement of its own, so that the next one sees what was counted while this one waited.
  PERFORM n.id FROM unnest(users, threads) AS r(user_id, thread_id)
  JOIN notifications n ON n.user_id = r.user_id AND n.thread_id = r.thread_id AND n.counting AND n.read_at IS NULL
  ORDER BY n.user_id, n.thread_id FOR UPDATE OF n;
  UPDATE notifications n SET
    updated_at = now(),
    read_at = CASE WHEN u.unread = 0 THEN now() END,
    count = greatest(u.unread, 1),
    title = coalesce(count_title(n.count_titles, greatest(u.unread, 1)),
      regexp_replace(n.title, '^\d+ new messages?', greatest(u.unread, 1) || ' new message' || CASE WHEN u.unread > 1 THEN 's' ELSE '' END))
  FROM (
    SELECT c.id, (SELECT count(*)::int FROM messages m
                  JOIN domain_events e ON e.event_type = 'chat_message_sent' AND left(e.payload->>'message_id', 20) = m.id::text
                  JOIN deliveries d ON d.event_id = e.id AND d.user_id = c.user_id AND d.channel = 'in_app' AND d.notification_id = c.id
                  WHERE m.thread_id = p.thread_id AND m.created_at > p.last_read_at) AS unread
    FROM unnest(users, threads) AS r(user_id, thread_id)
    JOIN chat_thread_participants p ON p.thread_id = r.thread_id AND p.user_id = r.user_id AND p.last_read_at IS NOT NULL
    JOIN notifications c ON c.user_id = r.user_id AND c.thread_id = r.thread_id AND c.counting AND c.read_at IS NULL) u
  WHERE n.id = u.id AND u.unread < n.count;
END $function$;

CREATE OR REPLACE FUNCTION touch_row()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path FROM CURRENT
AS $function$
BEGIN
  IF current_setting(current_schema() || '.host_times', true) IS DISTINCT FROM 'on' THEN
    NEW.updated_at := now();
  END IF;
  RETURN NEW;
END $function$;

CREATE TABLE alert_counts (
  minute  timestamp with time zone NOT NULL,
  rule    text NOT NULL,
  label   text NOT NULL,
  counted bigint NOT NULL,
  total   bigint NOT NULL,
  CONSTRAINT alert_counts_minute_rule_label_pk PRIMARY KEY (minute, rule, label)
);

CREATE TABLE audit_log (
  id      bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  at      timestamp with time zone NOT NULL DEFAULT now(),
  actor   text NOT NULL,
  action  text NOT NULL,
  subject text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}'::jsonb,
  CONSTRAINT audit_log_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_log_action ON audit_log (action, id);
CREATE INDEX audit_log_actor ON audit_log (actor, id);
CREATE INDEX audit_log_failed_logins ON audit_log (id) WHERE action = 'admin.login-failed'::text;
CREATE INDEX audit_log_prunable ON audit_log (id) WHERE split_part(action, '.'::text, 1) <> ALL (ARRAY['sale'::text, 'commission'::text, 'referral'::text, 'ledger'::text]);
CREATE INDEX audit_log_subject ON audit_log (subject, id);

CREATE TABLE budget_awards (
  period_id               bigint NOT NULL,
  profile_id              bigint NOT NULL,
  rank                    integer,
  amount_micro            bigint NOT NULL,
  reason                  text,
  score_hundredths        bigint NOT NULL,
  approved                integer NOT NULL,
  last_approval_at        timestamp with time zone NOT NULL,
  xp_times_level          bigint NOT NULL,
  multiplier_hundredths   integer NOT NULL,
  active_direct_referrals integer NOT NULL,
  rejected                integer NOT NULL,
  overdue                 integer NOT NULL,
  CONSTRAINT budget_awards_period_id_profile_id_pk PRIMARY KEY (period_id, profile_id),
  CONSTRAINT budget_awards_paid_or_why CHECK ((amount_micro > 0) = (reason IS NULL) AND amount_micro >= 0),
  CONSTRAINT budget_awards_ranked CHECK (amount_micro = 0 OR rank IS NOT NULL)
);
CREATE TRIGGER budget_awards_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON budget_awards FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE candidate_batches (
  id            uuid NOT NULL DEFAULT gen_random_uuid(),
  run_id        bigint,
  slot          timestamp with time zone NOT NULL,
  places        integer NOT NULL,
  minimum_score double precision NOT NULL,
  report        jsonb NOT NULL,
  created_at    timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT candidate_batches_pkey PRIMARY KEY (id)
);
CREATE INDEX candidate_batches_run ON candidate_batches (run_id);

CREATE TABLE change_feeds (
  feed      text NOT NULL,
  opened_at timestamp with time zone NOT NULL DEFAULT now(),
  read_at   timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT change_feeds_pkey PRIMARY KEY (feed)
);

CREATE TABLE commissions (
  sale_id        bigint NOT NULL,
  level          smallint NOT NULL,
  beneficiary_id bigint NOT NULL,
  rate_bps       integer NOT NULL,
  amount_micro   bigint NOT NULL,
  status         text NOT NULL,
  created_at     timestamp with time zone NOT NULL DEFAULT now(),
  reversed_micro bigint NOT NULL DEFAULT 0,
  CONSTRAINT commissions_sale_id_level_pk PRIMARY KEY (sale_id, level),
  CONSTRAINT commissions_amount CHECK (amount_micro > 0),
  CONSTRAINT commissions_level CHECK (level >= 1 AND level <= 5),
  CONSTRAINT commissions_reversed CHECK (reversed_micro >= 0 AND reversed_micro <= amount_micro)
);
CREATE INDEX commissions_beneficiary ON commissions (beneficiary_id, sale_id);
CREATE TRIGGER commissions_checked AFTER INSERT ON commissions REFERENCING NEW TABLE AS written_commissions FOR EACH STATEMENT EXECUTE FUNCTION check_written_commissions();

CREATE TABLE deliveries (
  id              bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  event_id        bigint NOT NULL,
  event_type      text NOT NULL,
  user_id         bigint NOT NULL,
  channel         text NOT NULL,
  notification_id bigint,
  decision        text NOT NULL,
  cadence         text,
  reason          text,
  not_before      timestamp with time zone,
  variant         text,
  status          text NOT NULL,
  digest_id       bigint,
  attempts        integer NOT NULL DEFAULT 0,
  error           text,
  created_at      timestamp with time zone NOT NULL DEFAULT now(),
  decided_at      timestamp with time zone NOT NULL DEFAULT now(),
  sent_at         timestamp with time zone,
  CONSTRAINT deliveries_pkey PRIMARY KEY (id),
  CONSTRAINT deliveries_cadence CHECK (decision <> 'digested'::text OR cadence IS NOT NULL),
  CONSTRAINT deliveries_deferred_until CHECK (decision <> 'deferred'::text OR not_before IS NOT NULL),
  CONSTRAINT deliveries_skipped_why CHECK (decision <> 'skipped'::text OR reason IS NOT NULL AND status = 'none'::text)
);
CREATE INDEX deliveries_alone ON deliveries (not_before, id) WHERE channel = 'email'::text AND status = 'pending'::text AND (decision = ANY (ARRAY['now'::text, 'deferred'::text]));
CREATE INDEX deliveries_digest ON deliveries (digest_id) WHERE digest_id IS NOT NULL;
CREATE INDEX deliveries_digested ON deliveries (user_id, cadence, id) WHERE decision = 'digested'::text AND digest_id IS NULL AND status = 'pending'::text;
CREATE INDEX deliveries_let_through ON deliveries (user_id, decided_at) WHERE channel = 'email'::text AND (decision = ANY (ARRAY['now'::text, 'deferred'::text]));
CREATE UNIQUE INDEX deliveries_once ON deliveries (event_id, user_id, channel);
CREATE INDEX deliveries_user ON deliveries (user_id, id);

CREATE TABLE dirty (
  id     bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  mirror text NOT NULL,
  source text,
  keys   jsonb,
  at     timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT dirty_pkey PRIMARY KEY (id)
) WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=2000, vacuum_truncate=off);

CREATE TABLE domain_events (
  id          bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  event_type  text NOT NULL,
  actor_id    bigint,
  project_id  bigint,
  resource_id bigint,
  thread_id   bigint,
  meeting_id  bigint,
  payload     jsonb NOT NULL DEFAULT '{}'::jsonb,
  occurred_at timestamp with time zone NOT NULL DEFAULT now(),
  created_at  timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT domain_events_pkey PRIMARY KEY (id)
);
CREATE INDEX domain_events_message ON domain_events ("left"(payload ->> 'message_id'::text, 20)) WHERE event_type = 'chat_message_sent'::text;
CREATE TRIGGER domain_events_append_only BEFORE UPDATE ON domain_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER domain_events_ask_for_fan_out AFTER INSERT ON domain_events REFERENCING NEW TABLE AS written_events FOR EACH STATEMENT EXECUTE FUNCTION ask_for_fan_out();

CREATE TABLE email_batches (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  trace      text,
  CONSTRAINT email_batches_pkey PRIMARY KEY (id)
);

CREATE TABLE email_digests (
  id           bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  user_id      bigint NOT NULL,
  kind         text NOT NULL,
  window_start timestamp with time zone NOT NULL,
  created_at   timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT email_digests_pkey PRIMARY KEY (id),
  CONSTRAINT email_digests_kind CHECK (kind = ANY (ARRAY['hourly'::text, 'daily'::text, 'weekly'::text]))
);
CREATE UNIQUE INDEX email_digests_once ON email_digests (user_id, kind, window_start);

CREATE TABLE email_events (
  id          bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  message_id  text NOT NULL,
  provider_id text NOT NULL,
  kind        text NOT NULL,
  occurred_at timestamp with time zone NOT NULL,
  created_at  timestamp with time zone NOT NULL,
  CONSTRAINT email_events_pkey PRIMARY KEY (id),
  CONSTRAINT email_events_kind CHECK (kind = ANY (ARRAY['delivered'::text, 'hard_bounce'::text, 'soft_bounce'::text, 'complained'::text, 'suppressed'::text, 'failed'::text]))
);
CREATE UNIQUE INDEX email_events_once ON email_events (message_id);
CREATE INDEX email_events_provider ON email_events (provider_id);

CREATE TABLE email_suppressions (
  address_hash bytea NOT NULL,
  reason       text NOT NULL,
  created_at   timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT email_suppressions_pkey PRIMARY KEY (address_hash),
  CONSTRAINT email_suppressions_reason CHECK (reason = ANY (ARRAY['hard_bounce'::text, 'soft_bounces'::text, 'complaint'::text]))
);
CREATE INDEX email_suppressions_created ON email_suppressions (created_at);

CREATE TABLE emails (
  id           bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  batch_id     bigint NOT NULL,
  user_id      bigint NOT NULL,
  delivery_id  bigint,
  digest_id    bigint,
  status       text NOT NULL DEFAULT 'pending'::text,
  reason       text,
  address_hash bytea,
  provider_id  text,
  experiment   text,
  variant      text,
  round        integer NOT NULL DEFAULT 1,
  created_at   timestamp with time zone NOT NULL DEFAULT now(),
  sent_at      timestamp with time zone,
  composed_at  timestamp with time zone,
  CONSTRAINT emails_pkey PRIMARY KEY (id),
  CONSTRAINT emails_one_content CHECK (num_nonnulls(delivery_id, digest_id) = 1),
  CONSTRAINT emails_status CHECK (status = ANY (ARRAY['pending'::text, 'sent'::text, 'delivered'::text, 'bounced'::text, 'complained'::text, 'failed'::text, 'needs_review'::text, 'none'::text]))
);
CREATE INDEX emails_address ON emails (address_hash) WHERE status = 'bounced'::text;
CREATE INDEX emails_batch ON emails (batch_id);
CREATE UNIQUE INDEX emails_delivery ON emails (delivery_id);
CREATE UNIQUE INDEX emails_digest ON emails (digest_id);
CREATE INDEX emails_experiment ON emails (experiment, id) WHERE experiment IS NOT NULL;
CREATE INDEX emails_provider ON emails (provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX emails_troubled ON emails (status, id) WHERE status = ANY (ARRAY['failed'::text, 'needs_review'::text]);

CREATE TABLE ended_sessions (
  id         text NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  CONSTRAINT ended_sessions_pkey PRIMARY KEY (id)
);

CREATE TABLE erased_users (
  hash bytea NOT NULL,
  CONSTRAINT erased_users_pkey PRIMARY KEY (hash)
);

CREATE TABLE event_outcomes (
  event_id   bigint NOT NULL,
  outcome    text NOT NULL,
  reason     text,
  decided_at timestamp with time zone NOT NULL,
  CONSTRAINT event_outcomes_pkey PRIMARY KEY (event_id)
);
CREATE INDEX event_outcomes_undecided ON event_outcomes (outcome, event_id) WHERE outcome <> 'decided'::text;

CREATE TABLE event_receipts (
  external_id text NOT NULL,
  event_id    bigint NOT NULL,
  inbox_id    bigint,
  hash        bytea NOT NULL,
  CONSTRAINT event_receipts_pkey PRIMARY KEY (external_id)
);
CREATE INDEX event_receipts_event ON event_receipts (event_id);

CREATE TABLE event_sweep (
  one         boolean NOT NULL DEFAULT true,
  through     bigint NOT NULL DEFAULT 0,
  horizon     bigint NOT NULL DEFAULT 0,
  horizon_xid text,
  seen        bigint NOT NULL DEFAULT 0,
  CONSTRAINT event_sweep_pkey PRIMARY KEY (one),
  CONSTRAINT event_sweep_one_row CHECK (one)
);

CREATE TABLE experiment_exposures (
  experiment text NOT NULL,
  user_id    bigint NOT NULL,
  variant    text NOT NULL,
  email_id   bigint NOT NULL,
  exposed_at timestamp with time zone NOT NULL,
  CONSTRAINT experiment_exposures_experiment_user_id_pk PRIMARY KEY (experiment, user_id)
);
CREATE INDEX experiment_exposures_variant ON experiment_exposures (experiment, variant);

CREATE TABLE inbox (
  id          bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  source      text NOT NULL,
  external_id text,
  outcome     text NOT NULL,
  first_id    bigint,
  raw         bytea,
  raw_hash    bytea NOT NULL,
  signature   text,
  secret_id   text,
  faults      jsonb,
  received_at timestamp with time zone NOT NULL,
  CONSTRAINT inbox_pkey PRIMARY KEY (id)
);
CREATE INDEX inbox_first ON inbox (first_id) WHERE first_id IS NOT NULL;
CREATE INDEX inbox_prunable ON inbox (id) WHERE outcome = 'duplicate'::text OR outcome = 'rejected'::text AND raw IS NULL OR (source <> ALL (ARRAY['scicent'::text, 'scicent_refund'::text]));
CREATE INDEX inbox_received ON inbox (source, received_at);
CREATE INDEX inbox_rejected ON inbox (raw_hash) WHERE outcome = 'rejected'::text AND raw IS NOT NULL;
CREATE UNIQUE INDEX inbox_source_external_id ON inbox (source, external_id);

CREATE TABLE interest_subjects (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id    text,
  key        text NOT NULL,
  label      text NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT interest_subjects_pkey PRIMARY KEY (id),
  CONSTRAINT interest_subjects_host_id_unique UNIQUE (host_id),
  CONSTRAINT interest_subjects_key_unique UNIQUE (key)
);
CREATE INDEX interest_subjects_known_id ON interest_subjects (COALESCE(host_id, id::text));
CREATE TRIGGER interest_subjects_note_changed AFTER UPDATE ON interest_subjects FOR EACH ROW WHEN (old.host_id IS DISTINCT FROM new.host_id) EXECUTE FUNCTION note_all('words');
CREATE TRIGGER interest_subjects_note_gone AFTER DELETE ON interest_subjects FOR EACH ROW EXECUTE FUNCTION note_all('words');
CREATE TRIGGER interest_subjects_touch BEFORE UPDATE ON interest_subjects FOR EACH ROW WHEN (NOT new.updated_at IS DISTINCT FROM old.updated_at) EXECUTE FUNCTION touch_row();

CREATE TABLE job_activity (
  since      timestamp with time zone NOT NULL,
  job        text NOT NULL,
  carriers   integer NOT NULL,
  settled    integer NOT NULL,
  failed     integer NOT NULL,
  ran_ms     bigint NOT NULL,
  longest_ms integer NOT NULL,
  CONSTRAINT job_activity_since_job_pk PRIMARY KEY (since, job)
);

CREATE TABLE job_pauses (
  job   text NOT NULL,
  until timestamp with time zone NOT NULL,
  CONSTRAINT job_pauses_pkey PRIMARY KEY (job)
);

CREATE TABLE job_runs (
  id          bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  job         text NOT NULL,
  trigger     text NOT NULL,
  schedule    text,
  slot        timestamp with time zone,
  input       jsonb NOT NULL,
  status      text NOT NULL DEFAULT 'queued'::text,
  created_at  timestamp with time zone NOT NULL DEFAULT now(),
  started_at  timestamp with time zone,
  finished_at timestamp with time zone,
  total       integer,
  pending     integer,
  counts      jsonb NOT NULL DEFAULT '{}'::jsonb,
  error       text,
  part_of     bigint,
  trace       text,
  CONSTRAINT job_runs_pkey PRIMARY KEY (id),
  CONSTRAINT job_runs_part_of_job_runs_id_fk FOREIGN KEY (part_of) REFERENCES job_runs(id) ON DELETE SET NULL
);
CREATE INDEX job_runs_job ON job_runs (job, id);
CREATE INDEX job_runs_part_of ON job_runs (part_of) WHERE part_of IS NOT NULL;
CREATE UNIQUE INDEX job_runs_slot ON job_runs (schedule, slot) WHERE schedule IS NOT NULL;
CREATE INDEX job_runs_status ON job_runs (status, id);
CREATE INDEX job_runs_unfinished ON job_runs (schedule) WHERE finished_at IS NULL;

CREATE TABLE jobs (
  id              bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id         text,
  public_id       uuid NOT NULL DEFAULT gen_random_uuid(),
  title           text NOT NULL,
  company         text NOT NULL,
  location        text,
  description     text NOT NULL DEFAULT ''::text,
  job_link        text,
  source          text NOT NULL DEFAULT 'host'::text,
  source_id       text,
  posted_date     timestamp with time zone,
  scraped_at      timestamp with time zone NOT NULL DEFAULT now(),
  updated_at      timestamp with time zone NOT NULL DEFAULT now(),
  valid_through   timestamp with time zone,
  salary_min      double precision,
  salary_max      double precision,
  salary_currency text,
  salary_period   text,
  salary_raw      text,
  job_type        text,
  remote_type     text,
  status          text NOT NULL DEFAULT 'open'::text,
  closed_at       timestamp with time zone,
  content_key     text,
  cluster         bigint,
  is_preferred    boolean NOT NULL DEFAULT true,
  CONSTRAINT jobs_pkey PRIMARY KEY (id),
  CONSTRAINT jobs_host_id_unique UNIQUE (host_id),
  CONSTRAINT "jobs_jobLink_unique" UNIQUE (job_link),
  CONSTRAINT "jobs_publicId_unique" UNIQUE (public_id),
  CONSTRAINT jobs_closed_when CHECK ((status = 'closed'::text) = (closed_at IS NOT NULL)),
  CONSTRAINT jobs_remote_type CHECK (remote_type = ANY (ARRAY['remote'::text, 'hybrid'::text, 'onsite'::text])),
  CONSTRAINT jobs_salary CHECK (salary_min >= 0::double precision AND salary_min <= '1000000000'::numeric::double precision AND salary_max >= 0::double precision AND salary_max <= '1000000000'::numeric::double precision),
  CONSTRAINT jobs_salary_period CHECK (salary_period = ANY (ARRAY['hour'::text, 'day'::text, 'week'::text, 'month'::text, 'year'::text])),
  CONSTRAINT jobs_status CHECK (status = ANY (ARRAY['open'::text, 'closed'::text])),
  CONSTRAINT jobs_title CHECK (title <> ''::text AND company <> ''::text),
  CONSTRAINT jobs_type CHECK (job_type = ANY (ARRAY['full-time'::text, 'part-time'::text, 'contract'::text, 'freelance'::text, 'temporary'::text, 'internship'::text, 'volunteer'::text]))
);
CREATE INDEX jobs_closed_fetched ON jobs (closed_at) WHERE status = 'closed'::text AND source <> 'host'::text;
CREATE INDEX jobs_cluster ON jobs (cluster) WHERE cluster IS NOT NULL;
CREATE INDEX jobs_content_key ON jobs (content_key, id);
CREATE INDEX jobs_open_scraped ON jobs (scraped_at, id) WHERE status = 'open'::text;
CREATE INDEX jobs_open_valid_through ON jobs (valid_through) WHERE status = 'open'::text;
CREATE INDEX jobs_recommended ON jobs (scraped_at, id, updated_at) WHERE status = 'open'::text AND is_preferred;
CREATE INDEX jobs_search ON jobs USING gin (posting_words(title, company, location)) WHERE status = 'open'::text;
CREATE UNIQUE INDEX jobs_source ON jobs (source, source_id);
CREATE TRIGGER jobs_note_deleted AFTER DELETE ON jobs REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('postings', 'id', '', '');
CREATE TRIGGER jobs_note_subject AFTER UPDATE ON jobs FOR EACH ROW WHEN (old.host_id IS DISTINCT FROM new.host_id OR old.public_id IS DISTINCT FROM new.public_id) EXECUTE FUNCTION note_subject('postings', 'id', '');

CREATE TABLE ledger_entries (
  transaction_id bigint NOT NULL,
  leg            smallint NOT NULL,
  account_id     bigint NOT NULL,
  amount_micro   bigint NOT NULL,
  CONSTRAINT ledger_entries_transaction_id_leg_pk PRIMARY KEY (transaction_id, leg),
  CONSTRAINT ledger_entries_amount CHECK (amount_micro <> 0)
);
CREATE INDEX ledger_entries_account ON ledger_entries (account_id, transaction_id);
CREATE TRIGGER ledger_entries_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_entries_checked AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS written_entries FOR EACH STATEMENT EXECUTE FUNCTION check_written_entries();

CREATE TABLE ledger_transactions (
  id          bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  kind        text NOT NULL,
  source      text NOT NULL,
  external_id text NOT NULL,
  body_hash   bytea,
  occurred_at timestamp with time zone NOT NULL,
  created_at  timestamp with time zone NOT NULL DEFAULT now(),
  reverses    bigint,
  CONSTRAINT ledger_transactions_pkey PRIMARY KEY (id),
  CONSTRAINT ledger_transactions_reverses_ledger_transactions_id_fk FOREIGN KEY (reverses) REFERENCES ledger_transactions(id)
);
CREATE UNIQUE INDEX ledger_transactions_once ON ledger_transactions (kind, source, external_id);
CREATE UNIQUE INDEX ledger_transactions_reverses ON ledger_transactions (reverses) WHERE reverses IS NOT NULL;
CREATE TRIGGER ledger_transactions_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger_transactions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE ledger_verifications (
  as_of  timestamp with time zone NOT NULL,
  scope  text NOT NULL,
  covers jsonb NOT NULL,
  drift  integer,
  CONSTRAINT ledger_verifications_pkey PRIMARY KEY (as_of)
);

CREATE TABLE list_versions (
  id            bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  area          text NOT NULL,
  algo_version  integer NOT NULL,
  as_of         timestamp with time zone NOT NULL,
  state         text NOT NULL DEFAULT 'building'::text,
  run_id        bigint,
  served_length integer,
  changes       integer NOT NULL DEFAULT 0,
  created_at    timestamp with time zone NOT NULL DEFAULT now(),
  served_at     timestamp with time zone,
  CONSTRAINT list_versions_pkey PRIMARY KEY (id),
  CONSTRAINT list_versions_algo CHECK (algo_version > 0),
  CONSTRAINT list_versions_state CHECK (state = ANY (ARRAY['building'::text, 'served'::text, 'retired'::text]))
);
CREATE INDEX list_versions_area ON list_versions (area, state);
CREATE UNIQUE INDEX list_versions_served ON list_versions (area) WHERE state = 'served'::text;
CREATE TRIGGER list_versions_note_compatibility AFTER UPDATE OF state ON list_versions FOR EACH ROW WHEN (new.area = 'compatibility'::text AND ('served'::text = old.state OR 'served'::text = new.state)) EXECUTE FUNCTION note_all('compatibility_lists');
CREATE TRIGGER list_versions_note_deleted_compatibility AFTER DELETE ON list_versions FOR EACH ROW WHEN (old.area = 'compatibility'::text AND old.state = 'served'::text) EXECUTE FUNCTION note_all('compatibility_lists');
CREATE TRIGGER list_versions_note_deleted_pairs AFTER DELETE ON list_versions FOR EACH ROW WHEN (old.area = 'pairs'::text AND old.state = 'served'::text) EXECUTE FUNCTION note_all('pair_lists');
CREATE TRIGGER list_versions_note_deleted_traits AFTER DELETE ON list_versions FOR EACH ROW WHEN (old.area = 'traits'::text AND old.state = 'served'::text) EXECUTE FUNCTION note_all('user_traits');
CREATE TRIGGER list_versions_note_pairs AFTER UPDATE OF state, served_length ON list_versions FOR EACH ROW WHEN (new.area = 'pairs'::text AND ('served'::text = old.state OR 'served'::text = new.state)) EXECUTE FUNCTION note_all('pair_lists');
CREATE TRIGGER list_versions_note_traits AFTER UPDATE OF state ON list_versions FOR EACH ROW WHEN (new.area = 'traits'::text AND ('served'::text = old.state OR 'served'::text = new.state)) EXECUTE FUNCTION note_all('user_traits');

CREATE TABLE match_marks (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  user_id    bigint,
  project_id bigint,
  run_id     bigint,
  CONSTRAINT match_marks_pkey PRIMARY KEY (id)
);
CREATE INDEX match_marks_project ON match_marks (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX match_marks_user ON match_marks (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE meeting_reminders (
  meeting_id     bigint NOT NULL,
  user_id        bigint NOT NULL,
  start_time     timestamp with time zone NOT NULL,
  offset_minutes integer NOT NULL,
  told           boolean NOT NULL,
  decided_at     timestamp with time zone NOT NULL,
  CONSTRAINT meeting_reminders_meeting_id_user_id_start_time_offset_minutes_ PRIMARY KEY (meeting_id, user_id, start_time, offset_minutes),
  CONSTRAINT meeting_reminders_offset CHECK (offset_minutes > 0)
);
CREATE INDEX meeting_reminders_start ON meeting_reminders (start_time);

CREATE TABLE mirror_faults (
  mirror          text NOT NULL,
  key             text NOT NULL,
  code            text NOT NULL,
  constraint_name text,
  at              timestamp with time zone NOT NULL DEFAULT now(),
  column_name     text,
  reason          text,
  CONSTRAINT mirror_faults_mirror_key_pk PRIMARY KEY (mirror, key)
);

CREATE TABLE mirror_waiting (
  mirror    text NOT NULL,
  key       text NOT NULL,
  needs     text NOT NULL,
  needs_key text NOT NULL,
  quiet     boolean NOT NULL DEFAULT false,
  CONSTRAINT mirror_waiting_mirror_key_pk PRIMARY KEY (mirror, key)
);
CREATE INDEX mirror_waiting_needs ON mirror_waiting (needs, needs_key);

CREATE TABLE mirrors (
  table_name       text NOT NULL,
  mapping          text NOT NULL,
  plan             jsonb NOT NULL,
  resync           text,
  resync_after     text,
  resync_since     timestamp with time zone,
  accepts_removals boolean NOT NULL DEFAULT false,
  stopped_at       timestamp with time zone,
  stopped_because  text,
  installed_at     timestamp with time zone NOT NULL DEFAULT now(),
  of_records       boolean NOT NULL DEFAULT false,
  resync_rows      bigint NOT NULL DEFAULT 0,
  CONSTRAINT mirrors_pkey PRIMARY KEY (table_name)
);

CREATE TABLE multiplier_history (
  profile_id               bigint NOT NULL,
  calculated_at            timestamp with time zone NOT NULL,
  previous_hundredths      integer NOT NULL,
  multiplier_hundredths    integer NOT NULL,
  level                    integer NOT NULL,
  approved_in_30_days      integer NOT NULL,
  active_direct_referrals  integer NOT NULL,
  days_since_last_activity integer,
  max_hundredths           integer NOT NULL,
  base_hundredths          integer NOT NULL,
  activity_hundredths      integer NOT NULL,
  referral_hundredths      integer NOT NULL,
  decay_millionths         integer NOT NULL,
  CONSTRAINT multiplier_history_profile_id_calculated_at_pk PRIMARY KEY (profile_id, calculated_at)
);
CREATE INDEX multiplier_history_calculated ON multiplier_history USING brin (calculated_at) WITH (autosummarize='true');

CREATE TABLE multiplier_marks (
  profile_id bigint NOT NULL,
  due_at     timestamp with time zone NOT NULL
);
CREATE INDEX multiplier_marks_profile ON multiplier_marks (profile_id);

CREATE TABLE notifications (
  id           bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  user_id      bigint NOT NULL,
  event_type   text NOT NULL,
  event_id     bigint NOT NULL,
  project_id   bigint,
  thread_id    bigint,
  title        text NOT NULL,
  body         text NOT NULL,
  link         text NOT NULL,
  count        integer NOT NULL DEFAULT 1,
  counting     boolean NOT NULL DEFAULT false,
  created_at   timestamp with time zone NOT NULL DEFAULT now(),
  updated_at   timestamp with time zone NOT NULL DEFAULT now(),
  read_at      timestamp with time zone,
  count_titles text[],
  CONSTRAINT notifications_pkey PRIMARY KEY (id),
  CONSTRAINT notifications_count CHECK (count > 0),
  CONSTRAINT notifications_counting_thread CHECK (NOT counting OR thread_id IS NOT NULL)
);
CREATE INDEX notifications_changed ON notifications (user_id, updated_at, id);
CREATE UNIQUE INDEX notifications_counting ON notifications (user_id, thread_id) WHERE counting AND read_at IS NULL;
CREATE UNIQUE INDEX notifications_once ON notifications (event_id, user_id);
CREATE INDEX notifications_unread ON notifications (user_id, updated_at, id) WHERE read_at IS NULL;

CREATE TABLE organizations (
  id                 bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id            text,
  name               text NOT NULL,
  time_zone          text,
  budgets_from       timestamp with time zone NOT NULL DEFAULT now(),
  daily_pool_micro   bigint,
  weekly_pool_micro  bigint,
  monthly_pool_micro bigint,
  CONSTRAINT organizations_pkey PRIMARY KEY (id),
  CONSTRAINT organizations_host_id_unique UNIQUE (host_id)
);

CREATE TABLE outside_requests (
  name     text NOT NULL,
  day      date NOT NULL,
  requests integer NOT NULL,
  CONSTRAINT outside_requests_name_day_pk PRIMARY KEY (name, day)
);
CREATE INDEX outside_requests_day ON outside_requests (day);

CREATE TABLE pending_records (
  mirror  text NOT NULL,
  key     text NOT NULL,
  columns jsonb NOT NULL,
  CONSTRAINT pending_records_mirror_key_pk PRIMARY KEY (mirror, key)
);

CREATE TABLE posting_listings (
  source        text NOT NULL,
  board         text NOT NULL DEFAULT ''::text,
  tried_at      timestamp with time zone,
  succeeded_at  timestamp with time zone,
  next_fetch_at timestamp with time zone,
  failures      integer NOT NULL DEFAULT 0,
  fault         text,
  etag          text,
  last_modified text,
  body_hash     text,
  listed        integer,
  shrunk_since  timestamp with time zone,
  found         integer NOT NULL DEFAULT 0,
  stored        integer NOT NULL DEFAULT 0,
  duplicates    integer NOT NULL DEFAULT 0,
  failed        integer NOT NULL DEFAULT 0,
  CONSTRAINT posting_listings_source_board_pk PRIMARY KEY (source, board)
);

CREATE TABLE posting_vectors (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  model      text NOT NULL,
  text_hash  bytea NOT NULL,
  vector     bytea NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT posting_vectors_pkey PRIMARY KEY (id),
  CONSTRAINT posting_vectors_size CHECK (length(vector) >= 4 AND length(vector) <= 32768 AND (length(vector) % 4) = 0)
);
CREATE INDEX posting_vectors_created ON posting_vectors (created_at);
CREATE UNIQUE INDEX posting_vectors_text ON posting_vectors (model, text_hash);

CREATE TABLE processes (
  id         text NOT NULL,
  machine    text NOT NULL,
  pid        integer NOT NULL,
  version    text NOT NULL,
  roles      text[] NOT NULL,
  queues     text[] NOT NULL,
  started_at timestamp with time zone NOT NULL,
  seen_at    timestamp with time zone NOT NULL,
  CONSTRAINT processes_pkey PRIMARY KEY (id)
);

CREATE TABLE project_match_lists (
  project_id  bigint NOT NULL,
  size        integer NOT NULL,
  floor_score double precision NOT NULL,
  capacity    integer NOT NULL DEFAULT 0,
  CONSTRAINT project_match_lists_pkey PRIMARY KEY (project_id)
);

CREATE TABLE queue_minutes (
  minute          timestamp with time zone NOT NULL,
  queue           text NOT NULL,
  settled         integer NOT NULL,
  retried         integer NOT NULL,
  died            integer NOT NULL,
  carriers        integer NOT NULL,
  waited_ms       bigint NOT NULL,
  longest_wait_ms integer NOT NULL,
  ran_ms          bigint NOT NULL,
  CONSTRAINT queue_minutes_minute_queue_pk PRIMARY KEY (minute, queue)
);

CREATE TABLE quiz_options (
  id           bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id      text,
  question_id  text NOT NULL,
  trait_values jsonb NOT NULL DEFAULT '{}'::jsonb,
  updated_at   timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT quiz_options_pkey PRIMARY KEY (id),
  CONSTRAINT quiz_options_host_id_unique UNIQUE (host_id)
);
CREATE TRIGGER quiz_options_touch BEFORE UPDATE ON quiz_options FOR EACH ROW WHEN (NOT new.updated_at IS DISTINCT FROM old.updated_at) EXECUTE FUNCTION touch_row();

CREATE TABLE record_versions (
  mirror  text NOT NULL,
  key     text NOT NULL,
  version bigint NOT NULL,
  hash    bytea,
  deleted boolean NOT NULL,
  CONSTRAINT record_versions_mirror_key_pk PRIMARY KEY (mirror, key)
);

CREATE TABLE result_changes (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
  source     text NOT NULL,
  keys       bigint[],
  former_ids text[],
  at         timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT result_changes_pkey PRIMARY KEY (id)
);
CREATE INDEX result_changes_order ON result_changes (xid, id);

CREATE TABLE resume_nudges (
  user_id    bigint NOT NULL,
  kind       text NOT NULL,
  subject_id bigint NOT NULL,
  anchor_at  timestamp with time zone NOT NULL,
  step       integer NOT NULL,
  nudged_at  timestamp with time zone NOT NULL,
  CONSTRAINT resume_nudges_subject_id_kind_user_id_anchor_at_step_pk PRIMARY KEY (subject_id, kind, user_id, anchor_at, step),
  CONSTRAINT resume_nudges_kind CHECK (kind = ANY (ARRAY['project'::text, 'borrower'::text])),
  CONSTRAINT resume_nudges_step CHECK (step >= 1 AND step <= 4)
);

CREATE TABLE robots_files (
  origin     text NOT NULL,
  rules      text,
  fetched_at timestamp with time zone NOT NULL,
  CONSTRAINT robots_files_pkey PRIMARY KEY (origin)
);

CREATE TABLE sale_listings (
  source     text NOT NULL,
  through    timestamp with time zone,
  started_at timestamp with time zone,
  page_from  timestamp with time zone,
  CONSTRAINT sale_listings_pkey PRIMARY KEY (source)
);

CREATE TABLE schedules (
  name      text NOT NULL,
  through   timestamp with time zone NOT NULL,
  paused_at timestamp with time zone,
  CONSTRAINT schedules_pkey PRIMARY KEY (name)
);

CREATE TABLE skill_names (
  key  integer NOT NULL,
  name text NOT NULL,
  CONSTRAINT skill_names_pkey PRIMARY KEY (key)
);

CREATE TABLE skill_rarities (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  vocabulary text NOT NULL,
  weights    bytea NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT skill_rarities_pkey PRIMARY KEY (id)
);

CREATE TABLE skills (
  id      bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id text,
  name    text NOT NULL,
  same_as bigint,
  CONSTRAINT skills_pkey PRIMARY KEY (id),
  CONSTRAINT skills_host_id_unique UNIQUE (host_id),
  CONSTRAINT skills_name_unique UNIQUE (name),
  CONSTRAINT skills_same_as_skills_id_fk FOREIGN KEY (same_as) REFERENCES skills(id) ON DELETE SET NULL
);
CREATE INDEX skills_same_as ON skills (same_as) WHERE same_as IS NOT NULL;
CREATE TRIGGER skills_mark_changed AFTER UPDATE ON skills FOR EACH ROW WHEN (old.same_as IS DISTINCT FROM new.same_as) EXECUTE FUNCTION mark_match_row();
CREATE TRIGGER skills_note_changed AFTER UPDATE ON skills FOR EACH ROW WHEN (old.host_id IS DISTINCT FROM new.host_id) EXECUTE FUNCTION note_all('words');
CREATE TRIGGER skills_note_gone AFTER DELETE ON skills FOR EACH ROW EXECUTE FUNCTION note_all('words');

CREATE TABLE task_templates (
  id             bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id        text,
  title          text NOT NULL DEFAULT ''::text,
  xp_reward      integer NOT NULL DEFAULT 20,
  level_required integer NOT NULL DEFAULT 1,
  frequency      text NOT NULL DEFAULT 'once'::text,
  status         text NOT NULL DEFAULT 'published'::text,
  CONSTRAINT task_templates_pkey PRIMARY KEY (id),
  CONSTRAINT task_templates_host_id_unique UNIQUE (host_id),
  CONSTRAINT task_templates_level CHECK (level_required >= 1),
  CONSTRAINT task_templates_xp CHECK (xp_reward >= 0)
);

CREATE TABLE traits (
  id   integer NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  name text NOT NULL,
  CONSTRAINT traits_pkey PRIMARY KEY (id),
  CONSTRAINT traits_name_unique UNIQUE (name)
);
CREATE TRIGGER traits_note_changed AFTER UPDATE ON traits FOR EACH ROW WHEN (old.name IS DISTINCT FROM new.name) EXECUTE FUNCTION note_all('words');
CREATE TRIGGER traits_note_gone AFTER DELETE ON traits FOR EACH ROW EXECUTE FUNCTION note_all('words');

CREATE TABLE unread_marks (
  id        bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  thread_id bigint,
  user_id   bigint,
  at        timestamp with time zone NOT NULL,
  CONSTRAINT unread_marks_pkey PRIMARY KEY (id)
);
CREATE INDEX unread_marks_due ON unread_marks (at, id);

CREATE TABLE unread_nudges (
  user_id          bigint NOT NULL,
  thread_id        bigint NOT NULL,
  oldest_unread_id bigint NOT NULL,
  step             integer NOT NULL,
  nudged_at        timestamp with time zone NOT NULL,
  CONSTRAINT unread_nudges_user_id_thread_id_oldest_unread_id_step_pk PRIMARY KEY (user_id, thread_id, oldest_unread_id, step),
  CONSTRAINT unread_nudges_step CHECK (step = ANY (ARRAY[1, 2]))
);

CREATE TABLE unread_watches (
  user_id   bigint NOT NULL,
  thread_id bigint NOT NULL,
  look_at   timestamp with time zone NOT NULL,
  CONSTRAINT unread_watches_user_id_thread_id_pk PRIMARY KEY (user_id, thread_id)
);
CREATE INDEX unread_watches_due ON unread_watches (look_at);

CREATE TABLE unsubscribe_tokens (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  token_hash bytea NOT NULL,
  user_id    bigint NOT NULL,
  event_type text NOT NULL,
  channel    text NOT NULL,
  email_id   bigint NOT NULL,
  created_at timestamp with time zone NOT NULL,
  used_at    timestamp with time zone,
  revoked_at timestamp with time zone,
  round      integer NOT NULL DEFAULT 1,
  CONSTRAINT unsubscribe_tokens_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX unsubscribe_tokens_email ON unsubscribe_tokens (email_id, round);
CREATE UNIQUE INDEX unsubscribe_tokens_hash ON unsubscribe_tokens (token_hash);
CREATE INDEX unsubscribe_tokens_user ON unsubscribe_tokens (user_id);

CREATE TABLE users (
  id             bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id        text,
  public_id      uuid NOT NULL DEFAULT gen_random_uuid(),
  name           text NOT NULL DEFAULT ''::text,
  email          text,
  time_zone      text,
  last_active_at timestamp with time zone,
  is_operator    boolean NOT NULL DEFAULT false,
  created_at     timestamp with time zone NOT NULL DEFAULT now(),
  erased_at      timestamp with time zone,
  deactivated_at timestamp with time zone,
  language       text,
  CONSTRAINT users_pkey PRIMARY KEY (id),
  CONSTRAINT users_host_id_unique UNIQUE (host_id),
  CONSTRAINT "users_publicId_unique" UNIQUE (public_id)
);
CREATE INDEX users_deactivated ON users (id) WHERE deactivated_at IS NOT NULL;
CREATE INDEX users_email ON users (lower(email));
CREATE INDEX users_known_id ON users (COALESCE(host_id, id::text));
CREATE TRIGGER users_mark_changed AFTER UPDATE ON users FOR EACH ROW WHEN (old.deactivated_at IS DISTINCT FROM new.deactivated_at) EXECUTE FUNCTION mark_match_row();
CREATE TRIGGER users_note_gone AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION note_subject('people', 'id', 'known');
CREATE TRIGGER users_note_subject AFTER UPDATE ON users FOR EACH ROW WHEN (old.host_id IS DISTINCT FROM new.host_id OR old.deactivated_at IS DISTINCT FROM new.deactivated_at OR old.erased_at IS DISTINCT FROM new.erased_at) EXECUTE FUNCTION note_subject('people', 'id', 'known');

CREATE TABLE volunteer_initiative_matches (
  project_id          bigint NOT NULL,
  volunteer_id        bigint NOT NULL,
  match_score         double precision NOT NULL,
  coverage            double precision NOT NULL,
  cosine              double precision NOT NULL,
  jaccard             double precision NOT NULL,
  location_score      double precision,
  matched_skill_ids   bigint[] NOT NULL,
  matched_skill_count smallint NOT NULL,
  calculated_at       timestamp with time zone NOT NULL,
  CONSTRAINT volunteer_initiative_matches_project_id_volunteer_id_pk PRIMARY KEY (project_id, volunteer_id)
) WITH (autovacuum_analyze_scale_factor=0.05, autovacuum_vacuum_scale_factor=0.05, fillfactor=90);
CREATE INDEX volunteer_initiative_matches_volunteer ON volunteer_initiative_matches (volunteer_id);
CREATE TRIGGER volunteer_initiative_matches_note_deleted AFTER DELETE ON volunteer_initiative_matches REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('volunteer_initiative_matches', 'project_id', '', '');
CREATE TRIGGER volunteer_initiative_matches_note_inserted AFTER INSERT ON volunteer_initiative_matches REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('volunteer_initiative_matches', 'project_id', '', '');
CREATE TRIGGER volunteer_initiative_matches_note_updated AFTER UPDATE ON volunteer_initiative_matches REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('volunteer_initiative_matches', 'project_id', '', '');

CREATE TABLE budget_periods (
  id              bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  organization_id bigint NOT NULL,
  period_type     text NOT NULL,
  period_start    date NOT NULL,
  start_at        timestamp with time zone NOT NULL,
  end_at          timestamp with time zone NOT NULL,
  time_zone       text NOT NULL,
  granted_micro   bigint NOT NULL,
  carried_micro   bigint NOT NULL,
  pool_micro      bigint NOT NULL,
  paid_micro      bigint NOT NULL,
  leftover_micro  bigint NOT NULL,
  leftover_to     text NOT NULL,
  eligible        integer NOT NULL,
  out_of_turn     boolean NOT NULL DEFAULT false,
  paid_at         timestamp with time zone NOT NULL,
  inputs          jsonb NOT NULL,
  CONSTRAINT budget_periods_pkey PRIMARY KEY (id),
  CONSTRAINT budget_periods_organization_id_organizations_id_fk FOREIGN KEY (organization_id) REFERENCES organizations(id),
  CONSTRAINT budget_periods_paid CHECK (paid_micro >= 0 AND carried_micro >= 0),
  CONSTRAINT budget_periods_pool CHECK ((granted_micro + carried_micro) = pool_micro),
  CONSTRAINT budget_periods_span CHECK (start_at <= end_at),
  CONSTRAINT budget_periods_sum CHECK ((paid_micro + leftover_micro) = pool_micro)
);
CREATE INDEX budget_periods_latest ON budget_periods (organization_id, period_type, id);
CREATE UNIQUE INDEX budget_periods_once ON budget_periods (organization_id, period_type, period_start);
CREATE TRIGGER budget_periods_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON budget_periods FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE calendar_connections (
  id                   bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  user_id              bigint NOT NULL,
  provider             text NOT NULL,
  calendar_id          text NOT NULL DEFAULT 'primary'::text,
  status               text NOT NULL DEFAULT 'active'::text,
  reason               text,
  refresh_token        text,
  access_token         text,
  access_expires_at    timestamp with time zone,
  grant_number         integer NOT NULL DEFAULT 1,
  sync_token           text,
  page_token           text,
  full_sync_started_at timestamp with time zone,
  full_synced_at       timestamp with time zone,
  synced_at            timestamp with time zone,
  created_at           timestamp with time zone NOT NULL DEFAULT now(),
  updated_at           timestamp with time zone NOT NULL DEFAULT now(),
  calendar_name        bytea,
  CONSTRAINT calendar_connections_pkey PRIMARY KEY (id),
  CONSTRAINT calendar_connections_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT calendar_connections_grant CHECK (status = 'disconnected'::text OR refresh_token IS NOT NULL),
  CONSTRAINT calendar_connections_provider CHECK (provider = 'google'::text),
  CONSTRAINT calendar_connections_status CHECK (status = ANY (ARRAY['active'::text, 'action_required'::text, 'disconnected'::text]))
);
CREATE INDEX calendar_connections_active ON calendar_connections (id) WHERE status = 'active'::text;
CREATE INDEX calendar_connections_synced ON calendar_connections (synced_at) WHERE status = 'active'::text;
CREATE UNIQUE INDEX calendar_connections_user ON calendar_connections (user_id, provider);

CREATE TABLE compatibility_lists (
  version     bigint NOT NULL,
  user_id     bigint NOT NULL,
  target_ids  bigint[] NOT NULL,
  scores      real[] NOT NULL,
  components  bytea NOT NULL,
  inputs_hash bytea NOT NULL,
  computed_at timestamp with time zone NOT NULL,
  CONSTRAINT compatibility_lists_version_user_id_pk PRIMARY KEY (version, user_id),
  CONSTRAINT compatibility_lists_version_list_versions_id_fk FOREIGN KEY (version) REFERENCES list_versions(id) ON DELETE CASCADE,
  CONSTRAINT compatibility_lists_sizes CHECK (cardinality(scores) = cardinality(target_ids) AND length(components) = (4 * cardinality(target_ids)))
);
CREATE TRIGGER compatibility_lists_note_deleted AFTER DELETE ON compatibility_lists REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('compatibility_lists', 'user_id', 'served', '');
CREATE TRIGGER compatibility_lists_note_inserted AFTER INSERT ON compatibility_lists REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('compatibility_lists', 'user_id', 'served', '');
CREATE TRIGGER compatibility_lists_note_updated AFTER UPDATE ON compatibility_lists REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('compatibility_lists', 'user_id', 'served', '');

CREATE TABLE cvs (
  id             bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id        text,
  user_id        bigint NOT NULL,
  parsed_content jsonb NOT NULL DEFAULT '{}'::jsonb,
  raw_text       text,
  parsing_status text NOT NULL DEFAULT 'completed'::text,
  is_active      boolean NOT NULL DEFAULT true,
  created_at     timestamp with time zone NOT NULL DEFAULT now(),
  updated_at     timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT cvs_pkey PRIMARY KEY (id),
  CONSTRAINT cvs_host_id_unique UNIQUE (host_id),
  CONSTRAINT cvs_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT cvs_status CHECK (parsing_status = ANY (ARRAY['pending'::text, 'processing'::text, 'completed'::text, 'failed'::text]))
);
CREATE UNIQUE INDEX cvs_active ON cvs (user_id) WHERE is_active;
CREATE INDEX cvs_user ON cvs (user_id);
CREATE TRIGGER cvs_touch BEFORE UPDATE ON cvs FOR EACH ROW EXECUTE FUNCTION touch_row();
ALTER TABLE cvs ENABLE ROW LEVEL SECURITY;

CREATE TABLE engagement_events (
  id            bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id       text,
  user_id       bigint NOT NULL,
  target_kind   text NOT NULL,
  target_id     bigint NOT NULL,
  kind          text NOT NULL,
  occurred_at   timestamp with time zone NOT NULL,
  taken_back_at timestamp with time zone,
  updated_at    timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT engagement_events_pkey PRIMARY KEY (id),
  CONSTRAINT engagement_events_host_id_unique UNIQUE (host_id),
  CONSTRAINT engagement_events_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT engagement_events_kind CHECK (kind = ANY (ARRAY['like'::text, 'comment'::text, 'share'::text, 'message'::text, 'profile_view'::text, 'hide'::text])),
  CONSTRAINT engagement_events_target CHECK (target_kind = ANY (ARRAY['post'::text, 'user'::text]))
);
CREATE INDEX engagement_events_hidden ON engagement_events (user_id, target_id) WHERE kind = 'hide'::text;
CREATE INDEX engagement_events_post ON engagement_events (target_id, user_id) WHERE target_kind = 'post'::text;
CREATE INDEX engagement_events_target_user ON engagement_events (target_id) WHERE target_kind = 'user'::text;
CREATE INDEX engagement_events_updated ON engagement_events USING brin (updated_at);
CREATE INDEX engagement_events_user ON engagement_events (user_id, occurred_at);
CREATE TRIGGER engagement_events_counted AFTER INSERT ON engagement_events REFERENCING NEW TABLE AS written_events FOR EACH STATEMENT EXECUTE FUNCTION count_engagement();
CREATE TRIGGER engagement_events_recounted AFTER UPDATE ON engagement_events REFERENCING OLD TABLE AS old_events FOR EACH STATEMENT EXECUTE FUNCTION recount_engagement();
CREATE TRIGGER engagement_events_touch BEFORE UPDATE ON engagement_events FOR EACH ROW EXECUTE FUNCTION touch_row();
CREATE TRIGGER engagement_events_uncounted AFTER DELETE ON engagement_events REFERENCING OLD TABLE AS old_events FOR EACH STATEMENT EXECUTE FUNCTION recount_engagement();

CREATE TABLE feed_presorted (
  id           bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  user_id      bigint NOT NULL,
  items        bytea NOT NULL,
  segment_size smallint NOT NULL,
  max_segments smallint NOT NULL,
  computed_at  timestamp with time zone NOT NULL,
  algo_version text NOT NULL,
  watermark    timestamp with time zone NOT NULL,
  expires_at   timestamp with time zone NOT NULL,
  replaced_at  timestamp with time zone,
  CONSTRAINT feed_presorted_pkey PRIMARY KEY (id),
  CONSTRAINT feed_presorted_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT feed_presorted_segments CHECK (segment_size >= 1 AND segment_size <= 100 AND max_segments >= 1 AND max_segments <= 20)
);
CREATE UNIQUE INDEX feed_presorted_current ON feed_presorted (user_id) WHERE replaced_at IS NULL;
CREATE INDEX feed_presorted_expires ON feed_presorted (expires_at) WHERE replaced_at IS NULL;
CREATE INDEX feed_presorted_replaced ON feed_presorted (replaced_at) WHERE replaced_at IS NOT NULL;
CREATE INDEX feed_presorted_user ON feed_presorted (user_id);

CREATE TABLE feed_seen (
  user_id bigint NOT NULL,
  kind    text NOT NULL,
  item_id bigint NOT NULL,
  seen_at timestamp with time zone NOT NULL,
  CONSTRAINT feed_seen_user_id_kind_item_id_pk PRIMARY KEY (user_id, kind, item_id),
  CONSTRAINT feed_seen_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT feed_seen_kind CHECK (kind = ANY (ARRAY['post'::text, 'suggestion'::text, 'question'::text]))
);
CREATE INDEX feed_seen_seen ON feed_seen (seen_at);
CREATE INDEX feed_seen_suggestion ON feed_seen (item_id) WHERE kind = 'suggestion'::text;

CREATE TABLE interest_subject_user_set (
  subject_id bigint NOT NULL,
  user_id    bigint NOT NULL,
  CONSTRAINT interest_subject_user_set_subject_id_user_id_pk PRIMARY KEY (subject_id, user_id),
  CONSTRAINT interest_subject_user_set_subject_id_interest_subjects_id_fk FOREIGN KEY (subject_id) REFERENCES interest_subjects(id) ON DELETE CASCADE,
  CONSTRAINT interest_subject_user_set_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX interest_subject_user_set_user ON interest_subject_user_set (user_id, subject_id);
CREATE TRIGGER interest_subject_user_set_note_deleted AFTER DELETE ON interest_subject_user_set REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('interest_subject_user_set', 'user_id', '', '');
CREATE TRIGGER interest_subject_user_set_note_inserted AFTER INSERT ON interest_subject_user_set REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('interest_subject_user_set', 'user_id', '', '');
CREATE TRIGGER interest_subject_user_set_note_updated AFTER UPDATE ON interest_subject_user_set REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('interest_subject_user_set', 'user_id', '', '');

CREATE TABLE interests (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id    text,
  subject_id bigint NOT NULL,
  key        text NOT NULL,
  label      text NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT interests_pkey PRIMARY KEY (id),
  CONSTRAINT interests_host_id_unique UNIQUE (host_id),
  CONSTRAINT interests_subject_id_interest_subjects_id_fk FOREIGN KEY (subject_id) REFERENCES interest_subjects(id) ON DELETE CASCADE
);
CREATE INDEX interests_known_id ON interests (COALESCE(host_id, id::text));
CREATE UNIQUE INDEX interests_subject_key ON interests (subject_id, key);
CREATE TRIGGER interests_note_changed AFTER UPDATE ON interests FOR EACH ROW WHEN (old.host_id IS DISTINCT FROM new.host_id OR old.label IS DISTINCT FROM new.label) EXECUTE FUNCTION note_all('words');
CREATE TRIGGER interests_note_gone AFTER DELETE ON interests FOR EACH ROW EXECUTE FUNCTION note_all('words');
CREATE TRIGGER interests_touch BEFORE UPDATE ON interests FOR EACH ROW WHEN (NOT new.updated_at IS DISTINCT FROM old.updated_at) EXECUTE FUNCTION touch_row();

CREATE TABLE job_applications (
  user_id        bigint NOT NULL,
  job_id         bigint NOT NULL,
  host_id        text,
  status         text NOT NULL,
  dismiss_reason text,
  dismissed_at   timestamp with time zone,
  saved_at       timestamp with time zone NOT NULL DEFAULT now(),
  expires_at     timestamp with time zone GENERATED ALWAYS AS ((((saved_at AT TIME ZONE 'UTC'::text) + '10 days'::interval) AT TIME ZONE 'UTC'::text)) STORED,
  updated_at     timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT job_applications_user_id_job_id_pk PRIMARY KEY (user_id, job_id),
  CONSTRAINT job_applications_host_id_unique UNIQUE (host_id),
  CONSTRAINT job_applications_job_id_jobs_id_fk FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE,
  CONSTRAINT job_applications_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT job_applications_reason CHECK (dismiss_reason = ANY (ARRAY['company'::text, 'title'::text, 'other'::text])),
  CONSTRAINT job_applications_status CHECK (status = ANY (ARRAY['saved'::text, 'applied'::text, 'dismissed'::text, 'hidden'::text, 'interviewing'::text, 'rejected'::text, 'offer'::text]))
);
CREATE INDEX job_applications_dismissed ON job_applications (dismissed_at) WHERE dismiss_reason IS NOT NULL;
CREATE INDEX job_applications_job ON job_applications (job_id);
CREATE INDEX job_applications_saved ON job_applications (expires_at) WHERE status = 'saved'::text;
CREATE TRIGGER job_applications_deleted AFTER DELETE ON job_applications FOR EACH ROW WHEN (old.status <> 'saved'::text) EXECUTE FUNCTION distrust_list();
CREATE TRIGGER job_applications_touch BEFORE UPDATE ON job_applications FOR EACH ROW EXECUTE FUNCTION touch_row();
ALTER TABLE job_applications ENABLE ROW LEVEL SECURITY;

CREATE TABLE ledger_unbalanced (
  transaction_id bigint NOT NULL,
  CONSTRAINT ledger_unbalanced_pkey PRIMARY KEY (transaction_id),
  CONSTRAINT ledger_unbalanced_transaction_id_ledger_transactions_id_fk FOREIGN KEY (transaction_id) REFERENCES ledger_transactions(id)
);
CREATE CONSTRAINT TRIGGER ledger_transaction_balanced AFTER INSERT ON ledger_unbalanced DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced();

CREATE TABLE media (
  id          bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id     text,
  owner_id    bigint NOT NULL,
  kind        text NOT NULL,
  status      text NOT NULL DEFAULT 'UPLOADED'::text,
  visibility  text NOT NULL DEFAULT 'PUBLIC'::text,
  storage_key text,
  created_at  timestamp with time zone NOT NULL DEFAULT now(),
  updated_at  timestamp with time zone NOT NULL DEFAULT now(),
  mime_type   text,
  size_bytes  bigint,
  width       integer,
  height      integer,
  duration_ms bigint,
  details     jsonb NOT NULL DEFAULT '{}'::jsonb,
  rejections  jsonb,
  fault       text,
  failures    smallint NOT NULL DEFAULT 0,
  checked_at  timestamp with time zone,
  CONSTRAINT media_pkey PRIMARY KEY (id),
  CONSTRAINT media_host_id_unique UNIQUE (host_id),
  CONSTRAINT media_owner_id_users_id_fk FOREIGN KEY (owner_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT media_kind CHECK (kind <> ''::text AND status <> ''::text),
  CONSTRAINT media_size CHECK (width > 0 AND height > 0 AND size_bytes >= 0 AND duration_ms >= 0)
);
CREATE INDEX media_known_id ON media (COALESCE(host_id, id::text));
CREATE INDEX media_owner ON media (owner_id);
CREATE INDEX media_ready ON media (checked_at) WHERE status = 'READY'::text AND checked_at IS NOT NULL;
CREATE INDEX media_refused ON media (checked_at DESC NULLS LAST) WHERE status = ANY (ARRAY['REJECTED'::text, 'FAILED_PROCESSING'::text]);
CREATE INDEX media_storage_key ON media USING hash (storage_key);
CREATE INDEX media_unchecked ON media (id) WHERE (kind = ANY (ARRAY['IMAGE'::text, 'VIDEO'::text, 'AUDIO'::text])) AND storage_key IS NOT NULL AND ((status = ANY (ARRAY['UPLOADED'::text, 'VALIDATING'::text])) OR status = 'FAILED_PROCESSING'::text AND failures <= 3);
CREATE TRIGGER media_forget_check BEFORE UPDATE OF storage_key ON media FOR EACH ROW WHEN (old.storage_key IS DISTINCT FROM new.storage_key AND old.checked_at IS NOT NULL) EXECUTE FUNCTION forget_media_check();
CREATE TRIGGER media_note_gone AFTER DELETE ON media FOR EACH ROW EXECUTE FUNCTION note_subject('media', 'id', 'known');
CREATE TRIGGER media_note_inserted AFTER INSERT ON media REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('media', 'id', '', '');
CREATE TRIGGER media_note_subject AFTER UPDATE ON media FOR EACH ROW WHEN (old.host_id IS DISTINCT FROM new.host_id) EXECUTE FUNCTION note_subject('media', 'id', 'known');
CREATE TRIGGER media_note_updated AFTER UPDATE ON media REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('media', 'id', '', '');
CREATE TRIGGER media_other_file AFTER UPDATE OF storage_key, size_bytes, mime_type ON media FOR EACH ROW WHEN (old.storage_key IS DISTINCT FROM new.storage_key OR old.size_bytes <> new.size_bytes OR old.mime_type <> new.mime_type) EXECUTE FUNCTION drop_media_preview();
CREATE TRIGGER media_touch BEFORE UPDATE ON media FOR EACH ROW EXECUTE FUNCTION touch_row();

CREATE TABLE multiplier_watermarks (
  organization_id bigint NOT NULL,
  through         timestamp with time zone NOT NULL,
  max_hundredths  integer NOT NULL,
  CONSTRAINT multiplier_watermarks_pkey PRIMARY KEY (organization_id),
  CONSTRAINT multiplier_watermarks_organization_id_organizations_id_fk FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE
);

CREATE TABLE notice_candidates (
  run_id     bigint NOT NULL,
  project_id bigint NOT NULL,
  pairs      bytea NOT NULL,
  CONSTRAINT notice_candidates_run_id_project_id_pk PRIMARY KEY (run_id, project_id),
  CONSTRAINT notice_candidates_run_id_job_runs_id_fk FOREIGN KEY (run_id) REFERENCES job_runs(id) ON DELETE CASCADE
);

CREATE TABLE notification_preferences (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id    text,
  user_id    bigint NOT NULL,
  scope_type text NOT NULL,
  scope_id   bigint,
  event_type text NOT NULL,
  channel    text NOT NULL,
  status     text NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT notification_preferences_pkey PRIMARY KEY (id),
  CONSTRAINT notification_preferences_host_id_unique UNIQUE (host_id),
  CONSTRAINT notification_preferences_once UNIQUE NULLS NOT DISTINCT (user_id, scope_type, scope_id, event_type, channel),
  CONSTRAINT notification_preferences_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT notification_preferences_channel CHECK (channel = ANY (ARRAY['*'::text, 'in_app'::text, 'email'::text])),
  CONSTRAINT notification_preferences_scope CHECK ((scope_type = 'global'::text) = (scope_id IS NULL)),
  CONSTRAINT notification_preferences_scope_type CHECK (scope_type = ANY (ARRAY['global'::text, 'project'::text, 'thread'::text])),
  CONSTRAINT notification_preferences_status CHECK (status = ANY (ARRAY['muted'::text, 'digest'::text, 'immediate'::text]))
);
CREATE TRIGGER notification_preferences_mark_changed AFTER UPDATE ON notification_preferences REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_preferences();
CREATE TRIGGER notification_preferences_mark_gone AFTER DELETE ON notification_preferences REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION mark_preferences();
CREATE TRIGGER notification_preferences_mark_new AFTER INSERT ON notification_preferences REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_preferences();

CREATE TABLE organization_members (
  organization_id bigint NOT NULL,
  user_id         bigint NOT NULL,
  host_id         text,
  role            text NOT NULL DEFAULT 'member'::text,
  created_at      timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT organization_members_organization_id_user_id_pk PRIMARY KEY (organization_id, user_id),
  CONSTRAINT organization_members_host_id_unique UNIQUE (host_id),
  CONSTRAINT organization_members_organization_id_organizations_id_fk FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  CONSTRAINT organization_members_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT organization_members_role CHECK (role = ANY (ARRAY['owner'::text, 'member'::text]))
);
CREATE INDEX organization_members_user ON organization_members (user_id);

CREATE TABLE outbox (
  id            bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  queue         text NOT NULL,
  job           text NOT NULL,
  key           text NOT NULL,
  payload       jsonb NOT NULL,
  asks          integer NOT NULL DEFAULT 1,
  attempts      smallint NOT NULL DEFAULT 0,
  error         text,
  run_at        timestamp with time zone NOT NULL DEFAULT now(),
  enqueued_at   timestamp with time zone,
  carrier       text,
  parent        bigint,
  slot          timestamp with time zone,
  request       jsonb,
  created_at    timestamp with time zone NOT NULL DEFAULT now(),
  dead_at       timestamp with time zone,
  postponed_at  timestamp with time zone,
  leased_by     text,
  leased_until  timestamp with time zone,
  trace         text,
  caused_by     bigint,
  caused_by_job text,
  CONSTRAINT outbox_pkey PRIMARY KEY (id),
  CONSTRAINT outbox_parent_job_runs_id_fk FOREIGN KEY (parent) REFERENCES job_runs(id) ON DELETE SET NULL
);
CREATE INDEX outbox_carried ON outbox (enqueued_at) WHERE enqueued_at IS NOT NULL;
CREATE INDEX outbox_carrier ON outbox (carrier) WHERE carrier IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (dead_at) WHERE dead_at IS NOT NULL;
CREATE INDEX outbox_due ON outbox (queue, run_at, id) WHERE enqueued_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_failing ON outbox (queue) WHERE attempts >= 5 AND dead_at IS NULL;
CREATE INDEX outbox_held ON outbox (job, id) WHERE run_at = 'infinity'::timestamp with time zone AND postponed_at IS NOT NULL;
CREATE UNIQUE INDEX outbox_job_key ON outbox (job, key);
CREATE INDEX outbox_parent ON outbox (parent) WHERE parent IS NOT NULL;
CREATE INDEX outbox_parked ON outbox (parent, id) WHERE run_at = 'infinity'::timestamp with time zone AND postponed_at IS NULL;
CREATE INDEX outbox_postponed ON outbox (postponed_at) WHERE postponed_at IS NOT NULL;
CREATE INDEX outbox_trace ON outbox (substr(trace, 4, 32)) WHERE trace IS NOT NULL;

CREATE TABLE pair_changes (
  user_id    bigint NOT NULL,
  changed_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT pair_changes_pkey PRIMARY KEY (user_id),
  CONSTRAINT pair_changes_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);

CREATE TABLE pair_entries (
  version    bigint NOT NULL,
  part       integer NOT NULL,
  change     integer NOT NULL,
  lists      integer[] NOT NULL,
  candidates integer[] NOT NULL,
  scores     real[] NOT NULL,
  components bytea NOT NULL,
  CONSTRAINT pair_entries_version_part_change_pk PRIMARY KEY (version, part, change),
  CONSTRAINT pair_entries_version_list_versions_id_fk FOREIGN KEY (version) REFERENCES list_versions(id) ON DELETE CASCADE,
  CONSTRAINT pair_entries_sizes CHECK ((cardinality(candidates) = cardinality(lists) OR part < 0) AND cardinality(scores) = cardinality(candidates) AND length(components) = (6 * cardinality(candidates)))
);
CREATE TRIGGER pair_entries_note_inserted AFTER INSERT ON pair_entries REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_pair_entries();

CREATE TABLE pair_lists (
  version       bigint NOT NULL,
  user_id       bigint NOT NULL,
  tier          text NOT NULL,
  positions     integer[] NOT NULL,
  scores        real[] NOT NULL,
  components    bytea NOT NULL,
  floor_score   double precision,
  floor_user_id bigint,
  scored_at     timestamp with time zone NOT NULL,
  changed       integer NOT NULL DEFAULT 0,
  CONSTRAINT pair_lists_version_user_id_tier_pk PRIMARY KEY (version, user_id, tier),
  CONSTRAINT pair_lists_version_list_versions_id_fk FOREIGN KEY (version) REFERENCES list_versions(id) ON DELETE CASCADE,
  CONSTRAINT pair_lists_sizes CHECK (cardinality(scores) = cardinality(positions) AND length(components) = (6 * cardinality(positions)) AND (floor_score IS NULL) = (floor_user_id IS NULL)),
  CONSTRAINT pair_lists_tier CHECK (tier = ANY (ARRAY['A'::text, 'B'::text]))
);
CREATE INDEX pair_lists_changed ON pair_lists (version, changed) WHERE changed > 0;
CREATE TRIGGER pair_lists_note_deleted AFTER DELETE ON pair_lists REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('pair_lists', 'user_id', 'served', '');
CREATE TRIGGER pair_lists_note_inserted AFTER INSERT ON pair_lists REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('pair_lists', 'user_id', 'served', '');
CREATE TRIGGER pair_lists_note_updated AFTER UPDATE ON pair_lists REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('pair_lists', 'user_id', 'served', '');

CREATE TABLE pair_people (
  version    bigint NOT NULL,
  "position" integer NOT NULL,
  user_id    bigint NOT NULL,
  facts      text,
  changed    integer NOT NULL DEFAULT 0,
  CONSTRAINT pair_people_version_position_pk PRIMARY KEY (version, "position"),
  CONSTRAINT pair_people_version_list_versions_id_fk FOREIGN KEY (version) REFERENCES list_versions(id) ON DELETE CASCADE
);
CREATE INDEX pair_people_changed ON pair_people (version, changed) WHERE changed > 0;
CREATE UNIQUE INDEX pair_people_user ON pair_people (user_id, version);

CREATE TABLE posting_buckets (
  bucket     bigint NOT NULL,
  posting_id bigint NOT NULL,
  CONSTRAINT posting_buckets_bucket_posting_id_pk PRIMARY KEY (bucket, posting_id),
  CONSTRAINT posting_buckets_posting_id_jobs_id_fk FOREIGN KEY (posting_id) REFERENCES jobs(id) ON DELETE CASCADE
);
CREATE INDEX posting_buckets_posting ON posting_buckets (posting_id);

CREATE TABLE posting_sightings (
  source       text NOT NULL,
  source_id    text NOT NULL,
  board        text NOT NULL DEFAULT ''::text,
  posting_id   bigint NOT NULL,
  seen_at      timestamp with time zone NOT NULL,
  content_hash text NOT NULL,
  missing      smallint NOT NULL DEFAULT 0,
  CONSTRAINT posting_sightings_source_source_id_pk PRIMARY KEY (source, source_id),
  CONSTRAINT posting_sightings_listing_fk FOREIGN KEY (source, board) REFERENCES posting_listings(source, board) ON DELETE CASCADE,
  CONSTRAINT posting_sightings_posting_id_jobs_id_fk FOREIGN KEY (posting_id) REFERENCES jobs(id) ON DELETE CASCADE
);
CREATE INDEX posting_sightings_listing ON posting_sightings (source, board);
CREATE INDEX posting_sightings_posting ON posting_sightings (posting_id);
CREATE INDEX posting_sightings_seen ON posting_sightings (seen_at);

CREATE TABLE posts (
  id           bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id      text,
  author_id    bigint NOT NULL,
  visibility   text NOT NULL DEFAULT 'public'::text,
  content_type text NOT NULL DEFAULT 'text'::text,
  body         text NOT NULL DEFAULT ''::text,
  created_at   timestamp with time zone NOT NULL DEFAULT now(),
  hidden_at    timestamp with time zone,
  deleted_at   timestamp with time zone,
  updated_at   timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT posts_pkey PRIMARY KEY (id),
  CONSTRAINT posts_host_id_unique UNIQUE (host_id),
  CONSTRAINT posts_author_id_users_id_fk FOREIGN KEY (author_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT posts_content_type CHECK (content_type = ANY (ARRAY['text'::text, 'photo'::text, 'video'::text, 'poll'::text])),
  CONSTRAINT posts_visibility CHECK (visibility = ANY (ARRAY['public'::text, 'private'::text]))
);
CREATE INDEX posts_author ON posts (author_id, created_at DESC NULLS LAST, id DESC NULLS LAST);
CREATE INDEX posts_created ON posts (created_at);
CREATE INDEX posts_known_id ON posts (COALESCE(host_id, id::text));
CREATE TRIGGER posts_note_gone AFTER DELETE ON posts FOR EACH ROW EXECUTE FUNCTION note_subject('posts', 'id', 'known');
CREATE TRIGGER posts_note_subject AFTER UPDATE ON posts FOR EACH ROW WHEN (old.host_id IS DISTINCT FROM new.host_id OR old.author_id IS DISTINCT FROM new.author_id OR old.visibility IS DISTINCT FROM new.visibility OR old.hidden_at IS DISTINCT FROM new.hidden_at OR old.deleted_at IS DISTINCT FROM new.deleted_at) EXECUTE FUNCTION note_subject('posts', 'id', 'known');
CREATE TRIGGER posts_touch BEFORE UPDATE ON posts FOR EACH ROW EXECUTE FUNCTION touch_row();

CREATE TABLE profile_access (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id    text,
  owner_id   bigint NOT NULL,
  viewer_id  bigint NOT NULL,
  status     text NOT NULL DEFAULT 'pending'::text,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT profile_access_pkey PRIMARY KEY (id),
  CONSTRAINT profile_access_host_id_unique UNIQUE (host_id),
  CONSTRAINT profile_access_owner_id_users_id_fk FOREIGN KEY (owner_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT profile_access_viewer_id_users_id_fk FOREIGN KEY (viewer_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT profile_access_status CHECK (status = ANY (ARRAY['pending'::text, 'granted'::text, 'denied'::text]))
);
CREATE INDEX profile_access_followers ON profile_access (owner_id, viewer_id) WHERE status = 'granted'::text;
CREATE INDEX profile_access_following ON profile_access (viewer_id, owner_id) WHERE status = 'granted'::text;
CREATE UNIQUE INDEX profile_access_owner_viewer ON profile_access (owner_id, viewer_id);
CREATE INDEX profile_access_viewer ON profile_access (viewer_id, owner_id);
CREATE TRIGGER profile_access_touch BEFORE UPDATE ON profile_access FOR EACH ROW WHEN (NOT new.updated_at IS DISTINCT FROM old.updated_at) EXECUTE FUNCTION touch_row();

CREATE TABLE profile_preferences (
  user_id     bigint NOT NULL,
  host_id     text,
  genders     text[] NOT NULL DEFAULT '{}'::text[],
  age_min     integer,
  age_max     integer,
  distance_km double precision,
  updated_at  timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT profile_preferences_pkey PRIMARY KEY (user_id),
  CONSTRAINT profile_preferences_host_id_unique UNIQUE (host_id),
  CONSTRAINT profile_preferences_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE TRIGGER profile_preferences_touch BEFORE UPDATE ON profile_preferences FOR EACH ROW WHEN (NOT new.updated_at IS DISTINCT FROM old.updated_at) EXECUTE FUNCTION touch_row();

CREATE TABLE profile_ratings (
  id          bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id     text,
  rater_id    bigint NOT NULL,
  rated_id    bigint NOT NULL,
  attractive  real NOT NULL,
  smart       real NOT NULL,
  funny       real NOT NULL,
  interesting real NOT NULL,
  updated_at  timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT profile_ratings_pkey PRIMARY KEY (id),
  CONSTRAINT profile_ratings_host_id_unique UNIQUE (host_id),
  CONSTRAINT profile_ratings_rated_id_users_id_fk FOREIGN KEY (rated_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT profile_ratings_rater_id_users_id_fk FOREIGN KEY (rater_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX profile_ratings_rated ON profile_ratings (rated_id);
CREATE UNIQUE INDEX profile_ratings_rater_rated ON profile_ratings (rater_id, rated_id);
CREATE TRIGGER profile_ratings_touch BEFORE UPDATE ON profile_ratings FOR EACH ROW WHEN (NOT new.updated_at IS DISTINCT FROM old.updated_at) EXECUTE FUNCTION touch_row();

CREATE TABLE profile_search_index (
  user_id     bigint NOT NULL,
  searchable  boolean NOT NULL DEFAULT false,
  names       text NOT NULL,
  place       text NOT NULL,
  doc         tsvector NOT NULL,
  standing    real NOT NULL,
  gender      text,
  intent      text,
  birth_date  date,
  latitude    double precision,
  longitude   double precision,
  interests   integer NOT NULL,
  subject_ids bigint[] NOT NULL DEFAULT '{}'::bigint[],
  trait_ids   integer[] NOT NULL DEFAULT '{}'::integer[],
  indexed_at  timestamp with time zone NOT NULL,
  CONSTRAINT profile_search_index_pkey PRIMARY KEY (user_id),
  CONSTRAINT profile_search_index_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX profile_search_index_doc ON profile_search_index USING gin (doc) WHERE searchable;
CREATE TRIGGER profile_search_index_note_deleted AFTER DELETE ON profile_search_index REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('profile_search_index', 'user_id', '', '');
CREATE TRIGGER profile_search_index_note_inserted AFTER INSERT ON profile_search_index REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('profile_search_index', 'user_id', '', '');
CREATE TRIGGER profile_search_index_note_updated AFTER UPDATE ON profile_search_index REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('profile_search_index', 'user_id', '', '');

CREATE TABLE profiles (
  user_id           bigint NOT NULL,
  host_id           text,
  bio               text NOT NULL DEFAULT ''::text,
  birth_date        date,
  gender            text,
  intent            text,
  location_text     text,
  latitude          double precision,
  longitude         double precision,
  grid_latitude     double precision,
  grid_longitude    double precision,
  grid_moves        timestamp with time zone[] NOT NULL DEFAULT '{}'::timestamp with time zone[],
  grid_waiting      boolean NOT NULL DEFAULT false,
  avatar_media_id   bigint,
  quiz_vector       double precision[],
  hidden_attributes text[] NOT NULL DEFAULT '{}'::text[],
  visible           boolean NOT NULL DEFAULT true,
  banned            boolean NOT NULL DEFAULT false,
  deleted_at        timestamp with time zone,
  created_at        timestamp with time zone NOT NULL DEFAULT now(),
  updated_at        timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT profiles_pkey PRIMARY KEY (user_id),
  CONSTRAINT profiles_host_id_unique UNIQUE (host_id),
  CONSTRAINT profiles_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX profiles_avatar ON profiles (avatar_media_id) WHERE avatar_media_id IS NOT NULL;
CREATE INDEX profiles_waiting ON profiles (user_id) WHERE grid_waiting;
CREATE TRIGGER profiles_note_deleted AFTER DELETE ON profiles REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('people', 'user_id', '', '');
CREATE TRIGGER profiles_note_inserted AFTER INSERT ON profiles REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('people', 'user_id', '', '');
CREATE TRIGGER profiles_note_subject AFTER UPDATE ON profiles FOR EACH ROW WHEN (old.visible IS DISTINCT FROM new.visible OR old.banned IS DISTINCT FROM new.banned OR old.deleted_at IS DISTINCT FROM new.deleted_at OR old.hidden_attributes IS DISTINCT FROM new.hidden_attributes) EXECUTE FUNCTION note_subject('people', 'user_id', '');
CREATE TRIGGER profiles_place_moved BEFORE UPDATE OF latitude, longitude, grid_waiting ON profiles FOR EACH ROW EXECUTE FUNCTION place_on_grid();
CREATE TRIGGER profiles_place_new BEFORE INSERT ON profiles FOR EACH ROW WHEN (new.latitude IS NOT NULL) EXECUTE FUNCTION place_on_grid();
CREATE TRIGGER profiles_touch BEFORE UPDATE OF bio, birth_date, gender, intent, location_text, latitude, longitude, avatar_media_id, quiz_vector, hidden_attributes, visible, banned, deleted_at ON profiles FOR EACH ROW WHEN (NOT new.updated_at IS DISTINCT FROM old.updated_at) EXECUTE FUNCTION touch_row();

CREATE TABLE projects (
  id              bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id         text,
  organization_id bigint NOT NULL,
  name            text NOT NULL,
  project_status  text NOT NULL DEFAULT 'draft'::text,
  team_lead       bigint,
  created_by      bigint NOT NULL,
  latitude        double precision,
  longitude       double precision,
  remote          boolean NOT NULL DEFAULT false,
  auto_notify     boolean NOT NULL DEFAULT true,
  created_at      timestamp with time zone NOT NULL DEFAULT now(),
  updated_at      timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT projects_pkey PRIMARY KEY (id),
  CONSTRAINT projects_host_id_unique UNIQUE (host_id),
  CONSTRAINT projects_created_by_users_id_fk FOREIGN KEY (created_by) REFERENCES users(id),
  CONSTRAINT projects_organization_id_organizations_id_fk FOREIGN KEY (organization_id) REFERENCES organizations(id),
  CONSTRAINT projects_team_lead_users_id_fk FOREIGN KEY (team_lead) REFERENCES users(id) ON DELETE SET NULL,
  CONSTRAINT projects_place CHECK ((latitude IS NULL) = (longitude IS NULL) AND latitude >= '-90'::integer::double precision AND latitude <= 90::double precision AND longitude >= '-180'::integer::double precision AND longitude <= 180::double precision),
  CONSTRAINT projects_status CHECK (project_status = ANY (ARRAY['draft'::text, 'recruiting'::text, 'active'::text, 'completed'::text, 'archived'::text]))
);
CREATE INDEX projects_known_id ON projects (COALESCE(host_id, id::text));
CREATE INDEX projects_open ON projects (id) WHERE project_status = ANY (ARRAY['recruiting'::text, 'active'::text]);
CREATE INDEX projects_organization ON projects (organization_id);
CREATE TRIGGER projects_mark_changed AFTER UPDATE ON projects FOR EACH ROW WHEN (old.project_status IS DISTINCT FROM new.project_status OR old.team_lead IS DISTINCT FROM new.team_lead OR old.created_by IS DISTINCT FROM new.created_by OR old.latitude IS DISTINCT FROM new.latitude OR old.longitude IS DISTINCT FROM new.longitude OR old.remote IS DISTINCT FROM new.remote) EXECUTE FUNCTION mark_match_row();
CREATE TRIGGER projects_note_gone AFTER DELETE ON projects FOR EACH ROW EXECUTE FUNCTION note_subject('projects', 'id', 'known');
CREATE TRIGGER projects_note_subject AFTER UPDATE ON projects FOR EACH ROW WHEN (old.host_id IS DISTINCT FROM new.host_id) EXECUTE FUNCTION note_subject('projects', 'id', 'known');

CREATE TABLE quiz_answers (
  id          bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id     text,
  user_id     bigint NOT NULL,
  quiz_id     text NOT NULL,
  question_id text NOT NULL,
  option_id   bigint NOT NULL,
  updated_at  timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT quiz_answers_pkey PRIMARY KEY (id),
  CONSTRAINT quiz_answers_host_id_unique UNIQUE (host_id),
  CONSTRAINT quiz_answers_option_id_quiz_options_id_fk FOREIGN KEY (option_id) REFERENCES quiz_options(id) ON DELETE CASCADE,
  CONSTRAINT quiz_answers_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX quiz_answers_option ON quiz_answers (option_id);
CREATE UNIQUE INDEX quiz_answers_user_option ON quiz_answers (user_id, quiz_id, question_id, option_id);
CREATE TRIGGER quiz_answers_touch BEFORE UPDATE ON quiz_answers FOR EACH ROW WHEN (NOT new.updated_at IS DISTINCT FROM old.updated_at) EXECUTE FUNCTION touch_row();

CREATE TABLE recommendation_lists (
  user_id      bigint NOT NULL,
  posting_ids  bigint[] NOT NULL,
  scores       double precision[] NOT NULL,
  created_at   integer[] NOT NULL,
  components   bytea NOT NULL,
  first_places smallint NOT NULL,
  floor_score  double precision NOT NULL,
  algo_version text NOT NULL,
  as_of        timestamp with time zone NOT NULL,
  floor_id     bigint NOT NULL DEFAULT 0,
  user_facts   bytea,
  CONSTRAINT recommendation_lists_pkey PRIMARY KEY (user_id),
  CONSTRAINT recommendation_lists_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT recommendation_lists_sizes CHECK (cardinality(scores) = cardinality(posting_ids) AND cardinality(created_at) = cardinality(posting_ids) AND length(components) = (24 * cardinality(posting_ids)) AND first_places >= 0 AND first_places <= cardinality(posting_ids))
) WITH (toast_tuple_target=4080);
CREATE INDEX recommendation_lists_as_of ON recommendation_lists (as_of);
CREATE TRIGGER recommendation_lists_note_deleted AFTER DELETE ON recommendation_lists REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('recommendation_lists', 'user_id', '', '');
CREATE TRIGGER recommendation_lists_note_inserted AFTER INSERT ON recommendation_lists REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('recommendation_lists', 'user_id', '', '');
CREATE TRIGGER recommendation_lists_note_updated AFTER UPDATE ON recommendation_lists REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('recommendation_lists', 'user_id', '', '');
ALTER TABLE recommendation_lists ENABLE ROW LEVEL SECURITY;

CREATE TABLE recommendation_requests (
  user_id      bigint NOT NULL,
  run_id       bigint NOT NULL,
  requested_at timestamp with time zone NOT NULL,
  CONSTRAINT recommendation_requests_pkey PRIMARY KEY (user_id),
  CONSTRAINT recommendation_requests_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX recommendation_requests_requested ON recommendation_requests (requested_at);

CREATE TABLE recommendation_views (
  user_id    bigint NOT NULL,
  job_id     bigint NOT NULL,
  days       smallint NOT NULL,
  last_day   date NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT recommendation_views_user_id_job_id_pk PRIMARY KEY (user_id, job_id),
  CONSTRAINT recommendation_views_job_id_jobs_id_fk FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE,
  CONSTRAINT recommendation_views_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX recommendation_views_job ON recommendation_views (job_id);
CREATE INDEX recommendation_views_last_day ON recommendation_views (last_day);
CREATE TRIGGER recommendation_views_deleted AFTER DELETE ON recommendation_views FOR EACH ROW WHEN (old.days >= 3) EXECUTE FUNCTION distrust_list();
CREATE TRIGGER recommendation_views_touch BEFORE UPDATE ON recommendation_views FOR EACH ROW EXECUTE FUNCTION touch_row();
ALTER TABLE recommendation_views ENABLE ROW LEVEL SECURITY;

CREATE TABLE searchable_users (
  user_id      bigint NOT NULL,
  searchable   boolean NOT NULL,
  completeness smallint NOT NULL,
  reasons      text[] NOT NULL DEFAULT '{}'::text[],
  changed_at   timestamp with time zone NOT NULL,
  CONSTRAINT searchable_users_pkey PRIMARY KEY (user_id),
  CONSTRAINT searchable_users_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT searchable_users_reasons CHECK (searchable = (cardinality(reasons) = 0))
);
CREATE TRIGGER searchable_users_note_deleted AFTER DELETE ON searchable_users REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('searchable_users', 'user_id', '', '');
CREATE TRIGGER searchable_users_note_inserted AFTER INSERT ON searchable_users REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('searchable_users', 'user_id', '', '');
CREATE TRIGGER searchable_users_note_updated AFTER UPDATE ON searchable_users REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('searchable_users', 'user_id', '', '');

CREATE TABLE stream_tickets (
  ticket_hash    bytea NOT NULL,
  user_id        bigint NOT NULL,
  expires_at     timestamp with time zone NOT NULL,
  stream_ends_at timestamp with time zone NOT NULL,
  CONSTRAINT stream_tickets_pkey PRIMARY KEY (ticket_hash),
  CONSTRAINT stream_tickets_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX stream_tickets_expires ON stream_tickets (expires_at);
CREATE INDEX stream_tickets_user ON stream_tickets (user_id);

CREATE TABLE top5_items (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id    text,
  user_id    bigint NOT NULL,
  list       text NOT NULL,
  "position" integer NOT NULL,
  text       text NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT top5_items_pkey PRIMARY KEY (id),
  CONSTRAINT top5_items_host_id_unique UNIQUE (host_id),
  CONSTRAINT top5_items_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX top5_items_user_list ON top5_items (user_id, list, "position");
CREATE TRIGGER top5_items_touch BEFORE UPDATE ON top5_items FOR EACH ROW WHEN (NOT new.updated_at IS DISTINCT FROM old.updated_at) EXECUTE FUNCTION touch_row();

CREATE TABLE unsubscriptions (
  user_id    bigint NOT NULL,
  event_type text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT unsubscriptions_user_id_event_type_pk PRIMARY KEY (user_id, event_type),
  CONSTRAINT unsubscriptions_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);

CREATE TABLE user_affinity_profiles (
  user_id             bigint NOT NULL,
  creator_ids         bigint[] NOT NULL,
  creator_shares      double precision[] NOT NULL,
  topics              text[] NOT NULL,
  topic_shares        double precision[] NOT NULL,
  content_types       jsonb NOT NULL,
  engagement_velocity double precision NOT NULL,
  exploration_factor  double precision NOT NULL,
  algo_version        text NOT NULL,
  computed_at         timestamp with time zone NOT NULL,
  CONSTRAINT user_affinity_profiles_pkey PRIMARY KEY (user_id),
  CONSTRAINT user_affinity_profiles_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT user_affinity_profiles_sizes CHECK (cardinality(creator_shares) = cardinality(creator_ids) AND cardinality(topic_shares) = cardinality(topics))
);
CREATE INDEX user_affinity_profiles_computed ON user_affinity_profiles (computed_at);
CREATE TRIGGER user_affinity_profiles_note_deleted AFTER DELETE ON user_affinity_profiles REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('user_affinity_profiles', 'user_id', '', '');
CREATE TRIGGER user_affinity_profiles_note_inserted AFTER INSERT ON user_affinity_profiles REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('user_affinity_profiles', 'user_id', '', '');
CREATE TRIGGER user_affinity_profiles_note_updated AFTER UPDATE ON user_affinity_profiles REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('user_affinity_profiles', 'user_id', '', '');

CREATE TABLE user_blocks (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id    text,
  blocker_id bigint NOT NULL,
  blocked_id bigint NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT user_blocks_pkey PRIMARY KEY (id),
  CONSTRAINT user_blocks_host_id_unique UNIQUE (host_id),
  CONSTRAINT user_blocks_blocked_id_users_id_fk FOREIGN KEY (blocked_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT user_blocks_blocker_id_users_id_fk FOREIGN KEY (blocker_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX user_blocks_blocked ON user_blocks (blocked_id, blocker_id);
CREATE UNIQUE INDEX user_blocks_blocker_blocked ON user_blocks (blocker_id, blocked_id);
CREATE TRIGGER user_blocks_note_deleted AFTER DELETE ON user_blocks REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('blocks', 'blocker_id, blocked_id', '', '');
CREATE TRIGGER user_blocks_note_inserted AFTER INSERT ON user_blocks REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('blocks', 'blocker_id, blocked_id', '', '');
CREATE TRIGGER user_blocks_note_updated AFTER UPDATE ON user_blocks REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('blocks', 'blocker_id, blocked_id', '', '');
CREATE TRIGGER user_blocks_touch BEFORE UPDATE ON user_blocks FOR EACH ROW WHEN (NOT new.updated_at IS DISTINCT FROM old.updated_at) EXECUTE FUNCTION touch_row();

CREATE TABLE user_matches (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id    text,
  user_id    bigint NOT NULL,
  other_id   bigint NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT user_matches_pkey PRIMARY KEY (id),
  CONSTRAINT user_matches_host_id_unique UNIQUE (host_id),
  CONSTRAINT user_matches_other_id_users_id_fk FOREIGN KEY (other_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT user_matches_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX user_matches_other ON user_matches (other_id, user_id);
CREATE UNIQUE INDEX user_matches_user_other ON user_matches (user_id, other_id);
CREATE TRIGGER user_matches_touch BEFORE UPDATE ON user_matches FOR EACH ROW WHEN (NOT new.updated_at IS DISTINCT FROM old.updated_at) EXECUTE FUNCTION touch_row();

CREATE TABLE user_notification_settings (
  user_id            bigint NOT NULL,
  host_id            text,
  frequency          text NOT NULL DEFAULT 'immediate'::text,
  quiet_from         integer,
  quiet_to           integer,
  reminder_offsets   integer[] NOT NULL DEFAULT '{30}'::integer[],
  unsubscribed_at    timestamp with time zone,
  updated_at         timestamp with time zone NOT NULL DEFAULT now(),
  unsubscribed_types text[] NOT NULL DEFAULT '{}'::text[],
  digest_hour        integer NOT NULL DEFAULT 8,
  digest_day         integer NOT NULL DEFAULT 1,
  digest_changed_at  timestamp with time zone,
  CONSTRAINT user_notification_settings_pkey PRIMARY KEY (user_id),
  CONSTRAINT user_notification_settings_host_id_unique UNIQUE (host_id),
  CONSTRAINT user_notification_settings_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT user_notification_settings_digest CHECK (digest_hour >= 0 AND digest_hour <= 23 AND digest_day >= 1 AND digest_day <= 7),
  CONSTRAINT user_notification_settings_frequency CHECK (frequency = ANY (ARRAY['immediate'::text, 'hourly'::text, 'daily'::text, 'weekly'::text, 'none'::text])),
  CONSTRAINT user_notification_settings_offsets CHECK (reminder_offsets <@ '{30,15,5}'::integer[]),
  CONSTRAINT user_notification_settings_quiet CHECK ((quiet_from IS NULL) = (quiet_to IS NULL) AND quiet_from >= 0 AND quiet_from <= 1439 AND quiet_to >= 0 AND quiet_to <= 1439)
);

CREATE TABLE user_profiles (
  user_id               bigint NOT NULL,
  host_id               text,
  primary_job_title     text,
  secondary_job_titles  text[] NOT NULL DEFAULT '{}'::text[],
  seniority_level       text,
  work_preference       text,
  technical_skills      jsonb NOT NULL DEFAULT '[]'::jsonb,
  tools                 text[] NOT NULL DEFAULT '{}'::text[],
  desired_industries    text[] NOT NULL DEFAULT '{}'::text[],
  salary_range_min      double precision,
  salary_range_max      double precision,
  salary_currency       text,
  contract_type         text[] NOT NULL DEFAULT '{}'::text[],
  preferred_keywords    text[] NOT NULL DEFAULT '{}'::text[],
  excluded_keywords     text[] NOT NULL DEFAULT '{}'::text[],
  blacklisted_companies text[] NOT NULL DEFAULT '{}'::text[],
  job_freshness_days    integer NOT NULL DEFAULT 30,
  embeddings_allowed    boolean NOT NULL DEFAULT true,
  updated_at            timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT user_profiles_pkey PRIMARY KEY (user_id),
  CONSTRAINT user_profiles_host_id_unique UNIQUE (host_id),
  CONSTRAINT user_profiles_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT user_profiles_freshness CHECK (job_freshness_days >= 1 AND job_freshness_days <= 365),
  CONSTRAINT user_profiles_preference CHECK (work_preference = ANY (ARRAY['remote'::text, 'remote_only'::text, 'hybrid'::text, 'onsite'::text, 'flexible'::text]))
);
CREATE INDEX user_profiles_updated ON user_profiles (updated_at);
CREATE TRIGGER user_profiles_deleted AFTER DELETE ON user_profiles FOR EACH ROW EXECUTE FUNCTION distrust_list();
CREATE TRIGGER user_profiles_touch BEFORE UPDATE ON user_profiles FOR EACH ROW EXECUTE FUNCTION touch_row();
ALTER TABLE user_profiles ENABLE ROW LEVEL SECURITY;

CREATE TABLE user_traits (
  user_id  bigint NOT NULL,
  trait_id integer NOT NULL,
  value    double precision NOT NULL,
  n        integer NOT NULL,
  version  bigint NOT NULL,
  CONSTRAINT user_traits_user_id_version_trait_id_pk PRIMARY KEY (user_id, version, trait_id),
  CONSTRAINT user_traits_trait_id_traits_id_fk FOREIGN KEY (trait_id) REFERENCES traits(id) ON DELETE CASCADE,
  CONSTRAINT user_traits_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX user_traits_trait ON user_traits (trait_id, user_id);
CREATE TRIGGER user_traits_note_deleted AFTER DELETE ON user_traits REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('user_traits', 'user_id', 'served', '');
CREATE TRIGGER user_traits_note_inserted AFTER INSERT ON user_traits REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('user_traits', 'user_id', 'served', '');
CREATE TRIGGER user_traits_note_updated AFTER UPDATE ON user_traits REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('user_traits', 'user_id', 'served', '');

CREATE TABLE user_vectors (
  user_id    bigint NOT NULL,
  model      text NOT NULL,
  text_hash  bytea NOT NULL,
  vector     bytea NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT user_vectors_pkey PRIMARY KEY (user_id),
  CONSTRAINT user_vectors_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT user_vectors_size CHECK (length(vector) >= 4 AND length(vector) <= 32768 AND (length(vector) % 4) = 0)
);
ALTER TABLE user_vectors ENABLE ROW LEVEL SECURITY;

CREATE TABLE volunteer_profiles (
  id                       bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id                  text,
  user_id                  bigint NOT NULL,
  organization_id          bigint NOT NULL,
  referrer_id              bigint,
  upline                   bigint[] NOT NULL DEFAULT '{}'::bigint[],
  referral_code            text NOT NULL,
  created_at               timestamp with time zone NOT NULL DEFAULT now(),
  referred_at              timestamp with time zone,
  level                    integer NOT NULL DEFAULT 1,
  total_xp                 integer NOT NULL DEFAULT 0,
  activity_multiplier      numeric(5,2) NOT NULL DEFAULT 1.0,
  multiplier_calculated_at timestamp with time zone,
  last_activity_at         timestamp with time zone,
  multiplier_due_at        timestamp with time zone,
  CONSTRAINT volunteer_profiles_pkey PRIMARY KEY (id),
  CONSTRAINT volunteer_profiles_host_id_unique UNIQUE (host_id),
  CONSTRAINT volunteer_profiles_organization_id_organizations_id_fk FOREIGN KEY (organization_id) REFERENCES organizations(id),
  CONSTRAINT volunteer_profiles_referrer_id_volunteer_profiles_id_fk FOREIGN KEY (referrer_id) REFERENCES volunteer_profiles(id),
  CONSTRAINT volunteer_profiles_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id),
  CONSTRAINT volunteer_profiles_code CHECK (referral_code ~ '^[A-Z0-9]{8}$'::text),
  CONSTRAINT volunteer_profiles_level CHECK (level >= 1),
  CONSTRAINT volunteer_profiles_upline_depth CHECK (cardinality(upline) <= 5)
) WITH (fillfactor=40);
CREATE INDEX volunteer_profiles_known_id ON volunteer_profiles (COALESCE(host_id, id::text));
CREATE INDEX volunteer_profiles_organization ON volunteer_profiles (organization_id, id);
CREATE UNIQUE INDEX volunteer_profiles_referral_code ON volunteer_profiles (referral_code);
CREATE INDEX volunteer_profiles_referrer ON volunteer_profiles (referrer_id, id);
CREATE UNIQUE INDEX volunteer_profiles_user_organization ON volunteer_profiles (user_id, organization_id);
CREATE TRIGGER volunteer_profiles_keep_upline BEFORE INSERT OR UPDATE OF referrer_id ON volunteer_profiles FOR EACH ROW EXECUTE FUNCTION keep_upline();
CREATE TRIGGER volunteer_profiles_mark_level AFTER UPDATE OF level, referrer_id ON volunteer_profiles FOR EACH ROW WHEN (old.level IS DISTINCT FROM new.level OR old.referrer_id IS DISTINCT FROM new.referrer_id) EXECUTE FUNCTION mark_profile();
CREATE TRIGGER volunteer_profiles_mark_new AFTER INSERT ON volunteer_profiles FOR EACH ROW WHEN (new.level > 1) EXECUTE FUNCTION mark_profile();
CREATE TRIGGER volunteer_profiles_move_branch AFTER UPDATE OF referrer_id ON volunteer_profiles FOR EACH ROW WHEN (old.referrer_id IS DISTINCT FROM new.referrer_id) EXECUTE FUNCTION move_branch();
CREATE TRIGGER volunteer_profiles_open_accounts AFTER INSERT ON volunteer_profiles REFERENCING NEW TABLE AS new_profiles FOR EACH STATEMENT EXECUTE FUNCTION open_accounts();

CREATE TABLE volunteers (
  user_id        bigint NOT NULL,
  host_id        text,
  skills_visible boolean NOT NULL DEFAULT true,
  latitude       double precision,
  longitude      double precision,
  availability   text,
  created_at     timestamp with time zone NOT NULL DEFAULT now(),
  grid_latitude  double precision,
  grid_longitude double precision,
  grid_moves     timestamp with time zone[] NOT NULL DEFAULT '{}'::timestamp with time zone[],
  grid_waiting   boolean NOT NULL DEFAULT false,
  CONSTRAINT volunteers_pkey PRIMARY KEY (user_id),
  CONSTRAINT volunteers_host_id_unique UNIQUE (host_id),
  CONSTRAINT volunteers_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id),
  CONSTRAINT volunteers_place CHECK ((latitude IS NULL) = (longitude IS NULL) AND latitude >= '-90'::integer::double precision AND latitude <= 90::double precision AND longitude >= '-180'::integer::double precision AND longitude <= 180::double precision)
);
CREATE INDEX volunteers_known_id ON volunteers (COALESCE(host_id, user_id::text));
CREATE INDEX volunteers_waiting ON volunteers (user_id) WHERE grid_waiting;
CREATE TRIGGER volunteers_mark_changed AFTER UPDATE ON volunteers FOR EACH ROW WHEN (old.skills_visible IS DISTINCT FROM new.skills_visible OR old.grid_latitude IS DISTINCT FROM new.grid_latitude OR old.grid_longitude IS DISTINCT FROM new.grid_longitude) EXECUTE FUNCTION mark_match_row();
CREATE TRIGGER volunteers_note_deleted AFTER DELETE ON volunteers REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('people', 'user_id', '', '');
CREATE TRIGGER volunteers_note_inserted AFTER INSERT ON volunteers REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('people', 'user_id', '', '');
CREATE TRIGGER volunteers_note_subject AFTER UPDATE ON volunteers FOR EACH ROW WHEN (old.host_id IS DISTINCT FROM new.host_id OR old.skills_visible IS DISTINCT FROM new.skills_visible) EXECUTE FUNCTION note_subject('people', 'user_id', '');
CREATE TRIGGER volunteers_place_moved BEFORE UPDATE OF latitude, longitude, grid_waiting ON volunteers FOR EACH ROW EXECUTE FUNCTION place_on_grid();
CREATE TRIGGER volunteers_place_new BEFORE INSERT ON volunteers FOR EACH ROW WHEN (new.latitude IS NOT NULL) EXECUTE FUNCTION place_on_grid();

CREATE TABLE calendar_channels (
  id            uuid NOT NULL,
  connection_id bigint NOT NULL,
  state         text NOT NULL,
  resource_id   text,
  token_hash    bytea,
  expires_at    timestamp with time zone,
  renew_at      timestamp with time zone,
  created_at    timestamp with time zone NOT NULL DEFAULT now(),
  stopped_at    timestamp with time zone,
  CONSTRAINT calendar_channels_pkey PRIMARY KEY (id),
  CONSTRAINT calendar_channels_connection_id_calendar_connections_id_fk FOREIGN KEY (connection_id) REFERENCES calendar_connections(id) ON DELETE CASCADE,
  CONSTRAINT calendar_channels_active CHECK (state <> 'active'::text OR num_nulls(resource_id, token_hash, expires_at, renew_at) = 0),
  CONSTRAINT calendar_channels_state CHECK (state = ANY (ARRAY['creating'::text, 'active'::text, 'draining'::text, 'stopped'::text])),
  CONSTRAINT calendar_channels_stopped_when CHECK ((state = 'stopped'::text) = (stopped_at IS NOT NULL))
);
CREATE UNIQUE INDEX calendar_channels_creating ON calendar_channels (connection_id) WHERE state = 'creating'::text;
CREATE INDEX calendar_channels_draining ON calendar_channels (expires_at) WHERE state = 'draining'::text;
CREATE INDEX calendar_channels_open ON calendar_channels (connection_id) WHERE state <> 'stopped'::text;
CREATE INDEX calendar_channels_renew ON calendar_channels (renew_at) WHERE state = 'active'::text;
CREATE INDEX calendar_channels_stopped ON calendar_channels (stopped_at) WHERE state = 'stopped'::text;

CREATE TABLE candidate_notifications (
  project_id   bigint NOT NULL,
  volunteer_id bigint NOT NULL,
  match_score  double precision NOT NULL,
  batch_id     uuid NOT NULL,
  variant      text,
  slot         timestamp with time zone NOT NULL,
  notified_at  timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT candidate_notifications_project_id_volunteer_id_slot_pk PRIMARY KEY (project_id, volunteer_id, slot),
  CONSTRAINT candidate_notifications_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE,
  CONSTRAINT candidate_notifications_volunteer_id_volunteers_user_id_fk FOREIGN KEY (volunteer_id) REFERENCES volunteers(user_id) ON DELETE CASCADE
);
CREATE INDEX candidate_notifications_batch ON candidate_notifications (batch_id);
CREATE INDEX candidate_notifications_slot ON candidate_notifications (slot);
CREATE INDEX candidate_notifications_volunteer ON candidate_notifications (volunteer_id, slot);
CREATE TRIGGER candidate_notifications_mark_deleted AFTER DELETE ON candidate_notifications REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');
CREATE TRIGGER candidate_notifications_mark_inserted AFTER INSERT ON candidate_notifications REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');
CREATE TRIGGER candidate_notifications_mark_updated AFTER UPDATE ON candidate_notifications REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');

CREATE TABLE chat_threads (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id    text,
  project_id bigint,
  topic      text NOT NULL DEFAULT ''::text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT chat_threads_pkey PRIMARY KEY (id),
  CONSTRAINT chat_threads_host_id_unique UNIQUE (host_id),
  CONSTRAINT chat_threads_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE
);
CREATE TRIGGER chat_threads_mark_moved AFTER UPDATE OF project_id ON chat_threads FOR EACH ROW WHEN (old.project_id IS DISTINCT FROM new.project_id) EXECUTE FUNCTION mark_moved_thread();

CREATE TABLE interest_user_set (
  interest_id bigint NOT NULL,
  user_id     bigint NOT NULL,
  CONSTRAINT interest_user_set_interest_id_user_id_pk PRIMARY KEY (interest_id, user_id),
  CONSTRAINT interest_user_set_interest_id_interests_id_fk FOREIGN KEY (interest_id) REFERENCES interests(id) ON DELETE CASCADE,
  CONSTRAINT interest_user_set_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX interest_user_set_user ON interest_user_set (user_id, interest_id);
CREATE TRIGGER interest_user_set_note_deleted AFTER DELETE ON interest_user_set REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('interest_user_set', 'user_id', '', '');
CREATE TRIGGER interest_user_set_note_inserted AFTER INSERT ON interest_user_set REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('interest_user_set', 'user_id', '', '');
CREATE TRIGGER interest_user_set_note_updated AFTER UPDATE ON interest_user_set REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('interest_user_set', 'user_id', '', '');

CREATE TABLE ledger_accounts (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  kind       text NOT NULL,
  profile_id bigint,
  CONSTRAINT ledger_accounts_pkey PRIMARY KEY (id),
  CONSTRAINT ledger_accounts_profile_id_volunteer_profiles_id_fk FOREIGN KEY (profile_id) REFERENCES volunteer_profiles(id) ON DELETE CASCADE,
  CONSTRAINT ledger_accounts_owner CHECK ((kind = 'volunteer'::text) = (profile_id IS NOT NULL))
);
CREATE UNIQUE INDEX ledger_accounts_profile ON ledger_accounts (profile_id);
CREATE UNIQUE INDEX ledger_accounts_system ON ledger_accounts (kind) WHERE profile_id IS NULL;
CREATE TRIGGER ledger_accounts_used BEFORE DELETE ON ledger_accounts FOR EACH ROW EXECUTE FUNCTION keep_used_account();

CREATE TABLE match_dismissals (
  project_id   bigint NOT NULL,
  user_id      bigint NOT NULL,
  dismissed_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT match_dismissals_project_id_user_id_pk PRIMARY KEY (project_id, user_id),
  CONSTRAINT match_dismissals_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE,
  CONSTRAINT match_dismissals_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX match_dismissals_user ON match_dismissals (user_id);
CREATE TRIGGER match_dismissals_mark_deleted AFTER DELETE ON match_dismissals REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');
CREATE TRIGGER match_dismissals_mark_inserted AFTER INSERT ON match_dismissals REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');
CREATE TRIGGER match_dismissals_mark_updated AFTER UPDATE ON match_dismissals REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');

CREATE TABLE media_previews (
  media_id  bigint NOT NULL,
  thumbhash bytea,
  thumbnail bytea,
  waveform  smallint[],
  made_at   timestamp with time zone NOT NULL,
  parts     text[] NOT NULL DEFAULT '{}'::text[],
  CONSTRAINT media_previews_pkey PRIMARY KEY (media_id),
  CONSTRAINT media_previews_media_id_media_id_fk FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE
);

CREATE TABLE meetings (
  id           bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id      text,
  project_id   bigint,
  organizer_id bigint,
  title        text NOT NULL,
  start_time   timestamp with time zone NOT NULL,
  end_time     timestamp with time zone NOT NULL,
  status       text NOT NULL DEFAULT 'scheduled'::text,
  created_at   timestamp with time zone NOT NULL DEFAULT now(),
  updated_at   timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT meetings_pkey PRIMARY KEY (id),
  CONSTRAINT meetings_host_id_unique UNIQUE (host_id),
  CONSTRAINT meetings_organizer_id_users_id_fk FOREIGN KEY (organizer_id) REFERENCES users(id) ON DELETE SET NULL,
  CONSTRAINT meetings_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE SET NULL,
  CONSTRAINT meetings_span CHECK (end_time >= start_time),
  CONSTRAINT meetings_status CHECK (status = ANY (ARRAY['scheduled'::text, 'cancelled'::text, 'completed'::text]))
);
CREATE INDEX meetings_known_id ON meetings (COALESCE(host_id, id::text));
CREATE INDEX meetings_scheduled ON meetings (start_time) WHERE status = 'scheduled'::text;

CREATE TABLE post_features (
  post_id      bigint NOT NULL,
  topics       text[] NOT NULL,
  quality      double precision NOT NULL,
  language     text,
  algo_version text NOT NULL,
  computed_at  timestamp with time zone NOT NULL,
  CONSTRAINT post_features_pkey PRIMARY KEY (post_id),
  CONSTRAINT post_features_post_id_posts_id_fk FOREIGN KEY (post_id) REFERENCES posts(id) ON DELETE CASCADE
);
CREATE TRIGGER post_features_note_deleted AFTER DELETE ON post_features REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('post_features', 'post_id', '', '');
CREATE TRIGGER post_features_note_inserted AFTER INSERT ON post_features REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('post_features', 'post_id', '', '');
CREATE TRIGGER post_features_note_updated AFTER UPDATE ON post_features REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('post_features', 'post_id', '', '');

CREATE TABLE post_media (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id    text,
  post_id    bigint NOT NULL,
  media_id   bigint NOT NULL,
  "position" smallint NOT NULL DEFAULT 0,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT post_media_pkey PRIMARY KEY (id),
  CONSTRAINT post_media_host_id_unique UNIQUE (host_id),
  CONSTRAINT post_media_post_id_posts_id_fk FOREIGN KEY (post_id) REFERENCES posts(id) ON DELETE CASCADE
);
CREATE INDEX post_media_media ON post_media (media_id);
CREATE UNIQUE INDEX post_media_post ON post_media (post_id, media_id);
CREATE TRIGGER post_media_touch BEFORE UPDATE ON post_media FOR EACH ROW EXECUTE FUNCTION touch_row();

CREATE TABLE project_access_grants (
  project_id bigint NOT NULL,
  user_id    bigint NOT NULL,
  host_id    text,
  permission text NOT NULL,
  granted_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT project_access_grants_project_id_user_id_pk PRIMARY KEY (project_id, user_id),
  CONSTRAINT project_access_grants_host_id_unique UNIQUE (host_id),
  CONSTRAINT project_access_grants_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE,
  CONSTRAINT project_access_grants_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT project_access_grants_permission CHECK (permission = ANY (ARRAY['view'::text, 'edit'::text]))
);
CREATE INDEX project_access_grants_user ON project_access_grants (user_id);

CREATE TABLE project_applications (
  project_id bigint NOT NULL,
  user_id    bigint NOT NULL,
  host_id    text,
  status     text NOT NULL DEFAULT 'pending'::text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT project_applications_project_id_user_id_pk PRIMARY KEY (project_id, user_id),
  CONSTRAINT project_applications_host_id_unique UNIQUE (host_id),
  CONSTRAINT project_applications_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE,
  CONSTRAINT project_applications_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT project_applications_status CHECK (status = ANY (ARRAY['pending'::text, 'accepted'::text, 'rejected'::text, 'withdrawn'::text]))
);
CREATE TRIGGER project_applications_mark_deleted AFTER DELETE ON project_applications REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');
CREATE TRIGGER project_applications_mark_inserted AFTER INSERT ON project_applications REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');
CREATE TRIGGER project_applications_mark_updated AFTER UPDATE ON project_applications REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');

CREATE TABLE project_members (
  project_id bigint NOT NULL,
  user_id    bigint NOT NULL,
  host_id    text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT project_members_project_id_user_id_pk PRIMARY KEY (project_id, user_id),
  CONSTRAINT project_members_host_id_unique UNIQUE (host_id),
  CONSTRAINT project_members_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE,
  CONSTRAINT project_members_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX project_members_user ON project_members (user_id);
CREATE TRIGGER project_members_mark_deleted AFTER DELETE ON project_members REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');
CREATE TRIGGER project_members_mark_inserted AFTER INSERT ON project_members REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');
CREATE TRIGGER project_members_mark_updated AFTER UPDATE ON project_members REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');

CREATE TABLE project_required_skills (
  project_id bigint NOT NULL,
  skill_id   bigint NOT NULL,
  host_id    text,
  CONSTRAINT project_required_skills_project_id_skill_id_pk PRIMARY KEY (project_id, skill_id),
  CONSTRAINT project_required_skills_host_id_unique UNIQUE (host_id),
  CONSTRAINT project_required_skills_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE,
  CONSTRAINT project_required_skills_skill_id_skills_id_fk FOREIGN KEY (skill_id) REFERENCES skills(id) ON DELETE CASCADE
);
CREATE INDEX project_required_skills_skill ON project_required_skills (skill_id, project_id);
CREATE TRIGGER project_required_skills_mark_deleted AFTER DELETE ON project_required_skills REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');
CREATE TRIGGER project_required_skills_mark_inserted AFTER INSERT ON project_required_skills REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');
CREATE TRIGGER project_required_skills_mark_updated AFTER UPDATE ON project_required_skills REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');

CREATE TABLE project_team_members (
  project_id bigint NOT NULL,
  user_id    bigint NOT NULL,
  host_id    text,
  status     text NOT NULL DEFAULT 'active'::text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT project_team_members_project_id_user_id_pk PRIMARY KEY (project_id, user_id),
  CONSTRAINT project_team_members_host_id_unique UNIQUE (host_id),
  CONSTRAINT project_team_members_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE,
  CONSTRAINT project_team_members_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT project_team_members_status CHECK (status = ANY (ARRAY['invited'::text, 'active'::text, 'left'::text, 'removed'::text]))
);
CREATE TRIGGER project_team_members_mark_deleted AFTER DELETE ON project_team_members REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');
CREATE TRIGGER project_team_members_mark_inserted AFTER INSERT ON project_team_members REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');
CREATE TRIGGER project_team_members_mark_updated AFTER UPDATE ON project_team_members REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('project_id');

CREATE TABLE referrals (
  id          bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  profile_id  bigint NOT NULL,
  referrer_id bigint NOT NULL,
  by_user_id  bigint,
  created_at  timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT referrals_pkey PRIMARY KEY (id),
  CONSTRAINT referrals_by_user_id_users_id_fk FOREIGN KEY (by_user_id) REFERENCES users(id),
  CONSTRAINT referrals_profile_id_volunteer_profiles_id_fk FOREIGN KEY (profile_id) REFERENCES volunteer_profiles(id),
  CONSTRAINT referrals_referrer_id_volunteer_profiles_id_fk FOREIGN KEY (referrer_id) REFERENCES volunteer_profiles(id)
);
CREATE INDEX referrals_profile ON referrals (profile_id, id);

CREATE TABLE resources (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id    text,
  project_id bigint NOT NULL,
  name       text NOT NULL,
  kind       text NOT NULL DEFAULT 'document'::text,
  created_by bigint,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT resources_pkey PRIMARY KEY (id),
  CONSTRAINT resources_host_id_unique UNIQUE (host_id),
  CONSTRAINT resources_created_by_users_id_fk FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL,
  CONSTRAINT resources_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE
);
CREATE INDEX resources_project ON resources (project_id);

CREATE TABLE resumes (
  id           bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id      text,
  project_id   bigint NOT NULL,
  kind         text NOT NULL,
  completeness integer NOT NULL DEFAULT 0,
  edited_at    timestamp with time zone,
  CONSTRAINT resumes_pkey PRIMARY KEY (id),
  CONSTRAINT resumes_host_id_unique UNIQUE (host_id),
  CONSTRAINT resumes_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE,
  CONSTRAINT resumes_completeness CHECK (completeness >= 0 AND completeness <= 100),
  CONSTRAINT resumes_kind CHECK (kind = ANY (ARRAY['project'::text, 'borrower'::text]))
);
CREATE UNIQUE INDEX resumes_project_kind ON resumes (project_id, kind);

CREATE TABLE task_assignments (
  id           bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id      text,
  template_id  bigint NOT NULL,
  assignee_id  bigint NOT NULL,
  status       text NOT NULL DEFAULT 'pending'::text,
  assigned_at  timestamp with time zone NOT NULL DEFAULT now(),
  due_date     timestamp with time zone NOT NULL GENERATED ALWAYS AS ((((assigned_at AT TIME ZONE 'UTC'::text) + '168:00:00'::interval) AT TIME ZONE 'UTC'::text)) STORED,
  submitted_at timestamp with time zone,
  reviewed_at  timestamp with time zone,
  activity_at  timestamp with time zone GENERATED ALWAYS AS (GREATEST(submitted_at, CASE WHEN (status = 'approved'::text) THEN reviewed_at ELSE NULL::timestamp with time zone END)) STORED,
  CONSTRAINT task_assignments_pkey PRIMARY KEY (id),
  CONSTRAINT task_assignments_host_id_unique UNIQUE (host_id),
  CONSTRAINT task_assignments_assignee_id_volunteer_profiles_id_fk FOREIGN KEY (assignee_id) REFERENCES volunteer_profiles(id),
  CONSTRAINT task_assignments_template_id_task_templates_id_fk FOREIGN KEY (template_id) REFERENCES task_templates(id),
  CONSTRAINT task_assignments_reviewed_when CHECK ((status <> ALL (ARRAY['approved'::text, 'rejected'::text])) OR reviewed_at IS NOT NULL)
);
CREATE INDEX task_assignments_activity ON task_assignments (assignee_id, activity_at) WHERE activity_at IS NOT NULL;
CREATE INDEX task_assignments_open ON task_assignments (assignee_id, assigned_at, reviewed_at) WHERE submitted_at IS NULL;
CREATE INDEX task_assignments_reviewed ON task_assignments (assignee_id, status, reviewed_at, template_id) WHERE reviewed_at IS NOT NULL;
CREATE TRIGGER task_assignments_mark_deleted AFTER DELETE ON task_assignments REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION mark_active();
CREATE TRIGGER task_assignments_mark_inserted AFTER INSERT ON task_assignments REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_active();
CREATE TRIGGER task_assignments_mark_updated AFTER UPDATE ON task_assignments REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_active();

CREATE TABLE token_sales (
  id             bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  source         text NOT NULL,
  external_id    text NOT NULL,
  inbox_id       bigint NOT NULL,
  buyer_user_id  bigint NOT NULL,
  amount_micro   bigint NOT NULL,
  currency       text NOT NULL,
  sold_at        timestamp with time zone NOT NULL,
  time_assumed   boolean NOT NULL DEFAULT false,
  received_at    timestamp with time zone NOT NULL,
  status         text NOT NULL DEFAULT 'accepted'::text,
  settled_at     timestamp with time zone,
  profile_id     bigint,
  reasons        text[] NOT NULL DEFAULT '{}'::text[],
  inputs         jsonb,
  refunded_micro bigint NOT NULL DEFAULT 0,
  trace          text,
  CONSTRAINT token_sales_pkey PRIMARY KEY (id),
  CONSTRAINT token_sales_inbox_id_inbox_id_fk FOREIGN KEY (inbox_id) REFERENCES inbox(id),
  CONSTRAINT token_sales_profile_id_volunteer_profiles_id_fk FOREIGN KEY (profile_id) REFERENCES volunteer_profiles(id),
  CONSTRAINT token_sales_amount CHECK (amount_micro > 0),
  CONSTRAINT token_sales_refunded CHECK (refunded_micro >= 0 AND refunded_micro <= amount_micro)
);
CREATE INDEX token_sales_buyer ON token_sales (buyer_user_id, sold_at);
CREATE INDEX token_sales_held ON token_sales (id) WHERE status = 'held'::text;
CREATE UNIQUE INDEX token_sales_inbox ON token_sales (inbox_id);
CREATE INDEX token_sales_open ON token_sales (status, id) WHERE status = ANY (ARRAY['accepted'::text, 'unresolved'::text]);
CREATE UNIQUE INDEX token_sales_source_external_id ON token_sales (source, external_id);
CREATE TRIGGER token_sales_kept BEFORE DELETE OR TRUNCATE ON token_sales FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE trending_scores (
  post_id     bigint NOT NULL,
  landmark    timestamp with time zone NOT NULL,
  grown       double precision NOT NULL DEFAULT 0,
  likes       integer NOT NULL DEFAULT 0,
  comments    integer NOT NULL DEFAULT 0,
  shares      integer NOT NULL DEFAULT 0,
  actors      integer NOT NULL DEFAULT 0,
  lhot        double precision,
  expires_at  timestamp with time zone NOT NULL,
  changed_at  timestamp with time zone NOT NULL DEFAULT now(),
  popularity  double precision,
  velocity    double precision,
  peak_time   timestamp with time zone,
  computed_at timestamp with time zone,
  CONSTRAINT trending_scores_pkey PRIMARY KEY (post_id),
  CONSTRAINT trending_scores_post_id_posts_id_fk FOREIGN KEY (post_id) REFERENCES posts(id) ON DELETE CASCADE
) WITH (fillfactor=50);
CREATE INDEX trending_scores_lhot ON trending_scores (lhot DESC NULLS LAST, post_id) WHERE lhot IS NOT NULL;
CREATE TRIGGER trending_scores_note_deleted AFTER DELETE ON trending_scores REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('trending_scores', 'post_id', '', 'post_id, popularity, velocity, peak_time, computed_at, expires_at');
CREATE TRIGGER trending_scores_note_inserted AFTER INSERT ON trending_scores REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('trending_scores', 'post_id', '', 'post_id, popularity, velocity, peak_time, computed_at, expires_at');
CREATE TRIGGER trending_scores_note_updated AFTER UPDATE ON trending_scores REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('trending_scores', 'post_id', '', 'post_id, popularity, velocity, peak_time, computed_at, expires_at');

CREATE TABLE user_interests (
  id          bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id     text,
  user_id     bigint NOT NULL,
  interest_id bigint NOT NULL,
  updated_at  timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT user_interests_pkey PRIMARY KEY (id),
  CONSTRAINT user_interests_host_id_unique UNIQUE (host_id),
  CONSTRAINT user_interests_interest_id_interests_id_fk FOREIGN KEY (interest_id) REFERENCES interests(id) ON DELETE CASCADE,
  CONSTRAINT user_interests_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX user_interests_interest ON user_interests (interest_id, user_id);
CREATE UNIQUE INDEX user_interests_user_interest ON user_interests (user_id, interest_id);
CREATE TRIGGER user_interests_note_deleted AFTER DELETE ON user_interests REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_results('people', 'user_id', '', '');
CREATE TRIGGER user_interests_note_inserted AFTER INSERT ON user_interests REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('people', 'user_id', '', '');
CREATE TRIGGER user_interests_note_updated AFTER UPDATE ON user_interests REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_results('people', 'user_id', '', '');
CREATE TRIGGER user_interests_touch BEFORE UPDATE ON user_interests FOR EACH ROW WHEN (NOT new.updated_at IS DISTINCT FROM old.updated_at) EXECUTE FUNCTION touch_row();

CREATE TABLE volunteer_skills (
  volunteer_id bigint NOT NULL,
  skill_id     bigint NOT NULL,
  host_id      text,
  weight       real NOT NULL DEFAULT 0.5,
  proficiency  text,
  years        real,
  last_used    date,
  CONSTRAINT volunteer_skills_volunteer_id_skill_id_pk PRIMARY KEY (volunteer_id, skill_id),
  CONSTRAINT volunteer_skills_host_id_unique UNIQUE (host_id),
  CONSTRAINT volunteer_skills_skill_id_skills_id_fk FOREIGN KEY (skill_id) REFERENCES skills(id) ON DELETE CASCADE,
  CONSTRAINT volunteer_skills_volunteer_id_volunteers_user_id_fk FOREIGN KEY (volunteer_id) REFERENCES volunteers(user_id) ON DELETE CASCADE,
  CONSTRAINT volunteer_skills_weight CHECK (weight >= 0.1::real AND weight <= 1::real)
);
CREATE INDEX volunteer_skills_skill ON volunteer_skills (skill_id, volunteer_id, weight);
CREATE TRIGGER volunteer_skills_mark_deleted AFTER DELETE ON volunteer_skills REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('volunteer_id');
CREATE TRIGGER volunteer_skills_mark_inserted AFTER INSERT ON volunteer_skills REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('volunteer_id');
CREATE TRIGGER volunteer_skills_mark_updated AFTER UPDATE ON volunteer_skills REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_match_changes('volunteer_id');

CREATE TABLE calendar_copies (
  connection_id bigint NOT NULL,
  event_id      text NOT NULL,
  meeting_id    bigint NOT NULL,
  is_organizer  boolean NOT NULL,
  seen_at       timestamp with time zone NOT NULL,
  self_key      text,
  response      text,
  removed_at    timestamp with time zone,
  CONSTRAINT calendar_copies_connection_id_event_id_pk PRIMARY KEY (connection_id, event_id),
  CONSTRAINT calendar_copies_connection_id_calendar_connections_id_fk FOREIGN KEY (connection_id) REFERENCES calendar_connections(id) ON DELETE CASCADE,
  CONSTRAINT calendar_copies_meeting_id_meetings_id_fk FOREIGN KEY (meeting_id) REFERENCES meetings(id) ON DELETE CASCADE
);
CREATE INDEX calendar_copies_meeting ON calendar_copies (meeting_id);

CREATE TABLE calendar_meetings (
  meeting_id      bigint NOT NULL,
  provider        text NOT NULL,
  ical_uid        text NOT NULL,
  original_start  text NOT NULL DEFAULT ''::text,
  changed_at      timestamp with time zone NOT NULL,
  source_id       bigint,
  from_organizer  boolean NOT NULL DEFAULT false,
  guests          text[] NOT NULL DEFAULT '{}'::text[],
  shows_everybody boolean NOT NULL DEFAULT true,
  CONSTRAINT calendar_meetings_pkey PRIMARY KEY (meeting_id),
  CONSTRAINT calendar_meetings_meeting_id_meetings_id_fk FOREIGN KEY (meeting_id) REFERENCES meetings(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX calendar_meetings_source ON calendar_meetings (provider, ical_uid, original_start);

CREATE TABLE chat_thread_participants (
  thread_id    bigint NOT NULL,
  user_id      bigint NOT NULL,
  host_id      text,
  last_read_at timestamp with time zone,
  joined_at    timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT chat_thread_participants_thread_id_user_id_pk PRIMARY KEY (thread_id, user_id),
  CONSTRAINT chat_thread_participants_host_id_unique UNIQUE (host_id),
  CONSTRAINT chat_thread_participants_thread_id_chat_threads_id_fk FOREIGN KEY (thread_id) REFERENCES chat_threads(id) ON DELETE CASCADE,
  CONSTRAINT chat_thread_participants_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX chat_thread_participants_user ON chat_thread_participants (user_id);
CREATE TRIGGER chat_thread_participants_mark_new AFTER INSERT ON chat_thread_participants REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_new_participants();
CREATE TRIGGER chat_thread_participants_mark_reading AFTER UPDATE ON chat_thread_participants REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_reading();
CREATE TRIGGER chat_thread_participants_settle_counting AFTER UPDATE ON chat_thread_participants REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION settle_counting();

CREATE TABLE ledger_balances (
  account_id    bigint NOT NULL,
  balance_micro bigint NOT NULL DEFAULT 0,
  CONSTRAINT ledger_balances_pkey PRIMARY KEY (account_id),
  CONSTRAINT ledger_balances_account_id_ledger_accounts_id_fk FOREIGN KEY (account_id) REFERENCES ledger_accounts(id) ON DELETE CASCADE
) WITH (fillfactor=50);

CREATE TABLE meeting_participants (
  meeting_id bigint NOT NULL,
  user_id    bigint NOT NULL,
  host_id    text,
  response   text NOT NULL DEFAULT 'pending'::text,
  invited_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT meeting_participants_meeting_id_user_id_pk PRIMARY KEY (meeting_id, user_id),
  CONSTRAINT meeting_participants_host_id_unique UNIQUE (host_id),
  CONSTRAINT meeting_participants_meeting_id_meetings_id_fk FOREIGN KEY (meeting_id) REFERENCES meetings(id) ON DELETE CASCADE,
  CONSTRAINT meeting_participants_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT meeting_participants_response CHECK (response = ANY (ARRAY['pending'::text, 'accepted'::text, 'declined'::text, 'tentative'::text]))
);
CREATE INDEX meeting_participants_user ON meeting_participants (user_id);

CREATE TABLE messages (
  id         bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  host_id    text,
  thread_id  bigint NOT NULL,
  sender_id  bigint NOT NULL,
  body       text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT messages_pkey PRIMARY KEY (id),
  CONSTRAINT messages_host_id_unique UNIQUE (host_id),
  CONSTRAINT messages_sender_id_users_id_fk FOREIGN KEY (sender_id) REFERENCES users(id),
  CONSTRAINT messages_thread_id_chat_threads_id_fk FOREIGN KEY (thread_id) REFERENCES chat_threads(id) ON DELETE CASCADE
);
CREATE INDEX messages_thread ON messages (thread_id, created_at, id);
CREATE TRIGGER messages_mark_gone AFTER DELETE ON messages REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION mark_gone_messages();
CREATE TRIGGER messages_mark_moved AFTER UPDATE ON messages REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_moved_messages();
CREATE TRIGGER messages_mark_unread AFTER INSERT ON messages REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION mark_written_messages();

CREATE TABLE resource_permissions (
  resource_id bigint NOT NULL,
  user_id     bigint NOT NULL,
  host_id     text,
  permission  text NOT NULL,
  CONSTRAINT resource_permissions_resource_id_user_id_pk PRIMARY KEY (resource_id, user_id),
  CONSTRAINT resource_permissions_host_id_unique UNIQUE (host_id),
  CONSTRAINT resource_permissions_resource_id_resources_id_fk FOREIGN KEY (resource_id) REFERENCES resources(id) ON DELETE CASCADE,
  CONSTRAINT resource_permissions_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT resource_permissions_permission CHECK (permission = ANY (ARRAY['none'::text, 'view'::text, 'edit'::text]))
);

CREATE TABLE sale_refunds (
  id           bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  source       text NOT NULL,
  external_id  text NOT NULL,
  sale_id      bigint NOT NULL,
  inbox_id     bigint,
  amount_micro bigint NOT NULL,
  status       text NOT NULL DEFAULT 'accepted'::text,
  created_at   timestamp with time zone NOT NULL DEFAULT now(),
  settled_at   timestamp with time zone,
  CONSTRAINT sale_refunds_pkey PRIMARY KEY (id),
  CONSTRAINT sale_refunds_inbox_id_inbox_id_fk FOREIGN KEY (inbox_id) REFERENCES inbox(id),
  CONSTRAINT sale_refunds_sale_id_token_sales_id_fk FOREIGN KEY (sale_id) REFERENCES token_sales(id),
  CONSTRAINT sale_refunds_amount CHECK (amount_micro > 0)
);
CREATE UNIQUE INDEX sale_refunds_inbox ON sale_refunds (inbox_id);
CREATE INDEX sale_refunds_sale ON sale_refunds (sale_id, id);
CREATE UNIQUE INDEX sale_refunds_source_external_id ON sale_refunds (source, external_id);

CREATE VIEW job_recommendations WITH (security_invoker=true) AS
 SELECT recommendation_id(l.user_id, i.job_id) AS id,
    l.user_id,
    i.job_id,
    i.match_score,
    recommendation_reason(l.components, i.n) AS match_reason,
    recommendation_components(l.components, i.n) AS components,
    to_timestamp(i.created::double precision) AS created_at,
    to_timestamp((i.created + 259200)::double precision) AS expires_at
   FROM recommendation_lists l
     CROSS JOIN LATERAL UNNEST(l.posting_ids, l.scores, l.created_at) WITH ORDINALITY i(job_id, match_score, created, n)
  WHERE i.n <=
        CASE
            WHEN l.first_places < 20 THEN l.first_places::integer
            ELSE 50
        END;
CREATE TRIGGER job_recommendations_delete INSTEAD OF DELETE ON job_recommendations FOR EACH ROW EXECUTE FUNCTION delete_recommendation();

CREATE VIEW match_scores WITH (security_invoker=true) AS
 SELECT s.user_id,
    s.candidate_id,
    s.score,
    s.tier,
    t.terms AS components,
    pair_reasons(s.user_id, s.candidate_id, t.terms) AS reasons,
    s.scored_at
   FROM ( SELECT l.user_id,
            c.candidate_id,
            c.score,
            l.tier,
            c.components,
            l.scored_at,
            v.served_length,
            row_number() OVER (PARTITION BY l.user_id, l.tier ORDER BY c.score DESC, c.candidate_id) AS rank
           FROM list_versions v
             JOIN pair_lists l ON l.version = v.id
             JOIN pair_people o ON o.version = l.version AND o.user_id = l.user_id
             CROSS JOIN LATERAL ( SELECT p.user_id AS candidate_id,
                    i.score,
                    SUBSTRING(l.components FROM (i.n::integer - 1) * 6 + 1 FOR 6) AS components
                   FROM UNNEST(l.positions, l.scores) WITH ORDINALITY i("position", score, n)
                     JOIN pair_people p ON p.version = l.version AND p."position" = i."position" AND p.changed <= l.changed
                UNION ALL
                 SELECT p.user_id,
                    e.scores[i.at] AS scores,
                    SUBSTRING(e.components FROM (i.at - 1) * 6 + 1 FOR 6) AS "substring"
                   FROM pair_entries e
                     CROSS JOIN LATERAL unnest(array_positions(e.lists, 2 * o."position" +
                        CASE l.tier
                            WHEN 'A'::text THEN 0
                            ELSE 1
                        END)) i(at)
                     JOIN pair_people p ON p.version = l.version AND p."position" = e.candidates[i.at] AND p.changed = e.change
                  WHERE e.version = l.version AND e.part = (o."position" / 512) AND e.change > l.changed) c
          WHERE v.area = 'pairs'::text AND v.state = 'served'::text AND may_see(l.user_id, c.candidate_id)) s
     CROSS JOIN LATERAL ( SELECT pair_terms(s.components, 1::bigint) AS terms) t
  WHERE s.rank <= COALESCE(s.served_length::bigint, s.rank);

CREATE VIEW user_compatibility WITH (security_invoker=true) AS
 SELECT l.user_id,
    i.target_id,
    NULLIF(i.score, '-1'::integer::double precision) AS score,
        CASE
            WHEN i.score < 0::double precision THEN 'INSUFFICIENT_DATA'::text
            ELSE 'SCORED'::text
        END AS status,
        CASE
            WHEN i.score >= 0::double precision THEN compatibility_terms(l.components, i.n)
            ELSE NULL::jsonb
        END AS components,
    l.computed_at
   FROM list_versions v
     JOIN compatibility_lists l ON l.version = v.id
     CROSS JOIN LATERAL UNNEST(l.target_ids, l.scores) WITH ORDINALITY i(target_id, score, n)
  WHERE v.area = 'compatibility'::text AND v.state = 'served'::text AND may_see(l.user_id, i.target_id);
