ALTER TABLE "user_traits" DROP CONSTRAINT "user_traits_user_id_trait_id_pk";
--> statement-breakpoint
-- The traits that are there are those of the first version of the algorithm. A default adds the column
-- without writing the rows.
DO $$
DECLARE
  first bigint;
BEGIN
  INSERT INTO list_versions (area, algo_version, as_of, state, served_at) VALUES ('traits', 1, now(), 'served', now()) RETURNING id INTO first;
  EXECUTE format('ALTER TABLE user_traits ADD COLUMN version bigint NOT NULL DEFAULT %s', first);
END $$;
--> statement-breakpoint
ALTER TABLE "user_traits" ALTER COLUMN "version" DROP DEFAULT;
--> statement-breakpoint
ALTER TABLE "user_traits" ADD CONSTRAINT "user_traits_user_id_version_trait_id_pk" PRIMARY KEY("user_id","version","trait_id");
--> statement-breakpoint
-- Traits of a version that is not served are not noted; a swap of versions is noted as one change.
DROP TRIGGER user_traits_note_inserted ON user_traits;
--> statement-breakpoint
CREATE TRIGGER user_traits_note_inserted AFTER INSERT ON user_traits REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION note_results('user_traits', 'user_id', 'served', '');
--> statement-breakpoint
DROP TRIGGER user_traits_note_updated ON user_traits;
--> statement-breakpoint
CREATE TRIGGER user_traits_note_updated AFTER UPDATE ON user_traits REFERENCING OLD TABLE AS gone NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION note_results('user_traits', 'user_id', 'served', '');
--> statement-breakpoint
DROP TRIGGER user_traits_note_deleted ON user_traits;
--> statement-breakpoint
CREATE TRIGGER user_traits_note_deleted AFTER DELETE ON user_traits REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION note_results('user_traits', 'user_id', 'served', '');
--> statement-breakpoint
CREATE TRIGGER list_versions_note_traits AFTER UPDATE OF state ON list_versions FOR EACH ROW
  WHEN (new.area = 'traits' AND 'served' IN (old.state, new.state)) EXECUTE FUNCTION note_all('user_traits');
--> statement-breakpoint
CREATE TRIGGER list_versions_note_deleted_traits AFTER DELETE ON list_versions FOR EACH ROW
  WHEN (old.area = 'traits' AND old.state = 'served') EXECUTE FUNCTION note_all('user_traits');
