CREATE TABLE "processes" (
	"id" text PRIMARY KEY NOT NULL,
	"machine" text NOT NULL,
	"pid" integer NOT NULL,
	"version" text NOT NULL,
	"roles" text[] NOT NULL,
	"queues" text[] NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"seen_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "queue_minutes" (
	"minute" timestamp with time zone NOT NULL,
	"queue" text NOT NULL,
	"settled" integer NOT NULL,
	"retried" integer NOT NULL,
	"died" integer NOT NULL,
	"carriers" integer NOT NULL,
	"waited_ms" bigint NOT NULL,
	"longest_wait_ms" integer NOT NULL,
	"ran_ms" bigint NOT NULL,
	CONSTRAINT "queue_minutes_minute_queue_pk" PRIMARY KEY("minute","queue")
);
--> statement-breakpoint
CREATE INDEX "job_runs_status" ON "job_runs" USING btree ("status","id");