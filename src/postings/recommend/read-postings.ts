import { type SQL, sql } from "drizzle-orm";
import { cutIds } from "../../db/cut-ids.ts";
import type { IdRange } from "../../db/id-ranges.ts";
import { rows } from "../../db/statement.ts";
import type { Tx } from "../../db/transaction.ts";
import { WINDOW_MS } from "../../scoring/postings/recommend/score-posting.ts";

/** SQL: changes that were committed within this time of an instant may have happened before it. */
export const COMMIT_LAG = sql.raw("interval '15 minutes'");

/** A host may store infinity, which cannot be converted to milliseconds. */
const ms = (instant: SQL): SQL => sql`floor(extract(epoch from
  least(greatest(${instant}, timestamptz '0001-01-01 00:00:00Z'), timestamptz '9999-12-31 00:00:00Z')) * 1000)::bigint`;

const HOUR_MS = 3_600_000;

/**
 * SQL: whether the posting `j` is open and was stored in the window of an instant. The window begins at a
 * full hour, so that runs within an hour share an index; scores apply it exactly.
 */
const isCandidate = (asOf: Date): SQL => {
  const from = new Date(Math.floor(asOf.getTime() / HOUR_MS) * HOUR_MS - WINDOW_MS);
  return sql`(j.status = 'open' and j.is_preferred and j.scraped_at >= ${from}::timestamptz)`;
};

/** The age of a posting counts from here. */
const POSTED_AT = sql`least(coalesce(j.posted_date, j.scraped_at), j.scraped_at)`;

/** SQL: whether a posting is scored again for everyone by a run that follows `since`. */
const isChanged = (since: Date, asOf: Date): SQL => {
  const crossed = (step: string) =>
    sql`${POSTED_AT} + ${sql.raw(`interval '${step}'`)} between ${since}::timestamptz and ${asOf}::timestamptz`;
  return sql`(greatest(j.scraped_at, j.updated_at) >= ${since}::timestamptz - ${COMMIT_LAG} or j.cluster is not null
              or ${crossed("48 hours")} or ${crossed("168 hours")})`;
};

/** Changes when any posting of the window does. */
export async function postingsFingerprint(tx: Tx, asOf: Date): Promise<string> {
  const [found] = await rows<{ fingerprint: string }>(
    tx,
    sql`select concat_ws('.', count(*), coalesce(sum(j.id), 0), max(j.updated_at)) as fingerprint from jobs j where ${isCandidate(asOf)}`,
  );
  return found?.fingerprint ?? "";
}

/** About 100 ms of reading. */
const POSTINGS_PER_PIECE = 1_000;

/** Which postings to read: all of the window, or those that a run after `since` scores again. */
export type PostingScope = { readonly asOf: Date; readonly changedSince: Date | null };

/** Ranges of ids, from `from` up to but not including `to`, that hold the postings of a scope. */
export const cutPostings = (tx: Tx, scope: PostingScope): Promise<IdRange[]> =>
  cutIds(tx, sql`select j.id from jobs j where ${inPostingScope(scope)}`, POSTINGS_PER_PIECE);

const inPostingScope = ({ asOf, changedSince }: PostingScope): SQL =>
  changedSince === null ? isCandidate(asOf) : sql`${isCandidate(asOf)} and ${isChanged(changedSince, asOf)}`;

/** SQL: the posting `j` as a PostingRow. */
export const POSTING_ROW = sql`json_build_object(
  'id', j.id, 'cluster', j.cluster, 'title', left(j.title, 500), 'company', left(j.company, 500),
  'description', left(j.description, 20000), 'isRemote', coalesce(j.remote_type = 'remote', false),
  'salaryMin', j.salary_min, 'salaryMax', j.salary_max, 'salaryCurrency', j.salary_currency, 'salaryPeriod', j.salary_period,
  'postedAt', ${ms(POSTED_AT)}, 'scrapedAt', ${ms(sql`j.scraped_at`)})`;

/** The postings of a scope with these ids, as a JSON array of PostingRow. */
export async function readPostings(
  tx: Tx,
  scope: PostingScope,
  { from, to }: { from: string; to: string },
): Promise<string> {
  await tx.execute(sql`set local jit = off`);
  const [read] = await rows<{ postings: string }>(
    tx,
    sql`select coalesce(json_agg(${POSTING_ROW}), '[]'::json)::text as postings
        from jobs j where j.id >= ${from}::bigint and j.id < ${to}::bigint and ${inPostingScope(scope)}`,
  );
  return read?.postings ?? "[]";
}

/** All postings of the window, as a JSON array of [id, OpenPosting], with unnormalized companies. */
export async function readOpenPostings(tx: Tx, asOf: Date, changedSince: Date): Promise<string> {
  const [read] = await rows<{ postings: string }>(
    tx,
    sql`select coalesce(json_agg(json_build_array(j.id, json_build_object(
          'cluster', j.cluster, 'company', left(j.company, 500), 'postedAt', ${ms(POSTED_AT)}, 'scrapedAt', ${ms(sql`j.scraped_at`)},
          'isChanged', ${isChanged(changedSince, asOf)}))), '[]'::json)::text as postings
        from jobs j where ${isCandidate(asOf)}`,
  );
  return read?.postings ?? "[]";
}
