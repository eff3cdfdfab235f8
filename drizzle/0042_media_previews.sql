CREATE TABLE "media_previews" (
	"media_id" bigint PRIMARY KEY NOT NULL,
	"thumbhash" "bytea",
	"thumbnail" "bytea",
	"waveform" smallint[],
	"made_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "media_previews" ADD CONSTRAINT "media_previews_media_id_media_id_fk" FOREIGN KEY ("media_id") REFERENCES "media"("id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
-- What was made of a file goes with it.
CREATE FUNCTION drop_media_preview() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM media_previews WHERE media_id = NEW.id;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER media_other_file AFTER UPDATE OF storage_key ON media FOR EACH ROW
WHEN (OLD.storage_key IS DISTINCT FROM NEW.storage_key) EXECUTE FUNCTION drop_media_preview();
