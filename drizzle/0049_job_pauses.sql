CREATE TABLE "job_activity" (
	"since" timestamp with time zone NOT NULL,
	"job" text NOT NULL,
	"carriers" integer NOT NULL,
	"settled" integer NOT NULL,
	"failed" integer NOT NULL,
	"ran_ms" bigint NOT NULL,
	"longest_ms" integer NOT NULL,
	CONSTRAINT "job_activity_since_job_pk" PRIMARY KEY("since","job")
);
--> statement-breakpoint
CREATE TABLE "job_pauses" (
	"job" text PRIMARY KEY NOT NULL,
	"until" timestamp with time zone NOT NULL
);
