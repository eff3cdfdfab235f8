import { type SQL, sql } from "drizzle-orm";
import type { jobs } from "../db/schema/postings.ts";
import { type Queryable, rows } from "../db/statement.ts";
import {
  isOpen,
  LISTED_COLUMNS,
  type ListedPosting,
  type ListedRow,
  listedPosting,
} from "./listed-postings.ts";

type Row = typeof jobs.$inferSelect;

/** The search; absent parts match every posting. */
export type PostingFilter = {
  /** Words of title, company and place, as a search engine reads them: "quoted", or, -without. */
  readonly words?: string | undefined;
  readonly company?: string | undefined;
  readonly location?: string | undefined;
  readonly isRemote?: boolean | undefined;
  readonly jobType?: NonNullable<Row["jobType"]> | undefined;
  readonly postedWithinDays?: number | undefined;
};

/** At most this many matches are counted. */
export const MAX_COUNTED = 10_000;

const WORDS = sql.raw("posting_words(j.title, j.company, j.location)");

/**
 * SQL: a query for words of one part of a posting: its title (A), company (B) or place (C). Restricts each
 * word of the query as Postgres writes it, `'green' & 'streets'`, to that part.
 */
const wordsOfPart = (text: string, part: "B" | "C"): SQL =>
  sql`regexp_replace(plainto_tsquery('pg_catalog.simple', ${text})::text, '''( |$)', ${`':${part}\\1`}, 'g')::tsquery`;

function conditionsOf(filter: PostingFilter, now: Date): SQL {
  const { words, company, location, isRemote, jobType, postedWithinDays } = filter;
  const conditions = [isOpen(now), sql`j.is_preferred`];
  if (words !== undefined)
    conditions.push(sql`${WORDS} @@ websearch_to_tsquery('pg_catalog.simple', ${words})`);
  if (company !== undefined) conditions.push(sql`${WORDS} @@ ${wordsOfPart(company, "B")}`);
  if (location !== undefined) conditions.push(sql`${WORDS} @@ ${wordsOfPart(location, "C")}`);
  if (isRemote !== undefined)
    conditions.push(isRemote ? sql`j.remote_type = 'remote'` : sql`j.remote_type is distinct from 'remote'`);
  if (jobType !== undefined) conditions.push(sql`j.job_type = ${jobType}`);
  if (postedWithinDays !== undefined) {
    const since = sql`${now}::timestamptz - ${postedWithinDays} * interval '1 day'`;
    // The first condition follows from the second, and has an index.
    conditions.push(sql`j.scraped_at >= ${since} and coalesce(j.posted_date, j.scraped_at) >= ${since}`);
  }
  return sql.join(conditions, sql` and `);
}

/** A page of the open postings that match, latest first, copies left out. `total` is at most MAX_COUNTED. */
export async function findPostings(
  on: Queryable,
  filter: PostingFilter,
  page: { readonly offset: number; readonly limit: number },
  now: Date,
): Promise<{ readonly postings: readonly ListedPosting[]; readonly total: number }> {
  const conditions = conditionsOf(filter, now);
  const [counted] = await rows<{ total: number }>(
    on,
    sql`select count(*)::int as total from (select 1 from jobs j where ${conditions} limit ${MAX_COUNTED}) as matching`,
  );
  const total = counted?.total ?? 0;
  if (page.offset >= total) return { postings: [], total };
  const found = await rows<ListedRow>(
    on,
    sql`select ${LISTED_COLUMNS} from jobs j where ${conditions}
        order by j.scraped_at desc, j.id desc limit ${page.limit} offset ${page.offset}`,
  );
  return { postings: found.map(listedPosting), total };
}

/** A posting with its text, open or closed; null if it is gone. */
export async function readPosting(on: Queryable, id: string): Promise<ListedPosting | null> {
  const [found] = await rows<ListedRow>(
    on,
    sql`select ${LISTED_COLUMNS}, j.description as text from jobs j where j.id = ${id}`,
  );
  return found ? listedPosting(found) : null;
}
