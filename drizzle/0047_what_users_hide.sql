CREATE INDEX "engagement_events_hidden" ON "engagement_events" USING btree ("user_id","target_id") WHERE kind = 'hide';--> statement-breakpoint
-- Whether a user may see a post: as `isShownTo` and `isReadableBy` in src/feeds/visibility.ts. Posts of
-- people who are hidden from others are like private ones, and what a user has hidden is not shown to them.
CREATE OR REPLACE FUNCTION may_read(viewer bigint, post bigint) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM posts p JOIN users u ON u.id = p.author_id
    WHERE p.id = post AND p.hidden_at IS NULL AND p.deleted_at IS NULL AND u.deactivated_at IS NULL AND u.erased_at IS NULL
      AND NOT EXISTS (SELECT FROM profiles r WHERE r.user_id = u.id AND (r.banned OR r.deleted_at IS NOT NULL))
      AND NOT EXISTS (SELECT FROM user_blocks b WHERE b.blocker_id = u.id AND b.blocked_id = viewer)
      AND NOT EXISTS (SELECT FROM user_blocks b WHERE b.blocker_id = viewer AND b.blocked_id = u.id)
      AND NOT EXISTS (
        SELECT FROM engagement_events h
        WHERE h.user_id = viewer AND h.kind = 'hide' AND h.taken_back_at IS NULL
          AND (h.target_kind = 'post' AND h.target_id = p.id OR h.target_kind = 'user' AND h.target_id = u.id))
      AND (p.visibility = 'public' AND NOT EXISTS (SELECT FROM profiles r WHERE r.user_id = u.id AND NOT r.visible)
        OR u.id = viewer OR EXISTS (
          SELECT FROM profile_access a WHERE a.owner_id = u.id AND a.viewer_id = viewer AND a.status = 'granted')));
END $$;
