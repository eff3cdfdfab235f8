ALTER TABLE "outbox" ADD COLUMN "postponed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "schedules" ADD COLUMN "paused_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "outbox_postponed" ON "outbox" USING btree ("postponed_at") WHERE postponed_at is not null;