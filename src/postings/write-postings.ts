import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { PreparedPosting } from "./content.ts";

/** Fields of a posting in the columns of `jobs`, as JSON: one parameter, however many postings. */
const columnsOf = ({ posting, keys }: PreparedPosting) => ({
  source_id: posting.sourceId,
  title: posting.title,
  company: posting.company,
  location: posting.location,
  description: posting.description,
  job_link: posting.link,
  posted_date: posting.postedAt,
  valid_through: posting.validThrough,
  salary_min: posting.salary.min,
  salary_max: posting.salary.max,
  salary_currency: posting.salary.currency,
  salary_period: posting.salary.period,
  salary_raw: posting.salary.raw,
  job_type: posting.jobType,
  remote_type: posting.remoteType,
  content_key: keys.content,
});

const CONTENT = sql`title text, company text, location text, description text, job_link text, posted_date timestamptz,
  valid_through timestamptz, salary_min float8, salary_max float8, salary_currency text, salary_period text,
  salary_raw text, job_type text, remote_type text, content_key text`;

/** A posting to be stored. */
export type ToInsert = {
  readonly prepared: PreparedPosting;
  readonly isCopy: boolean;
  /**
   * The buckets by which others find its text. None for a copy: others are compared with its original, so
   * that a template used for thousands of postings counts as one text.
   */
  readonly buckets: readonly number[];
};

/** Rows of one statement. Postgres computes a search vector for each: 2,000 took 5 s on a busy machine. */
const ROWS_PER_INSERT = 200;

/** @returns the id of each, by its id at the source. */
export async function insertPostings(
  tx: Tx,
  source: string,
  postings: readonly ToInsert[],
  now: Date,
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (let from = 0; from < postings.length; from += ROWS_PER_INSERT) {
    const some = postings.slice(from, from + ROWS_PER_INSERT);
    for (const { id, sourceId } of await insertSome(tx, source, some, now)) ids.set(sourceId, id);
  }
  if (postings.length > 0) await insertBuckets(tx, postings, ids);
  return ids;
}

function insertSome(
  tx: Tx,
  source: string,
  postings: readonly ToInsert[],
  now: Date,
): Promise<{ id: string; sourceId: string }[]> {
  const records = JSON.stringify(postings.map(({ prepared }) => columnsOf(prepared)));
  return rows(
    tx,
    sql`insert into jobs (source, source_id, title, company, location, description, job_link, posted_date, valid_through,
                          salary_min, salary_max, salary_currency, salary_period, salary_raw, job_type, remote_type,
                          content_key, scraped_at, updated_at)
        select ${source}, source_id, title, company, location, description, job_link, posted_date, valid_through,
               salary_min, salary_max, salary_currency, salary_period, salary_raw, job_type, remote_type,
               content_key, ${now}::timestamptz, ${now}::timestamptz
        from jsonb_to_recordset(${records}::jsonb) as r (source_id text, ${CONTENT})
        returning id, source_id as "sourceId"`,
  );
}

async function insertBuckets(
  tx: Tx,
  postings: readonly ToInsert[],
  ids: ReadonlyMap<string, string>,
): Promise<void> {
  const entries = postings.flatMap(({ prepared, buckets }) =>
    buckets.map((bucket) => ({ bucket, id: ids.get(prepared.posting.sourceId) })),
  );
  await tx.execute(
    sql`insert into posting_buckets (bucket, posting_id)
        select * from unnest(${array(entries.map(({ bucket }) => bucket))}::bigint[],
                             ${array(entries.map(({ id }) => id))}::bigint[])
        on conflict do nothing`,
  );
}

/** A posting whose content is replaced, by that of the same source or of one that is preferred to it. */
export type Replacement = { readonly postingId: string; readonly prepared: PreparedPosting };

/**
 * Replaces the content of postings. Their clusters and buckets stay: a copy that was edited is still a copy.
 * A posting keeps its link if another one has the new link; if several would get the same, the first one
 * does.
 */
export async function replacePostings(
  tx: Tx,
  source: string,
  replacements: readonly Replacement[],
  now: Date,
): Promise<void> {
  if (replacements.length === 0) return;
  const records = JSON.stringify(
    replacements.map(({ postingId, prepared }) => ({ id: postingId, ...columnsOf(prepared) })),
  );
  await tx.execute(
    sql`update jobs j
        set source = ${source}, source_id = r.source_id, title = r.title, company = r.company, location = r.location,
            description = r.description, posted_date = r.posted_date, valid_through = r.valid_through,
            job_link = case when r.nth > 1 or exists (select from jobs o where o.job_link = r.job_link and o.id <> j.id)
                            then j.job_link else r.job_link end,
            salary_min = r.salary_min, salary_max = r.salary_max, salary_currency = r.salary_currency,
            salary_period = r.salary_period, salary_raw = r.salary_raw, job_type = r.job_type,
            remote_type = r.remote_type, content_key = r.content_key, updated_at = ${now}
        from (select *, row_number() over (partition by job_link order by id) as nth
              from jsonb_to_recordset(${records}::jsonb) as r (id int8, source_id text, ${CONTENT})) r
        where j.id = r.id`,
  );
}
