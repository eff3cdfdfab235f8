ALTER TABLE "recommendation_lists" ADD COLUMN "user_facts" "bytea";--> statement-breakpoint
-- What is too long of a list is stored apart beginning with the facts, which runs that merge do not write
-- again.
ALTER TABLE recommendation_lists ALTER COLUMN posting_ids SET STORAGE MAIN, ALTER COLUMN scores SET STORAGE MAIN, ALTER COLUMN components SET STORAGE MAIN;
