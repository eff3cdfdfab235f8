import { type SQL, sql } from "drizzle-orm";
import { hostInstant } from "../db/instants.ts";
import type { jobs } from "../db/schema/postings.ts";
import { array, prepared, type Queryable, rows } from "../db/statement.ts";
import { webLink } from "./web-link.ts";

type Row = typeof jobs.$inferSelect;

/** A posting as shown in lists: everything but its text. */
export type ListedPosting = Pick<
  Row,
  "title" | "company" | "location" | "source" | "status" | "salaryCurrency" | "salaryPeriod" | "salaryRaw"
> &
  Pick<Row, "salaryMin" | "salaryMax" | "jobType" | "remoteType"> & {
    readonly id: string;
    readonly cluster: number | null;
    /** The host's id where there is one, else the public one. */
    readonly reference: string;
    /** The page of the posting; null if it is not a web page. */
    readonly link: string | null;
    readonly postedAt: Date;
    readonly scrapedAt: Date;
    readonly validThrough: Date | null;
    /** The description; null if it was not read. */
    readonly text: string | null;
  };

/** The columns of a listed posting, from `jobs j`. */
export const LISTED_COLUMNS: SQL =
  sql.raw(`j.id, coalesce(j.host_id, j.public_id::text) as reference, j.title, j.company, j.location,
  j.job_link as link, j.source, j.status, least(coalesce(j.posted_date, j.scraped_at), j.scraped_at) as "postedAt",
  j.scraped_at as "scrapedAt", j.valid_through as "validThrough", j.salary_min as "salaryMin", j.salary_max as "salaryMax",
  j.salary_currency as "salaryCurrency", j.salary_period as "salaryPeriod", j.salary_raw as "salaryRaw",
  j.job_type as "jobType", j.remote_type as "remoteType", j.cluster`);

/** A row of LISTED_COLUMNS. */
export type ListedRow = Omit<
  ListedPosting,
  "postedAt" | "scrapedAt" | "validThrough" | "cluster" | "text"
> & {
  readonly postedAt: string;
  readonly scrapedAt: string;
  readonly validThrough: string | null;
  readonly cluster: string | null;
  readonly text?: string | null;
} & Record<string, unknown>;

export const listedPosting = ({ link, cluster, text = null, ...row }: ListedRow): ListedPosting => ({
  ...row,
  link: webLink(link),
  cluster: cluster === null ? null : Number(cluster),
  postedAt: hostInstant(row.postedAt),
  scrapedAt: hostInstant(row.scrapedAt),
  validThrough: row.validThrough === null ? null : hostInstant(row.validThrough),
  text,
});

/** The open ones among the postings, by id. */
export async function readListedPostings(
  on: Queryable,
  ids: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, ListedPosting>> {
  if (ids.length === 0) return new Map();
  const found = await rows<ListedRow>(
    on,
    prepared`select ${LISTED_COLUMNS} from jobs j where j.id = any(${array(ids)}::bigint[]) and ${isOpen(now)}`,
  );
  return new Map(found.map((row) => [row.id, listedPosting(row)]));
}

/** SQL: whether the posting `j` is open, and its last day is not over. */
export const isOpen = (now: Date): SQL =>
  sql`(j.status = 'open' and (j.valid_through is null or j.valid_through >= ${now}::timestamptz))`;
