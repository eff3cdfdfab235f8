CREATE TABLE "pair_entries" (
	"version" bigint NOT NULL,
	"part" integer NOT NULL,
	"change" integer NOT NULL,
	"lists" integer[] NOT NULL,
	"candidates" integer[] NOT NULL,
	"scores" real[] NOT NULL,
	"components" "bytea" NOT NULL,
	CONSTRAINT "pair_entries_version_part_change_pk" PRIMARY KEY("version","part","change"),
	CONSTRAINT "pair_entries_sizes" CHECK ((cardinality(candidates) = cardinality(lists) or part < 0) and cardinality(scores) = cardinality(candidates)
          and length(components) = 6 * cardinality(candidates))
);
--> statement-breakpoint
ALTER TABLE "pair_lists" ADD COLUMN "changed" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "pair_entries" ADD CONSTRAINT "pair_entries_version_list_versions_id_fk" FOREIGN KEY ("version") REFERENCES "list_versions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "pair_lists_changed" ON "pair_lists" USING btree ("version","changed") WHERE changed > 0;--> statement-breakpoint
-- Numbers that do not compress.
ALTER TABLE pair_entries ALTER COLUMN lists SET STORAGE EXTERNAL, ALTER COLUMN candidates SET STORAGE EXTERNAL, ALTER COLUMN scores SET STORAGE EXTERNAL,
  ALTER COLUMN components SET STORAGE EXTERNAL;
--> statement-breakpoint
-- Until now placements were merged into the lists of others, so that all entries are valid.
UPDATE pair_people SET changed = 0 WHERE changed > 0;
--> statement-breakpoint
-- Notes the users whose lists somebody entered or left.
CREATE FUNCTION note_pair_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM change_feeds) THEN
    RETURN NULL;
  END IF;
  INSERT INTO result_changes (source, keys)
  SELECT 'pair_lists', array_agg(n.user_id ORDER BY n.user_id)
  FROM (SELECT d.user_id, (row_number() OVER (ORDER BY d.user_id) - 1) / 1000 AS part
        FROM (SELECT DISTINCT p.user_id
              FROM written w CROSS JOIN LATERAL unnest(w.lists) AS l(list)
              JOIN list_versions v ON v.id = w.version AND v.state = 'served'
              JOIN pair_people p ON p.version = w.version AND p.position = l.list / 2) d) n
  GROUP BY n.part ORDER BY n.part;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER pair_entries_note_inserted AFTER INSERT ON pair_entries REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION note_pair_entries();
--> statement-breakpoint
-- Of what a list was written with, those who were placed since are left out; pair_entries has them. Parts are
-- of 512 viewers, lists are 2 x position of the viewer and 1 for tier B.
CREATE OR REPLACE VIEW match_scores WITH (security_invoker = true) AS
  SELECT s.user_id, s.candidate_id, s.score, s.tier, t.terms AS components, pair_reasons(s.user_id, s.candidate_id, t.terms) AS reasons,
         s.scored_at
  FROM (SELECT l.user_id, c.candidate_id, c.score, l.tier, c.components, l.scored_at, v.served_length,
               row_number() OVER (PARTITION BY l.user_id, l.tier ORDER BY c.score DESC, c.candidate_id) AS rank
        FROM list_versions v
        JOIN pair_lists l ON l.version = v.id
        JOIN pair_people o ON o.version = l.version AND o.user_id = l.user_id
        CROSS JOIN LATERAL (
          SELECT p.user_id AS candidate_id, i.score, substring(l.components FROM (i.n::int - 1) * 6 + 1 FOR 6) AS components
          FROM unnest(l.positions, l.scores) WITH ORDINALITY AS i(position, score, n)
          JOIN pair_people p ON p.version = l.version AND p.position = i.position AND p.changed <= l.changed
          UNION ALL
          SELECT p.user_id, e.scores[i.at], substring(e.components FROM (i.at - 1) * 6 + 1 FOR 6)
          FROM pair_entries e
          CROSS JOIN LATERAL unnest(array_positions(e.lists, 2 * o.position + CASE l.tier WHEN 'A' THEN 0 ELSE 1 END)) AS i(at)
          JOIN pair_people p ON p.version = l.version AND p.position = e.candidates[i.at] AND p.changed = e.change
          WHERE e.version = l.version AND e.part = o.position / 512 AND e.change > l.changed) c
        WHERE v.area = 'pairs' AND v.state = 'served' AND may_see(l.user_id, c.candidate_id)) s
  CROSS JOIN LATERAL (SELECT pair_terms(s.components, 1) AS terms) t
  WHERE s.rank <= coalesce(s.served_length, s.rank);
