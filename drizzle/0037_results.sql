CREATE INDEX "posts_known_id" ON "posts" USING btree (coalesce("host_id", "id"::text));--> statement-breakpoint
CREATE INDEX "media_known_id" ON "media" USING btree (coalesce("host_id", "id"::text));--> statement-breakpoint
CREATE INDEX "meetings_known_id" ON "meetings" USING btree (coalesce("host_id", "id"::text));--> statement-breakpoint
CREATE INDEX "interest_subjects_known_id" ON "interest_subjects" USING btree (coalesce("host_id", "id"::text));--> statement-breakpoint
CREATE INDEX "interests_known_id" ON "interests" USING btree (coalesce("host_id", "id"::text));--> statement-breakpoint
CREATE INDEX "projects_known_id" ON "projects" USING btree (coalesce("host_id", "id"::text));--> statement-breakpoint
CREATE INDEX "users_known_id" ON "users" USING btree (coalesce("host_id", "id"::text));--> statement-breakpoint
CREATE INDEX "volunteer_profiles_known_id" ON "volunteer_profiles" USING btree (coalesce("host_id", "id"::text));--> statement-breakpoint
CREATE INDEX "volunteers_known_id" ON "volunteers" USING btree (coalesce("host_id", "user_id"::text));
--> statement-breakpoint
-- A double among the big-endian ones of a packed feed; 0 and what is positive.
CREATE FUNCTION float_at(bytes bytea, at int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN f.bits = 0 THEN 0
              ELSE (f.bits & 4503599627370495 | 4503599627370496) * power(2::float8, (f.bits >> 52)::int - 1075) END
  FROM (SELECT ('x' || encode(substring(bytes FROM at + 1 FOR 8), 'hex'))::bit(64)::bigint AS bits) f
$$;
--> statement-breakpoint
-- The items of a packed feed in the order in which they are shown: every 5th place is a suggestion, every
-- 20th a question, while there are any. Nobody who wrote one of the posts is suggested.
CREATE FUNCTION feed_order(items bytea) RETURNS TABLE (place int, kind text, id bigint) LANGUAGE plpgsql IMMUTABLE ROWS 100 AS $$
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
END $$;
--> statement-breakpoint
-- Whether a user may see a post: as `isShownTo` and `isReadableBy` in src/feeds/visibility.ts. Opaque to the
-- planner, which would read whole tables of profiles and blocks for a feed.
CREATE FUNCTION may_read(viewer bigint, post bigint) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM posts p JOIN users u ON u.id = p.author_id
    WHERE p.id = post AND p.hidden_at IS NULL AND p.deleted_at IS NULL AND u.deactivated_at IS NULL AND u.erased_at IS NULL
      AND NOT EXISTS (SELECT FROM profiles r WHERE r.user_id = u.id AND (r.banned OR r.deleted_at IS NOT NULL))
      AND NOT EXISTS (SELECT FROM user_blocks b WHERE b.blocker_id = u.id AND b.blocked_id = viewer)
      AND NOT EXISTS (SELECT FROM user_blocks b WHERE b.blocker_id = viewer AND b.blocked_id = u.id)
      AND (p.visibility = 'public' OR u.id = viewer OR EXISTS (
        SELECT FROM profile_access a WHERE a.owner_id = u.id AND a.viewer_id = viewer AND a.status = 'granted')));
END $$;
--> statement-breakpoint
-- As before, and those who read results see every row of the lists that the view of results shows.
CREATE OR REPLACE FUNCTION apply_row_policies() RETURNS void LANGUAGE plpgsql AS $$
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
END $$;
