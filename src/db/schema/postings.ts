import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  date,
  doublePrecision,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { hostId, id, instant, ref } from "./columns.ts";

/**
 * Job postings that users may apply for. The only table in whose name "job" means a posting. Rows come from
 * the sources in src/ports/postings, or from the host.
 */
export const jobs = pgTable(
  "jobs",
  {
    id: id(),
    hostId: hostId(),
    /** The id that APIs and links show. */
    publicId: uuid().notNull().unique().defaultRandom(),
    title: text().notNull(),
    company: text().notNull(),
    location: text(),
    /** Plain text. */
    description: text().notNull().default(""),
    /** The page of the posting as its source wrote it, without tracking parameters. */
    jobLink: text().unique(),
    /** Of the copy that the row shows: a copy with the same link may replace it (posting_sightings). */
    source: text().notNull().default("host"),
    sourceId: text(),
    postedDate: instant(),
    /** When it was first stored. */
    scrapedAt: instant().notNull().defaultNow(),
    /** When its content was last written. */
    updatedAt: instant().notNull().defaultNow(),
    /** The employer takes applications until then, if the source says so. */
    validThrough: instant(),
    salaryMin: doublePrecision(),
    salaryMax: doublePrecision(),
    /** ISO 4217. */
    salaryCurrency: text(),
    salaryPeriod: text({ enum: ["hour", "day", "week", "month", "year"] }),
    /** The salary as the source words it. */
    salaryRaw: text(),
    jobType: text({
      enum: ["full-time", "part-time", "contract", "freelance", "temporary", "internship", "volunteer"],
    }),
    remoteType: text({ enum: ["remote", "hybrid", "onsite"] }),
    status: text({ enum: ["open", "closed"] })
      .notNull()
      .default("open"),
    closedAt: instant(),
    /** Company without its legal form, title without level and location, place or "remote". */
    contentKey: text(),
    /** The same for all copies: the id of the first of them. Null: no copy is known. */
    cluster: ref(),
    /** Whether this is the copy of its cluster that is shown. */
    isPreferred: boolean().notNull().default(true),
  },
  (t) => [
    uniqueIndex("jobs_source").on(t.source, t.sourceId),
    // duplicates: postings with the same content.
    index("jobs_content_key").on(t.contentKey, t.id),
    // the copies of a posting.
    index("jobs_cluster").on(t.cluster).where(sql`cluster is not null`),
    // recommendations: open postings of the last days.
    index("jobs_open_scraped").on(t.scrapedAt, t.id).where(sql`status = 'open'`),
    // recommendations: whether any of these has changed, without reading the table.
    index("jobs_recommended").on(t.scrapedAt, t.id, t.updatedAt).where(sql`status = 'open' and is_preferred`),
    // search: words of title (A), company (B) and place (C).
    index("jobs_search")
      .using("gin", sql`posting_words(title, company, location)`)
      .where(sql`status = 'open'`),
    // cleanup-old-postings: what is past its last day.
    index("jobs_open_valid_through").on(t.validThrough).where(sql`status = 'open'`),
    // cleanup-old-postings: what was closed long ago. Postings of the host are kept.
    index("jobs_closed_fetched").on(t.closedAt).where(sql`status = 'closed' and source <> 'host'`),
    check("jobs_title", sql`title <> '' and company <> ''`),
    check("jobs_status", sql`status in ('open', 'closed')`),
    check("jobs_closed_when", sql`(status = 'closed') = (closed_at is not null)`),
    check("jobs_salary", sql`salary_min between 0 and 1e9 and salary_max between 0 and 1e9`),
    check("jobs_salary_period", sql`salary_period in ('hour', 'day', 'week', 'month', 'year')`),
    check(
      "jobs_type",
      sql`job_type in ('full-time', 'part-time', 'contract', 'freelance', 'temporary', 'internship', 'volunteer')`,
    ),
    check("jobs_remote_type", sql`remote_type in ('remote', 'hybrid', 'onsite')`),
  ],
);

/** LSH buckets of the texts of postings that are no copies (src/scoring/postings/near-duplicate.ts). */
export const postingBuckets = pgTable(
  "posting_buckets",
  {
    bucket: bigint({ mode: "number" }).notNull(),
    postingId: ref()
      .notNull()
      .references(() => jobs.id, { onDelete: "cascade" }),
  },
  (t) => [
    // duplicates: postings with a similar text.
    primaryKey({ columns: [t.bucket, t.postingId] }),
    // deleting a posting.
    index("posting_buckets_posting").on(t.postingId),
  ],
);

/** A list of postings that is fetched: a source, and for some sources a board or page of it. */
export const postingListings = pgTable(
  "posting_listings",
  {
    source: text().notNull(),
    /** The board, country or page; empty for a source that has one list. */
    board: text().notNull().default(""),
    /** The last attempt, and the last one that read the whole list. */
    triedAt: instant(),
    succeededAt: instant(),
    /** Not fetched before. */
    nextFetchAt: instant(),
    /** Failures since the last success, and the reason of the last one. */
    failures: integer().notNull().default(0),
    fault: text(),
    /** Validators of the last response whose postings are all stored. */
    etag: text(),
    lastModified: text(),
    /** SHA-256 of its body, for hosts that send no validators. */
    bodyHash: text(),
    /** Postings in the last list that was read whole. */
    listed: integer(),
    /** Since when the list has had fewer than half of these. */
    shrunkSince: instant(),
    /** Counts of the last successful fetch. */
    found: integer().notNull().default(0),
    stored: integer().notNull().default(0),
    duplicates: integer().notNull().default(0),
    failed: integer().notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.source, t.board] })],
);

/** A posting as a list contains it: its id there. A posting is open while a list contains it. */
export const postingSightings = pgTable(
  "posting_sightings",
  {
    source: text().notNull(),
    sourceId: text().notNull(),
    board: text().notNull().default(""),
    postingId: ref()
      .notNull()
      .references(() => jobs.id, { onDelete: "cascade" }),
    seenAt: instant().notNull(),
    /** Hash of the posting as it was listed, to notice edits. */
    contentHash: text().notNull(),
    /** Successful full listings in a row that did not contain it. */
    missing: smallint().notNull().default(0),
  },
  (t) => [
    // duplicates of the first level.
    primaryKey({ columns: [t.source, t.sourceId] }),
    // scrape-job-postings: what the list contained so far.
    index("posting_sightings_listing").on(t.source, t.board),
    // whether any list still contains a posting.
    index("posting_sightings_posting").on(t.postingId),
    // cleanup-old-postings: not seen for long.
    index("posting_sightings_seen").on(t.seenAt),
    foreignKey({
      name: "posting_sightings_listing_fk",
      columns: [t.source, t.board],
      foreignColumns: [postingListings.source, postingListings.board],
    }).onDelete("cascade"),
  ],
);

/** Requests to a host by day (UTC), for hosts whose terms limit them. */
export const outsideRequests = pgTable(
  "outside_requests",
  {
    name: text().notNull(),
    day: date({ mode: "string" }).notNull(),
    requests: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.name, t.day] }),
    // cleanup-old-postings: days past.
    index("outside_requests_day").on(t.day),
  ],
);

/** The robots.txt of an origin, fetched once a day. */
export const robotsFiles = pgTable("robots_files", {
  origin: text().primaryKey(),
  /** Null: the host had none. */
  rules: text(),
  fetchedAt: instant().notNull(),
});
