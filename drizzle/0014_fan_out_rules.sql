-- The rules of the fan-out that tables alone cannot state. drizzle/schema.sql shows the result.

INSERT INTO event_sweep (one) VALUES (true);
--> statement-breakpoint

-- Each event is asked for by the statement that writes it, whoever wrote it: an entry for up to a hundred of them, so that the sales of
-- a group, which write a thousand, pay for ten rows. It is the one place that notifies, and only for rows from outside the service:
-- a notice in every transaction would halve the commits.
CREATE FUNCTION ask_for_fan_out() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO outbox (queue, job, key, payload)
  SELECT 'notifications', 'notify-fan-out',
         CASE WHEN count(*) = 1 THEN min(id)::text ELSE min(id) || '..' || max(id) END,
         jsonb_build_object('eventIds', jsonb_agg(id::text ORDER BY id))
  FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / 100 AS entry FROM written_events) e
  GROUP BY entry ORDER BY entry
  ON CONFLICT (job, key) DO NOTHING;
  IF FOUND AND current_setting('commonwork.relayed', true) IS DISTINCT FROM 'on' THEN
    PERFORM pg_notify('commonwork_asked', '');
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER domain_events_ask_for_fan_out AFTER INSERT ON domain_events REFERENCING NEW TABLE AS written_events
  FOR EACH STATEMENT EXECUTE FUNCTION ask_for_fan_out();
--> statement-breakpoint

-- Events that were written before are told as well, the oldest first. Whoever does not want that deletes them before migrating.
INSERT INTO outbox (queue, job, key, payload)
SELECT 'notifications', 'notify-fan-out',
       CASE WHEN count(*) = 1 THEN min(id)::text ELSE min(id) || '..' || max(id) END,
       jsonb_build_object('eventIds', jsonb_agg(id::text ORDER BY id))
FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / 100 AS entry FROM domain_events) e
GROUP BY entry ORDER BY entry;
