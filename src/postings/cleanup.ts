import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { POSTING_SOURCES } from "../ports/postings/index.ts";
import { MISSES_TO_CLOSE } from "../scoring/postings/listing-verdict.ts";
import { preferCopies } from "./clusters.ts";
import { clustersOf } from "./sightings.ts";

/** Rows of one statement. */
const MAX_ROWS = 5_000;

const PARTIAL_SOURCES = POSTING_SOURCES.filter(({ isFull }) => !isFull).map(({ name }) => name);

/** Closes open postings that have expired. @returns how many; at most `MAX_ROWS`. */
export const closeExpired = (tx: Tx, now: Date): Promise<number> =>
  close(
    tx,
    now,
    sql`select id from jobs where status = 'open' and valid_through < ${now}::timestamptz
        order by valid_through limit ${MAX_ROWS}`,
  );

/**
 * Closes postings that no list has contained for a number of days. These days are counted until the last
 * successful fetch, so an outage closes nothing; the postings of a list that is no longer fetched are closed
 * after that time.
 */
export async function closeUnseen(tx: Tx, days: number, now: Date): Promise<number> {
  const unseen = await rows<{ id: string }>(
    tx,
    sql`update posting_sightings s set missing = ${MISSES_TO_CLOSE}
        where (source, source_id) in (
          select s.source, s.source_id from posting_sightings s join posting_listings l using (source, board)
          where s.missing < ${MISSES_TO_CLOSE} and s.seen_at < ${now}::timestamptz - ${days} * interval '1 day'
            and (l.tried_at < ${now}::timestamptz - ${days} * interval '1 day'
                 or s.source = any(${array(PARTIAL_SOURCES)}::text[])
                    and s.seen_at < l.succeeded_at - ${days} * interval '1 day')
          order by s.seen_at limit ${MAX_ROWS})
        returning posting_id as id`,
  );
  return close(
    tx,
    now,
    sql`select id from jobs
        where status = 'open' and id = any(${array(unseen.map(({ id }) => id))}::bigint[])
          and not exists (select from posting_sightings s where s.posting_id = jobs.id and s.missing < ${MISSES_TO_CLOSE})`,
  );
}

async function close(tx: Tx, now: Date, which: ReturnType<typeof sql>): Promise<number> {
  const closed = await rows<{ cluster: string | null }>(
    tx,
    sql`update jobs set status = 'closed', closed_at = ${now} where id in (${which}) returning cluster`,
  );
  await preferCopies(tx, clustersOf(closed), now);
  return closed.length;
}

/** Postings that were passed over on weekdays are read again on Sundays. */
const WEEK_DAYS = 7;
const SUNDAY = 0;

/**
 * Deletes postings that were closed a number of days ago. Recommendations expire three days after a posting
 * was open for the last time, so none of them is recommended any longer; postings of the host stay, and so do
 * those that a user saved or applied to. Those stay for years, so they are read on Sundays only; on other
 * days only postings that became old within the last week are.
 */
export async function deleteClosed(tx: Tx, days: number, now: Date): Promise<number> {
  const sinceDays = now.getUTCDay() === SUNDAY ? null : days + WEEK_DAYS;
  const deleted = await tx.execute(
    sql`delete from jobs where id in (
          select id from jobs where status = 'closed' and source <> 'host'
            and closed_at < ${now}::timestamptz - ${days} * interval '1 day'
            and closed_at >= coalesce(${now}::timestamptz - ${sinceDays}::int * interval '1 day', '-infinity')
            and not exists (select 1 from job_applications a where a.job_id = jobs.id and a.status not in ('dismissed', 'hidden'))
          order by closed_at limit ${MAX_ROWS})`,
  );
  return deleted.rowCount ?? 0;
}

const REQUEST_DAYS = 7;
const ROBOTS_DAYS = 30;

/** Deletes old counts of requests, and robots.txt files of hosts that are no longer called. */
export async function deleteFetchRecords(tx: Tx, now: Date): Promise<void> {
  await tx.execute(
    sql`delete from outside_requests where day < (${now}::timestamptz at time zone 'UTC')::date - ${REQUEST_DAYS}::int`,
  );
  await tx.execute(
    sql`delete from robots_files where fetched_at < ${now}::timestamptz - ${ROBOTS_DAYS} * interval '1 day'`,
  );
}

/** Whether a statement may have left rows behind. */
export const isFullPass = (changed: number): boolean => changed >= MAX_ROWS;
