ALTER TABLE "outbox" ADD COLUMN "caused_by" bigint;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "caused_by_job" text;