import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { isOpen } from "./listed-postings.ts";

/** No bigint is higher. */
const MAX_ID = "9223372036854775807";

/** Ranges of user ids, `to` excluded, with at most `size` stored lists each. */
export async function cutListedUsers(tx: Tx, size: number): Promise<{ from: string; to: string }[]> {
  const starts = await rows<{ id: string }>(
    tx,
    sql`select user_id as id from (select user_id, row_number() over (order by user_id) as n from recommendation_lists) counted
        where (n - 1) % ${size} = 0 order by user_id`,
  );
  return starts.map(({ id }, index) => ({ from: id, to: starts[index + 1]?.id ?? MAX_ID }));
}

/**
 * How many recommendations the users of a range have that are open, not expired, and neither dismissed,
 * hidden nor applied for. Users with none are left out.
 */
export const countServed = (
  tx: Tx,
  { from, to }: { readonly from: string; readonly to: string },
  now: Date,
): Promise<{ userId: string; count: number }[]> =>
  rows(
    tx,
    sql`select r.user_id as "userId", count(*)::int as count
        from job_recommendations r join jobs j on j.id = r.job_id and ${isOpen(now)}
        where r.user_id >= ${from}::bigint and r.user_id < ${to}::bigint and r.expires_at > ${now}::timestamptz
          and not exists (select 1 from job_applications a
                          where a.user_id = r.user_id and a.job_id = r.job_id and a.status <> 'saved')
        group by r.user_id order by r.user_id`,
  );

/** Whether a run of a job that began within a number of days has ended well. */
export async function hasRunSince(tx: Tx, job: string, days: number, now: Date): Promise<boolean> {
  const found = await rows(
    tx,
    sql`select 1 from job_runs
        where job = ${job} and status = 'done' and coalesce(slot, created_at) > ${now}::timestamptz - ${days} * interval '1 day'
        limit 1`,
  );
  return found.length > 0;
}
