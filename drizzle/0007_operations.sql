ALTER TABLE "volunteers" ALTER COLUMN "grid_latitude" DROP EXPRESSION;--> statement-breakpoint
ALTER TABLE "volunteers" ALTER COLUMN "grid_longitude" DROP EXPRESSION;--> statement-breakpoint
ALTER TABLE "volunteers" ADD COLUMN "grid_moves" timestamp with time zone[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "volunteers" ADD COLUMN "grid_waiting" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "outbox_failing" ON "outbox" USING btree ("queue") WHERE attempts >= 5 and dead_at is null;--> statement-breakpoint
CREATE INDEX "volunteers_waiting" ON "volunteers" USING btree ("user_id") WHERE grid_waiting;--> statement-breakpoint
-- The cell of a volunteer changes at most twice a day, so that many moves do not tell where others are. A
-- third change waits (src/project-matching/waiting-locations.ts). Hiding the location counts at once.
CREATE FUNCTION place_on_grid() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  cell_latitude float8 := floor(NEW.latitude / 0.02::float8 + 0.5::float8) * 0.02::float8;
  cell_longitude float8 := floor(NEW.longitude / 0.02::float8 + 0.5::float8) * 0.02::float8;
BEGIN
  NEW.grid_waiting := false;
  IF cell_latitude IS NOT DISTINCT FROM NEW.grid_latitude AND cell_longitude IS NOT DISTINCT FROM NEW.grid_longitude THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND cell_latitude IS NOT NULL THEN
    IF cardinality(NEW.grid_moves) >= 2 AND NEW.grid_moves[1] > now() - interval '1 day' THEN
      NEW.grid_waiting := true;
      RETURN NEW;
    END IF;
    NEW.grid_moves := (NEW.grid_moves || now())[greatest(cardinality(NEW.grid_moves), 1):];
  END IF;
  NEW.grid_latitude := cell_latitude;
  NEW.grid_longitude := cell_longitude;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER volunteers_place_new BEFORE INSERT ON volunteers
  FOR EACH ROW WHEN (NEW.latitude IS NOT NULL) EXECUTE FUNCTION place_on_grid();
--> statement-breakpoint
CREATE TRIGGER volunteers_place_moved BEFORE UPDATE OF latitude, longitude, grid_waiting ON volunteers
  FOR EACH ROW EXECUTE FUNCTION place_on_grid();
