DROP INDEX "outbox_parked";--> statement-breakpoint
CREATE INDEX "event_receipts_event" ON "event_receipts" USING btree ("event_id");--> statement-breakpoint
CREATE INDEX "outbox_held" ON "outbox" USING btree ("job","id") WHERE run_at = 'infinity' and parent is null;--> statement-breakpoint
CREATE INDEX "outbox_parked" ON "outbox" USING btree ("parent","id") WHERE run_at = 'infinity' and parent is not null;