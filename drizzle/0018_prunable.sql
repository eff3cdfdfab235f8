DROP INDEX "jobs_closed";--> statement-breakpoint
CREATE INDEX "inbox_prunable" ON "inbox" USING btree ("id") WHERE outcome = 'duplicate' or source not in ('scicent', 'scicent_refund');--> statement-breakpoint
CREATE INDEX "meeting_reminders_start" ON "meeting_reminders" USING btree ("start_time");--> statement-breakpoint
CREATE INDEX "jobs_closed_fetched" ON "jobs" USING btree ("closed_at") WHERE status = 'closed' and source <> 'host';--> statement-breakpoint
CREATE INDEX "audit_log_prunable" ON "audit_log" USING btree ("id") WHERE split_part(action, '.', 1) not in ('sale', 'commission', 'referral', 'ledger');--> statement-breakpoint
CREATE INDEX "audit_log_failed_logins" ON "audit_log" USING btree ("id") WHERE action = 'admin.login-failed';--> statement-breakpoint
CREATE INDEX "recommendation_lists_as_of" ON "recommendation_lists" USING btree ("as_of");