DROP INDEX "deliveries_undeliverable";--> statement-breakpoint
DROP INDEX "emails_experiment";--> statement-breakpoint
CREATE INDEX "email_suppressions_created" ON "email_suppressions" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "media_refused" ON "media" USING btree ("checked_at" DESC NULLS LAST) WHERE status in ('REJECTED', 'FAILED_PROCESSING');--> statement-breakpoint
CREATE INDEX "deliveries_user" ON "deliveries" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX "audit_log_actor" ON "audit_log" USING btree ("actor","id");--> statement-breakpoint
CREATE INDEX "audit_log_action" ON "audit_log" USING btree ("action","id");--> statement-breakpoint
CREATE INDEX "emails_experiment" ON "emails" USING btree ("experiment","id") WHERE experiment is not null;