import { type SQL, sql } from "drizzle-orm";

/**
 * SQL: whether post `p` of author `u` may be shown to a user, apart from its visibility: neither is hidden or
 * gone, neither of the two has blocked the other, and the user has hidden neither.
 */
export const isShownTo = (userId: string): SQL =>
  sql`p.hidden_at is null and p.deleted_at is null and ${isPresent}
      and not exists (select 1 from user_blocks b where b.blocker_id = u.id and b.blocked_id = ${userId}::bigint)
      and not exists (select 1 from user_blocks b where b.blocker_id = ${userId}::bigint and b.blocked_id = u.id)
      and not ${hasHidden(userId, "post", sql`p.id`)} and not ${hasHidden(userId, "user", sql`u.id`)}`;

/** SQL: whether a user has hidden a post or a person, and not taken it back. */
export const hasHidden = (userId: string, kind: "post" | "user", id: SQL): SQL =>
  sql`exists (select 1 from engagement_events h
        where h.user_id = ${userId}::bigint and h.kind = 'hide' and h.target_kind = ${sql.raw(`'${kind}'`)} and h.target_id = ${id} and h.taken_back_at is null)`;

/** SQL: whether user `u` is neither locked out nor erased, banned or deleted. */
export const isPresent: SQL = sql`u.deactivated_at is null and u.erased_at is null
  and not exists (select 1 from profiles r where r.user_id = u.id and (r.banned or r.deleted_at is not null))`;

/** SQL: whether post `p` is for everybody: it is public, and its author is not hidden from others. */
export const isForEverybody: SQL = sql`(p.visibility = 'public'
  and not exists (select 1 from profiles r where r.user_id = p.author_id and not r.visible))`;

/**
 * SQL: whether the visibility of post `p` lets a user see it: it is public, theirs, or by a user whom they
 * follow.
 */
export const isReadableBy = (userId: string): SQL =>
  sql`(${isForEverybody} or p.author_id = ${userId}::bigint or exists (
        select 1 from profile_access a where a.owner_id = p.author_id and a.viewer_id = ${userId}::bigint and a.status = 'granted'))`;
