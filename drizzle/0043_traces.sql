ALTER TABLE "email_batches" ADD COLUMN "trace" text;--> statement-breakpoint
ALTER TABLE "job_runs" ADD COLUMN "trace" text;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "trace" text;--> statement-breakpoint
CREATE INDEX "outbox_trace" ON "outbox" USING btree (substr("trace", 4, 32)) WHERE trace is not null;--> statement-breakpoint

-- Entries that are written in SQL belong to the trace of their transaction: `<schema>.trace`, a W3C
-- `traceparent`, which the service sets while tracing is on, and a host where it wants to.
CREATE OR REPLACE FUNCTION ask_for_fan_out() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION append_for_host(job text, payload jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
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
END $$;
