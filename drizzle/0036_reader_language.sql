ALTER TABLE "notifications" ADD COLUMN "count_titles" text[];--> statement-breakpoint
ALTER TABLE "user_notification_settings" ADD COLUMN "digest_hour" integer DEFAULT 8 NOT NULL;--> statement-breakpoint
ALTER TABLE "user_notification_settings" ADD COLUMN "digest_day" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "user_notification_settings" ADD COLUMN "digest_changed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "language" text;--> statement-breakpoint
ALTER TABLE "user_notification_settings" ADD CONSTRAINT "user_notification_settings_digest" CHECK (digest_hour between 0 and 23 and digest_day between 1 and 7);
--> statement-breakpoint
-- The title of a notification that counts n messages, from titles by class of numbers: the first element has
-- the class of each number from 0 as a digit, and its second half repeats (src/languages/count-classes.ts).
-- Postgres does not know the plural rules of languages.
CREATE FUNCTION count_title(titles text[], n integer) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE half integer := length(titles[1]) / 2;
BEGIN
  RETURN replace(titles[2 + substr(titles[1], 1 + CASE WHEN n < 2 * half THEN n ELSE half + n % half END, 1)::integer], E'\x01', n::text);
END $$;
--> statement-breakpoint
-- As before, with titles in the language of the reader. Notifications from before have none, and are English.
CREATE OR REPLACE FUNCTION settle_unread_counts(users bigint[], threads bigint[]) RETURNS void LANGUAGE plpgsql AS $$
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
END $$;
