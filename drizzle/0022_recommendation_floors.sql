ALTER TABLE "recommendation_lists" ADD COLUMN "floor_id" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "jobs_recommended" ON "jobs" USING btree ("scraped_at","id","updated_at") WHERE status = 'open' and is_preferred;--> statement-breakpoint
-- A full list is stored inline, two on a page, instead of with its components in another table.
ALTER TABLE recommendation_lists SET (toast_tuple_target = 4080);
