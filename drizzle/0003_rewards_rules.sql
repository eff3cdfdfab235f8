-- The rules of multipliers and budgets that tables alone cannot state. drizzle/schema.sql shows the result.

-- A nightly run may move every multiplier: half a page of room keeps each new version beside the old one, and no index is written
-- (of five, for a million profiles: 9 s instead of 4).
ALTER TABLE volunteer_profiles SET (fillfactor = 50);
--> statement-breakpoint

-- Multipliers: whatever may move one leaves a mark for the profile, and for its referrer, who counts active referrals. Marks are only
-- inserted: a host transaction never waits for a run, nor a run for it. What commits late is still found by the next run.
CREATE FUNCTION mark_active() RETURNS trigger LANGUAGE plpgsql AS $$
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
    WITH changed AS (
      SELECT w.assignee_id AS id, greatest(w.activity_at, g.activity_at) AS at FROM written w JOIN gone g ON g.id = w.id
      WHERE (w.assignee_id, w.submitted_at, w.status = 'approved', w.reviewed_at) IS DISTINCT FROM (g.assignee_id, g.submitted_at, g.status = 'approved', g.reviewed_at)
        AND coalesce(w.activity_at, g.activity_at) IS NOT NULL
      UNION ALL
      SELECT g.assignee_id, g.activity_at FROM written w JOIN gone g ON g.id = w.id
      WHERE w.assignee_id <> g.assignee_id AND g.activity_at IS NOT NULL),
    active AS (SELECT id, max(at) AS at FROM changed GROUP BY 1)
    SELECT id, at FROM active
    UNION ALL SELECT p.referrer_id, max(a.at) FROM active a JOIN volunteer_profiles p ON p.id = a.id WHERE p.referrer_id IS NOT NULL GROUP BY 1;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER task_assignments_mark_inserted AFTER INSERT ON task_assignments REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_active();
--> statement-breakpoint
CREATE TRIGGER task_assignments_mark_updated AFTER UPDATE ON task_assignments REFERENCING OLD TABLE AS gone NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_active();
--> statement-breakpoint
CREATE TRIGGER task_assignments_mark_deleted AFTER DELETE ON task_assignments REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION mark_active();
--> statement-breakpoint

-- Row by row, so that the run itself, which writes neither column, is not slowed by it.
CREATE FUNCTION mark_profile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO multiplier_marks (profile_id, due_at) VALUES (NEW.id, '-infinity');
  IF TG_OP = 'UPDATE' AND NEW.referrer_id IS DISTINCT FROM OLD.referrer_id THEN
    INSERT INTO multiplier_marks (profile_id, due_at)
    SELECT id, '-infinity' FROM unnest(ARRAY[OLD.referrer_id, NEW.referrer_id]) AS referrer(id) WHERE id IS NOT NULL;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER volunteer_profiles_mark_level AFTER UPDATE OF level, referrer_id ON volunteer_profiles
  FOR EACH ROW WHEN (OLD.level IS DISTINCT FROM NEW.level OR OLD.referrer_id IS DISTINCT FROM NEW.referrer_id) EXECUTE FUNCTION mark_profile();
--> statement-breakpoint
CREATE TRIGGER volunteer_profiles_mark_new AFTER INSERT ON volunteer_profiles
  FOR EACH ROW WHEN (NEW.level > 1) EXECUTE FUNCTION mark_profile();
--> statement-breakpoint

-- What was paid, to whom and why, is not changed afterwards.
CREATE TRIGGER budget_awards_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON budget_awards
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER budget_periods_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON budget_periods
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
