import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "../db/transaction.ts";
import { FEED_LIFETIME_MS, FEED_VERSION } from "./stored-feeds.ts";

/** Rows of each kind in one transaction. */
export const CLEANUP_BATCH = 5_000;

export type CleanupCounts = {
  /** Versions that no session pages through. */
  readonly replaced: number;
  /** Feeds that have expired, of other versions of the formula, and of users who are inactive or gone. */
  readonly stale: number;
  /** Items that were seen more than 24 hours ago. */
  readonly seen: number;
};

/** Deletes feeds that are no longer served, at most CLEANUP_BATCH rows of each kind. */
export async function deleteStaleFeeds(tx: Tx, now: Date): Promise<CleanupCounts> {
  const keptSince = new Date(now.getTime() - FEED_LIFETIME_MS);
  const feeds = (condition: SQL) =>
    tx.execute(
      sql`delete from feed_presorted where id in (
            select s.id from feed_presorted s where ${condition} limit ${CLEANUP_BATCH} for update skip locked)`,
    );
  const replaced = await feeds(sql`s.replaced_at <= ${keptSince}::timestamptz`);
  const expired = await feeds(sql`s.replaced_at is null and s.expires_at <= ${keptSince}::timestamptz`);
  const unserved = await feeds(
    sql`s.replaced_at is null and (s.algo_version <> ${FEED_VERSION} or not exists (
          select 1 from users u where u.id = s.user_id and u.deactivated_at is null and u.erased_at is null))`,
  );
  const seen = await tx.execute(
    sql`delete from feed_seen where ctid = any(array(
          select f.ctid from feed_seen f where f.seen_at <= ${now}::timestamptz - interval '24 hours' limit ${CLEANUP_BATCH}))`,
  );
  return {
    replaced: replaced.rowCount ?? 0,
    stale: (expired.rowCount ?? 0) + (unserved.rowCount ?? 0),
    seen: seen.rowCount ?? 0,
  };
}
