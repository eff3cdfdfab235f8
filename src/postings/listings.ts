import { sql } from "drizzle-orm";
import type { ListRef } from "../config/postings.ts";
import { type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { Validators } from "../ports/polite-fetch/polite-fetch.ts";
import { sourceNamed } from "../ports/postings/index.ts";

/** The facts about a list that are kept between two fetches. */
export type Listing = {
  readonly validators: Validators | null;
  /** Postings in the last list that was read whole. */
  readonly listed: number | null;
  readonly shrunkSince: Date | null;
  readonly succeededAt: Date | null;
  readonly failures: number;
};

/** Which of the configured lists to fetch. */
export type ListChoice = { readonly source?: string | undefined; readonly failedOnly: boolean };

/** Adds rows for new lists. @returns those that may be fetched now. */
export async function dueListings(
  tx: Tx,
  lists: readonly ListRef[],
  { source, failedOnly }: ListChoice,
  now: Date,
): Promise<ListRef[]> {
  const configured = JSON.stringify(lists.filter((list) => source === undefined || list.source === source));
  await tx.execute(
    sql`insert into posting_listings (source, board)
        select source, board from jsonb_to_recordset(${configured}::jsonb) as c (source text, board text)
        on conflict do nothing`,
  );
  return rows<ListRef>(
    tx,
    sql`select l.source, l.board from posting_listings l
        join jsonb_to_recordset(${configured}::jsonb) as c (source text, board text) using (source, board)
        where (l.next_fetch_at is null or l.next_fetch_at <= ${now}::timestamptz)
          and (${!failedOnly} or l.failures > 0)
        order by l.source, l.board`,
  );
}

type ListingRow = {
  etag: string | null;
  lastModified: string | null;
  bodyHash: string | null;
  listed: number | null;
  shrunkSince: string | null;
  succeededAt: string | null;
  failures: number;
};

/** @param lock whether to lock the row until the end of the transaction. */
export async function readListing(
  on: Queryable,
  { source, board }: ListRef,
  lock: boolean,
): Promise<Listing | null> {
  const [row] = await rows<ListingRow>(
    on,
    sql`select etag, last_modified as "lastModified", body_hash as "bodyHash", listed, failures,
               shrunk_since as "shrunkSince", succeeded_at as "succeededAt"
        from posting_listings where source = ${source} and board = ${board} ${lock ? sql`for update` : sql``}`,
  );
  if (row === undefined) return null;
  const { etag, lastModified, bodyHash, listed, failures } = row;
  const isKnown = etag !== null || lastModified !== null || bodyHash !== null;
  return {
    validators: isKnown ? { etag, lastModified, bodyHash } : null,
    listed,
    failures,
    shrunkSince: row.shrunkSince === null ? null : new Date(row.shrunkSince),
    succeededAt: row.succeededAt === null ? null : new Date(row.succeededAt),
  };
}

const MINUTE_MS = 60_000;
const FIRST_RETRY_MS = 15 * MINUTE_MS;
const LAST_RETRY_MS = 6 * 60 * MINUTE_MS;

/** How long a list is not fetched after its n-th failure in a row: 15 minutes, doubling up to six hours. */
export const restAfterFailureMs = (failures: number): number =>
  Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10), LAST_RETRY_MS);

/** Records a fetch that failed. Everything else about the list is left unchanged. */
export async function recordFailure(
  tx: Tx,
  { source, board }: ListRef,
  failure: { readonly fault: string; readonly nextFetchAt: Date; readonly now: Date },
): Promise<void> {
  await tx.execute(
    sql`update posting_listings
        set tried_at = ${failure.now}, failures = failures + 1, fault = ${failure.fault}, next_fetch_at = ${failure.nextFetchAt}
        where source = ${source} and board = ${board}`,
  );
}

/** Records that the daily requests of a source are used up, which is not a failure. */
export async function recordUsedUp(tx: Tx, { source, board }: ListRef, now: Date): Promise<void> {
  const tomorrow = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1));
  await tx.execute(
    sql`update posting_listings set tried_at = ${now}, fault = 'requests-per-day-used', next_fetch_at = ${tomorrow}
        where source = ${source} and board = ${board}`,
  );
}

export type ListingCounts = {
  readonly found: number;
  readonly stored: number;
  readonly duplicates: number;
  readonly failed: number;
};

/** The changes of a successful fetch to the row of its list. */
export type Success = {
  readonly now: Date;
  readonly counts: ListingCounts;
  /** Null: the list is read again next time, even if it has not changed. */
  readonly validators: Validators | null;
  /** The number of postings of a list that was read whole, else the previous number. */
  readonly listed: number | null;
  readonly shrunkSince: Date | null;
};

export async function recordSuccess(tx: Tx, { source, board }: ListRef, success: Success): Promise<void> {
  const { now, counts, validators, listed, shrunkSince } = success;
  await tx.execute(
    sql`update posting_listings
        set tried_at = ${now}, succeeded_at = ${now}, failures = 0, fault = null,
            next_fetch_at = ${nextFetch(source, now)},
            etag = ${validators?.etag ?? null}, last_modified = ${validators?.lastModified ?? null},
            body_hash = ${validators?.bodyHash ?? null}, listed = ${listed}, shrunk_since = ${shrunkSince},
            found = ${counts.found}, stored = ${counts.stored}, duplicates = ${counts.duplicates}, failed = ${counts.failed}
        where source = ${source} and board = ${board}`,
  );
}

/** Records that the list has not changed since the last success. */
export async function recordUnchanged(tx: Tx, { source, board }: ListRef, now: Date): Promise<void> {
  await tx.execute(
    sql`update posting_listings
        set tried_at = ${now}, succeeded_at = ${now}, failures = 0, fault = null,
            next_fetch_at = ${nextFetch(source, now)}, found = 0, stored = 0, duplicates = 0, failed = 0
        where source = ${source} and board = ${board}`,
  );
}

const nextFetch = (source: string, now: Date): Date =>
  new Date(now.getTime() + (sourceNamed(source)?.terms.everyMinutes ?? 60) * MINUTE_MS);

/** In how many milliseconds the first list that failed may be fetched again; null if none did. */
export async function nextRetryMs(tx: Tx, lists: readonly ListRef[], now: Date): Promise<number | null> {
  const [next] = await rows<{ at: string | null }>(
    tx,
    sql`select min(l.next_fetch_at) as at from posting_listings l
        join jsonb_to_recordset(${JSON.stringify(lists)}::jsonb) as c (source text, board text) using (source, board)
        where l.failures > 0`,
  );
  return next?.at == null ? null : Math.max(new Date(next.at).getTime() - now.getTime(), 0);
}

/** The state of each list: `age` is seconds since its last success. */
export const listStates = (
  on: Queryable,
): Promise<{ source: string; board: string; failures: number; age: number | null }[]> =>
  rows(
    on,
    sql`select source, board, failures, (extract(epoch from now() - succeeded_at))::float8 as age from posting_listings`,
  );
