DROP INDEX "inbox_prunable";--> statement-breakpoint
CREATE INDEX "inbox_rejected" ON "inbox" USING btree ("raw_hash") WHERE outcome = 'rejected' and raw is not null;--> statement-breakpoint
CREATE INDEX "inbox_prunable" ON "inbox" USING btree ("id") WHERE outcome = 'duplicate' or outcome = 'rejected' and raw is null or source not in ('scicent', 'scicent_refund');