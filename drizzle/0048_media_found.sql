ALTER TABLE "media_previews" ADD COLUMN "parts" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
-- A record that is given another file waits for a check again, and nothing that was found of the file before
-- stays: it would be shown as READY unread. A column that the same statement gives another value keeps that.
CREATE FUNCTION forget_media_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.status = OLD.status AND OLD.status IN ('READY', 'REJECTED', 'FAILED_PROCESSING') THEN NEW.status := 'UPLOADED'; END IF;
  IF NEW.mime_type IS NOT DISTINCT FROM OLD.mime_type THEN NEW.mime_type := NULL; END IF;
  IF NEW.size_bytes IS NOT DISTINCT FROM OLD.size_bytes THEN NEW.size_bytes := NULL; END IF;
  IF NEW.width IS NOT DISTINCT FROM OLD.width THEN NEW.width := NULL; END IF;
  IF NEW.height IS NOT DISTINCT FROM OLD.height THEN NEW.height := NULL; END IF;
  IF NEW.duration_ms IS NOT DISTINCT FROM OLD.duration_ms THEN NEW.duration_ms := NULL; END IF;
  NEW.details := '{}'; NEW.rejections := NULL; NEW.fault := NULL; NEW.failures := 0;
  RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER media_forget_check BEFORE UPDATE OF storage_key ON media FOR EACH ROW
WHEN (OLD.storage_key IS DISTINCT FROM NEW.storage_key AND OLD.checked_at IS NOT NULL) EXECUTE FUNCTION forget_media_check();--> statement-breakpoint
-- A check that finds another size or type under the same key has read another file.
DROP TRIGGER media_other_file ON media;--> statement-breakpoint
CREATE TRIGGER media_other_file AFTER UPDATE OF storage_key, size_bytes, mime_type ON media FOR EACH ROW
WHEN (OLD.storage_key IS DISTINCT FROM NEW.storage_key OR OLD.size_bytes <> NEW.size_bytes OR OLD.mime_type <> NEW.mime_type)
EXECUTE FUNCTION drop_media_preview();
