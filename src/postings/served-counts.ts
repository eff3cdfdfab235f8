import { sql } from "drizzle-orm";
import { cutIds } from "../db/cut-ids.ts";
import type { IdRange } from "../db/id-ranges.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { isOpen } from "./listed-postings.ts";

/** Ranges of user ids, `to` excluded, with at most `size` stored lists each. */
export const cutListedUsers = (tx: Tx, size: number): Promise<IdRange[]> =>
  cutIds(tx, sql`select user_id as id from recommendation_lists`, size);

/**
 * How many recommendations the users of a range have that are open, not expired, and neither dismissed,
 * hidden nor applied for, nor copies of such. Users with none are left out.
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
          and not exists (select 1 from job_applications a join jobs o on o.id = a.job_id
                          where a.user_id = r.user_id and a.user_id >= ${from}::bigint and a.user_id < ${to}::bigint
                            and a.status <> 'saved' and coalesce(o.cluster, o.id) = coalesce(j.cluster, j.id))
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
