CREATE INDEX "profile_access_following" ON "profile_access" USING btree ("viewer_id","owner_id") WHERE status = 'granted';--> statement-breakpoint
CREATE INDEX "profile_access_followers" ON "profile_access" USING btree ("owner_id","viewer_id") WHERE status = 'granted';--> statement-breakpoint

-- Numbers that hardly compress: compressing them took most of the time of storing a feed.
ALTER TABLE feed_presorted ALTER COLUMN items SET STORAGE EXTERNAL;
