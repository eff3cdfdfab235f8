CREATE TABLE "posting_buckets" (
	"bucket" bigint NOT NULL,
	"posting_id" bigint NOT NULL,
	CONSTRAINT "posting_buckets_bucket_posting_id_pk" PRIMARY KEY("bucket","posting_id")
);
--> statement-breakpoint
DROP INDEX "jobs_buckets";--> statement-breakpoint
ALTER TABLE "posting_buckets" ADD CONSTRAINT "posting_buckets_posting_id_jobs_id_fk" FOREIGN KEY ("posting_id") REFERENCES "jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "posting_buckets_posting" ON "posting_buckets" USING btree ("posting_id");--> statement-breakpoint
ALTER TABLE "jobs" DROP COLUMN "buckets";