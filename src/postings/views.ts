import { sql } from "drizzle-orm";
import { array, type Queryable } from "../db/statement.ts";

/** The recommendations that a user saw, by ids of postings. */
export type Views = { readonly seen: readonly string[]; readonly clicked: readonly string[] };

/** Days are counted up to this number. */
const MAX_DAYS = 255;

/**
 * Counts the days on which recommendations were seen without a click: one a day (UTC), and only for postings
 * on the user's list. A click restarts the count.
 *
 * @returns how many were counted, and how many counts were dropped.
 */
export async function recordViews(
  on: Queryable,
  userId: string,
  { seen, clicked }: Views,
  now: Date,
): Promise<{ readonly seen: number; readonly clicked: number }> {
  const isClicked = new Set(clicked);
  const unclicked = [...new Set(seen)].filter((id) => !isClicked.has(id));
  const dropped = await on.execute(
    sql`delete from recommendation_views
        where user_id = ${userId} and job_id = any(${array([...isClicked])}::bigint[])`,
  );
  const counted = await on.execute(
    sql`insert into recommendation_views as v (user_id, job_id, days, last_day)
        select l.user_id, j.id, 1, (${now}::timestamptz at time zone 'UTC')::date
        from recommendation_lists l join jobs j on j.id = any(l.posting_ids)
        where l.user_id = ${userId} and j.id = any(${array(unclicked)}::bigint[])
        order by j.id for key share of j
        on conflict (user_id, job_id) do update set days = least(v.days + 1, ${MAX_DAYS}), last_day = excluded.last_day
        where v.last_day < excluded.last_day`,
  );
  return { seen: counted.rowCount ?? 0, clicked: dropped.rowCount ?? 0 };
}
