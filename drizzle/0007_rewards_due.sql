DROP INDEX "budget_awards_profile";--> statement-breakpoint
DROP INDEX "multiplier_marks_due";--> statement-breakpoint
DROP INDEX "task_assignments_open";--> statement-breakpoint
ALTER TABLE "volunteer_profiles" ADD COLUMN "multiplier_due_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "task_assignments_open" ON "task_assignments" USING btree ("assignee_id","assigned_at","reviewed_at") WHERE submitted_at is null;