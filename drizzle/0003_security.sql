CREATE TABLE "ended_sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "volunteers" ADD COLUMN "grid_latitude" double precision GENERATED ALWAYS AS (floor(latitude / 0.02::float8 + 0.5::float8) * 0.02::float8) STORED;--> statement-breakpoint
ALTER TABLE "volunteers" ADD COLUMN "grid_longitude" double precision GENERATED ALWAYS AS (floor(longitude / 0.02::float8 + 0.5::float8) * 0.02::float8) STORED;