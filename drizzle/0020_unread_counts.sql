CREATE INDEX "domain_events_message" ON "domain_events" USING btree (left("payload"->>'message_id', 20)) WHERE event_type = 'chat_message_sent';--> statement-breakpoint

-- Settles the notifications that count the messages of threads for readers of these threads, given as two
-- parallel lists: one is read if none of its messages is unread, else it counts those that are. Counts only
-- messages that were counted: of a later one, fan-out decides after the reader has read.
CREATE FUNCTION settle_unread_counts(users bigint[], threads bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  -- A statement of its own, so that the next one sees what was counted while this one waited.
  PERFORM n.id FROM unnest(users, threads) AS r(user_id, thread_id)
  JOIN notifications n ON n.user_id = r.user_id AND n.thread_id = r.thread_id AND n.counting AND n.read_at IS NULL
  ORDER BY n.user_id, n.thread_id FOR UPDATE OF n;
  UPDATE notifications n SET
    updated_at = now(),
    read_at = CASE WHEN u.unread = 0 THEN now() END,
    count = greatest(u.unread, 1),
    title = regexp_replace(n.title, '^\d+ new messages?', greatest(u.unread, 1) || ' new message' || CASE WHEN u.unread > 1 THEN 's' ELSE '' END)
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
--> statement-breakpoint
CREATE OR REPLACE FUNCTION settle_counting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM settle_unread_counts(array_agg(w.user_id), array_agg(w.thread_id))
  FROM written w JOIN gone g ON g.thread_id = w.thread_id AND g.user_id = w.user_id
  WHERE w.last_read_at > coalesce(g.last_read_at, '-infinity');
  RETURN NULL;
END $$;
