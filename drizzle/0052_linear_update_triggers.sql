-- A join of the two transition tables is planned once, for the first small statement of a session, and stays
-- a nested loop: an update of 10,000 messages compared 100,000,000 pairs. These compare sets, or group both.
CREATE OR REPLACE FUNCTION mark_moved_messages() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;--> statement-breakpoint
CREATE OR REPLACE FUNCTION mark_reading() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unread_marks (thread_id, user_id, at)
  SELECT w.thread_id, w.user_id, '-infinity'
  FROM (SELECT thread_id, user_id, last_read_at, joined_at FROM written
        EXCEPT SELECT thread_id, user_id, last_read_at, joined_at FROM gone) w
  WHERE EXISTS (SELECT 1 FROM messages m WHERE m.thread_id = w.thread_id AND m.created_at > coalesce(w.last_read_at, '-infinity') AND m.sender_id <> w.user_id);
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE OR REPLACE FUNCTION settle_counting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM settle_unread_counts(array_agg(r.user_id), array_agg(r.thread_id))
  FROM (
    SELECT b.thread_id, b.user_id FROM (
      SELECT thread_id, user_id, last_read_at AS new_time, NULL::timestamptz AS old_time FROM written
      UNION ALL
      SELECT thread_id, user_id, NULL, coalesce(last_read_at, '-infinity') FROM gone) b
    GROUP BY 1, 2 HAVING max(b.new_time) > max(b.old_time)) r;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE OR REPLACE FUNCTION mark_active() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;
