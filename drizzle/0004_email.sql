ALTER TABLE "email_events" DROP CONSTRAINT "email_events_kind";--> statement-breakpoint
DROP INDEX "unsubscribe_tokens_email";--> statement-breakpoint
ALTER TABLE "emails" ADD COLUMN "composed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "unsubscribe_tokens" ADD COLUMN "round" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "user_notification_settings" ADD COLUMN "unsubscribed_types" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "unsubscribe_tokens_email" ON "unsubscribe_tokens" USING btree ("email_id","round");--> statement-breakpoint
ALTER TABLE "email_events" ADD CONSTRAINT "email_events_kind" CHECK (kind in ('delivered', 'hard_bounce', 'soft_bounce', 'complained', 'suppressed', 'failed'));