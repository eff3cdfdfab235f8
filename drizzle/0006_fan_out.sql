CREATE TABLE "event_outcomes" (
	"event_id" bigint PRIMARY KEY NOT NULL,
	"outcome" text NOT NULL,
	"reason" text,
	"decided_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "event_receipts" (
	"external_id" text PRIMARY KEY NOT NULL,
	"event_id" bigint NOT NULL,
	"inbox_id" bigint NOT NULL,
	"hash" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "event_sweep" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"through" bigint DEFAULT 0 NOT NULL,
	"horizon" bigint DEFAULT 0 NOT NULL,
	"horizon_xid" text,
	"seen" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "event_sweep_one_row" CHECK (one)
);
--> statement-breakpoint
DROP INDEX "notifications_user";--> statement-breakpoint
DROP INDEX "notifications_unread";--> statement-breakpoint
CREATE INDEX "deliveries_undeliverable" ON "deliveries" USING btree ("user_id") WHERE status in ('bounced', 'complained');--> statement-breakpoint
CREATE INDEX "notifications_changed" ON "notifications" USING btree ("user_id","updated_at","id");--> statement-breakpoint
CREATE INDEX "notifications_unread" ON "notifications" USING btree ("user_id","updated_at","id") WHERE read_at is null;