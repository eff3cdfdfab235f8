-- Multipliers that were worked out before their next date was kept: the next run looks at each of them once, and notes it.
INSERT INTO multiplier_marks (profile_id, due_at)
SELECT id, '-infinity' FROM volunteer_profiles WHERE multiplier_calculated_at IS NOT NULL;
--> statement-breakpoint

-- A new referrer counts what the profile did and what is marked for it, also when that lies after the next run. A transaction that is
-- still writing an assignment marks the referrer that it sees, the old one: so the new one is looked at until such a one has ended,
-- for a day. (Locks would have the host platform wait, or deadlock, where it updates profile and assignment together.)
CREATE OR REPLACE FUNCTION mark_profile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO multiplier_marks (profile_id, due_at) VALUES (NEW.id, '-infinity');
  IF TG_OP = 'UPDATE' AND NEW.referrer_id IS DISTINCT FROM OLD.referrer_id THEN
    INSERT INTO multiplier_marks (profile_id, due_at)
    SELECT id, '-infinity' FROM unnest(ARRAY[OLD.referrer_id, NEW.referrer_id]) AS referrer(id) WHERE id IS NOT NULL
    UNION ALL SELECT NEW.referrer_id, now() + interval '24 hours' WHERE NEW.referrer_id IS NOT NULL
    UNION ALL SELECT NEW.referrer_id, m.due_at FROM multiplier_marks m WHERE m.profile_id = NEW.id AND NEW.referrer_id IS NOT NULL;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint

-- The times of its multiplier make the row of a profile longer than it was when it came. The page needs room for another one of that
-- length: with less, one in eight new versions went elsewhere, and was written into five indexes.
ALTER TABLE volunteer_profiles SET (fillfactor = 40);
