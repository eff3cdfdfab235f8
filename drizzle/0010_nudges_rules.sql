-- The rules of nudges that tables alone cannot state. drizzle/schema.sql shows the result.

-- Unread messages: what may make somebody due leaves a mark. Marks are only inserted: a host transaction never waits for a run, nor a
-- run for it. A message has one mark for all participants, to be looked at when it is as old as the threshold.
CREATE FUNCTION mark_written_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unread_marks (thread_id, at) SELECT thread_id, created_at FROM written;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER messages_mark_unread AFTER INSERT ON messages REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_written_messages();
--> statement-breakpoint

-- Whatever else changes what is unread is looked at by the next run, participant by participant.
CREATE FUNCTION mark_gone_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unread_marks (thread_id, user_id, at)
  SELECT p.thread_id, p.user_id, '-infinity' FROM (SELECT DISTINCT thread_id FROM gone) g JOIN chat_thread_participants p ON p.thread_id = g.thread_id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER messages_mark_gone AFTER DELETE ON messages REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION mark_gone_messages();
--> statement-breakpoint
CREATE FUNCTION mark_moved_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unread_marks (thread_id, user_id, at)
  SELECT p.thread_id, p.user_id, '-infinity'
  FROM (SELECT unnest(ARRAY[g.thread_id, w.thread_id]) AS thread_id FROM written w JOIN gone g ON g.id = w.id
        WHERE (w.thread_id, w.sender_id, w.created_at) IS DISTINCT FROM (g.thread_id, g.sender_id, g.created_at) GROUP BY 1) m
  JOIN chat_thread_participants p ON p.thread_id = m.thread_id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER messages_mark_moved AFTER UPDATE ON messages REFERENCING OLD TABLE AS gone NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_moved_messages();
--> statement-breakpoint
CREATE FUNCTION mark_new_participants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unread_marks (thread_id, user_id, at) SELECT thread_id, user_id, '-infinity' FROM written;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER chat_thread_participants_mark_new AFTER INSERT ON chat_thread_participants REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_new_participants();
--> statement-breakpoint
-- Reading everything, which is what reading mostly is, leaves no mark: nothing is unread, and what is written later has its own.
CREATE FUNCTION mark_reading() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unread_marks (thread_id, user_id, at)
  SELECT w.thread_id, w.user_id, '-infinity' FROM written w JOIN gone g ON g.thread_id = w.thread_id AND g.user_id = w.user_id
  WHERE (w.last_read_at, w.joined_at) IS DISTINCT FROM (g.last_read_at, g.joined_at)
    AND EXISTS (SELECT 1 FROM messages m WHERE m.thread_id = w.thread_id AND m.created_at > coalesce(w.last_read_at, '-infinity') AND m.sender_id <> w.user_id);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER chat_thread_participants_mark_reading AFTER UPDATE ON chat_thread_participants REFERENCING OLD TABLE AS gone NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_reading();
--> statement-breakpoint
CREATE FUNCTION mark_moved_thread() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unread_marks (thread_id, user_id, at) SELECT p.thread_id, p.user_id, '-infinity' FROM chat_thread_participants p WHERE p.thread_id = NEW.id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER chat_threads_mark_moved AFTER UPDATE OF project_id ON chat_threads
  FOR EACH ROW WHEN (OLD.project_id IS DISTINCT FROM NEW.project_id) EXECUTE FUNCTION mark_moved_thread();
--> statement-breakpoint
-- A preference may unmute any thread that is watched of its user.
CREATE FUNCTION mark_preferences() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO unread_marks (user_id, at) SELECT DISTINCT user_id, '-infinity'::timestamptz FROM gone;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO unread_marks (user_id, at) SELECT DISTINCT user_id, '-infinity'::timestamptz FROM written;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER notification_preferences_mark_new AFTER INSERT ON notification_preferences REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_preferences();
--> statement-breakpoint
CREATE TRIGGER notification_preferences_mark_changed AFTER UPDATE ON notification_preferences REFERENCING OLD TABLE AS gone NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_preferences();
--> statement-breakpoint
CREATE TRIGGER notification_preferences_mark_gone AFTER DELETE ON notification_preferences REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION mark_preferences();
