DROP INDEX "outbox_held";--> statement-breakpoint
DROP INDEX "outbox_parked";--> statement-breakpoint
CREATE INDEX "outbox_held" ON "outbox" USING btree ("job","id") WHERE run_at = 'infinity' and postponed_at is not null;--> statement-breakpoint
CREATE INDEX "outbox_parked" ON "outbox" USING btree ("parent","id") WHERE run_at = 'infinity' and postponed_at is null;