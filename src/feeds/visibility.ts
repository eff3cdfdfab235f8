import { type SQL, sql } from "drizzle-orm";

/**
 * SQL: whether post `p` of author `u` may be shown to a user at all, but for its visibility: neither is
 * hidden or gone, and neither of the two has blocked the other.
 */
export const isShownTo = (userId: string): SQL =>
  sql`p.hidden_at is null and p.deleted_at is null and ${isPresent}
      and not exists (select 1 from user_blocks b where b.blocker_id = u.id and b.blocked_id = ${userId}::bigint)
      and not exists (select 1 from user_blocks b where b.blocker_id = ${userId}::bigint and b.blocked_id = u.id)`;

/** SQL: whether user `u` is there: not locked out, not erased, not banned, and not deleted. */
export const isPresent: SQL = sql`u.deactivated_at is null and u.erased_at is null
  and not exists (select 1 from profiles r where r.user_id = u.id and (r.banned or r.deleted_at is not null))`;

/**
 * SQL: whether a user may see the visibility of post `p`: it is public, theirs, or of somebody whom they
 * follow.
 */
export const isReadableBy = (userId: string): SQL =>
  sql`(p.visibility = 'public' or p.author_id = ${userId}::bigint or exists (
        select 1 from profile_access a where a.owner_id = p.author_id and a.viewer_id = ${userId}::bigint and a.status = 'granted'))`;
