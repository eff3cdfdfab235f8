ALTER TABLE "skills" ADD COLUMN "same_as" bigint;--> statement-breakpoint
ALTER TABLE "skills" ADD CONSTRAINT "skills_same_as_skills_id_fk" FOREIGN KEY ("same_as") REFERENCES "skills"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "skills_same_as" ON "skills" USING btree ("same_as") WHERE same_as is not null;