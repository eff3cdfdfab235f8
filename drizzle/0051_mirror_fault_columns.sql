ALTER TABLE "mirror_faults" ADD COLUMN "column_name" text;--> statement-breakpoint
ALTER TABLE "mirror_faults" ADD COLUMN "reason" text;