ALTER TABLE "meetings" DROP CONSTRAINT "meetings_organizer_id_users_id_fk";
--> statement-breakpoint
ALTER TABLE "meetings" ALTER COLUMN "organizer_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "calendar_connections" ADD COLUMN "calendar_name" "bytea";--> statement-breakpoint
ALTER TABLE "calendar_copies" ADD COLUMN "self_key" text;--> statement-breakpoint
ALTER TABLE "calendar_copies" ADD COLUMN "response" text;--> statement-breakpoint
ALTER TABLE "calendar_copies" ADD COLUMN "removed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "calendar_meetings" ADD COLUMN "source_id" bigint;--> statement-breakpoint
ALTER TABLE "calendar_meetings" ADD COLUMN "from_organizer" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "calendar_meetings" ADD COLUMN "guests" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "calendar_meetings" ADD COLUMN "shows_everybody" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "meetings" ADD CONSTRAINT "meetings_organizer_id_users_id_fk" FOREIGN KEY ("organizer_id") REFERENCES "users"("id") ON DELETE set null ON UPDATE no action;
--> statement-breakpoint

-- Reading a thread settles the notification that counts its messages: it is read if nothing is left unread,
-- else it counts what is left. Messages that mention the reader have notifications of their own.
CREATE FUNCTION settle_counting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE notifications n SET
    updated_at = now(),
    read_at = CASE WHEN u.unread = 0 THEN now() END,
    count = greatest(u.unread, 1),
    title = regexp_replace(n.title, '^\d+ new messages?', greatest(u.unread, 1) || ' new message' || CASE WHEN u.unread > 1 THEN 's' ELSE '' END)
  FROM (
    SELECT c.id, (SELECT count(*)::int FROM (
             SELECT 1 FROM messages m
             WHERE m.thread_id = w.thread_id AND m.created_at > w.last_read_at AND m.sender_id <> w.user_id
               AND m.body NOT LIKE '%](user:' || w.user_id || ')%'
             LIMIT c.count) m) AS unread
    FROM written w
    JOIN gone g ON g.thread_id = w.thread_id AND g.user_id = w.user_id
    JOIN notifications c ON c.user_id = w.user_id AND c.thread_id = w.thread_id AND c.counting AND c.read_at IS NULL
    WHERE w.last_read_at > coalesce(g.last_read_at, '-infinity')) u
  WHERE n.id = u.id AND n.read_at IS NULL AND u.unread < n.count;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER chat_thread_participants_settle_counting AFTER UPDATE ON chat_thread_participants REFERENCING OLD TABLE AS gone NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION settle_counting();
