CREATE TABLE "pending_records" (
	"mirror" text NOT NULL,
	"key" text NOT NULL,
	"columns" jsonb NOT NULL,
	CONSTRAINT "pending_records_mirror_key_pk" PRIMARY KEY("mirror","key")
);
--> statement-breakpoint
CREATE TABLE "record_versions" (
	"mirror" text NOT NULL,
	"key" text NOT NULL,
	"version" bigint NOT NULL,
	"hash" "bytea",
	"deleted" boolean NOT NULL,
	CONSTRAINT "record_versions_mirror_key_pk" PRIMARY KEY("mirror","key")
);
--> statement-breakpoint
ALTER TABLE "mirror_waiting" ADD COLUMN "quiet" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "mirrors" ADD COLUMN "of_records" boolean DEFAULT false NOT NULL;--> statement-breakpoint
-- As the other functions that a host calls: `commonwork grants --print` gives its role the right.
REVOKE ALL ON FUNCTION record_engagement(jsonb) FROM PUBLIC;
