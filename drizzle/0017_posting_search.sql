-- The words of a posting: of its title (A), company (B) and place (C). Search compares them by the index
-- jobs_search.
CREATE FUNCTION posting_words(title text, company text, location text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT setweight(to_tsvector('pg_catalog.simple', title), 'A') || setweight(to_tsvector('pg_catalog.simple', company), 'B')
      || setweight(to_tsvector('pg_catalog.simple', coalesce(location, '')), 'C')
$$;
--> statement-breakpoint
CREATE TABLE "recommendation_requests" (
	"user_id" bigint PRIMARY KEY NOT NULL,
	"run_id" bigint NOT NULL,
	"requested_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "recommendation_requests" ADD CONSTRAINT "recommendation_requests_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "recommendation_requests_requested" ON "recommendation_requests" USING btree ("requested_at");--> statement-breakpoint
CREATE INDEX "jobs_search" ON "jobs" USING gin (posting_words(title, company, location)) WHERE status = 'open';