CREATE TABLE "notice_candidates" (
	"run_id" bigint NOT NULL,
	"project_id" bigint NOT NULL,
	"pairs" "bytea" NOT NULL,
	CONSTRAINT "notice_candidates_run_id_project_id_pk" PRIMARY KEY("run_id","project_id")
);
--> statement-breakpoint
ALTER TABLE "notice_candidates" ADD CONSTRAINT "notice_candidates_run_id_job_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."job_runs"("id") ON DELETE cascade ON UPDATE no action;