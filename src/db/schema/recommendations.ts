import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  date,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { bytes, hostId, id, instant, ref } from "./columns.ts";
import { jobs } from "./postings.ts";
import { userRef } from "./users.ts";

const postingRef = () =>
  ref()
    .notNull()
    .references(() => jobs.id, { onDelete: "cascade" });

/**
 * CVs of users. The host fills this table and the next two. Row-level security (src/db/roles.ts) shows a host
 * user only their own rows.
 */
export const cvs = pgTable(
  "cvs",
  {
    id: id(),
    hostId: hostId(),
    userId: userRef(),
    /** The output of a parser: `skills`, `job_title`. */
    parsedContent: jsonb().notNull().default({}),
    /** Read where no skill is parsed. */
    rawText: text(),
    parsingStatus: text({ enum: ["pending", "processing", "completed", "failed"] })
      .notNull()
      .default("completed"),
    /** The one that recommendations are computed from. */
    isActive: boolean().notNull().default(true),
    createdAt: instant().notNull().defaultNow(),
    /** A trigger sets it. */
    updatedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // recommendations: the active CV of a user, and the users with one.
    uniqueIndex("cvs_active").on(t.userId).where(sql`is_active`),
    // the CVs of a user who is erased.
    index("cvs_user").on(t.userId),
    check("cvs_status", sql`parsing_status in ('pending', 'processing', 'completed', 'failed')`),
  ],
).enableRLS();

/** The job preferences of a user. */
export const userProfiles = pgTable(
  "user_profiles",
  {
    userId: userRef().primaryKey(),
    hostId: hostId(),
    primaryJobTitle: text(),
    secondaryJobTitles: text().array().notNull().default(sql`'{}'`),
    seniorityLevel: text(),
    /** `remote` prefers remote postings, `remote_only` leaves the others out. */
    workPreference: text({ enum: ["remote", "remote_only", "hybrid", "onsite", "flexible"] }),
    /** A list of names, or of objects with a name or skill. */
    technicalSkills: jsonb().notNull().default([]),
    tools: text().array().notNull().default(sql`'{}'`),
    desiredIndustries: text().array().notNull().default(sql`'{}'`),
    /** Yearly. */
    salaryRangeMin: doublePrecision(),
    salaryRangeMax: doublePrecision(),
    /** ISO 4217. Without it, salaries are not compared. */
    salaryCurrency: text(),
    contractType: text().array().notNull().default(sql`'{}'`),
    preferredKeywords: text().array().notNull().default(sql`'{}'`),
    excludedKeywords: text().array().notNull().default(sql`'{}'`),
    blacklistedCompanies: text().array().notNull().default(sql`'{}'`),
    /** Postings that are older are not recommended. */
    jobFreshnessDays: integer().notNull().default(30),
    /** Whether titles, skills and the summary may be sent to the embeddings endpoint. */
    embeddingsAllowed: boolean().notNull().default(true),
    updatedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // incremental runs: profiles that changed.
    index("user_profiles_updated").on(t.updatedAt),
    check(
      "user_profiles_preference",
      sql`work_preference in ('remote', 'remote_only', 'hybrid', 'onsite', 'flexible')`,
    ),
    check("user_profiles_freshness", sql`job_freshness_days between 1 and 365`),
  ],
).enableRLS();

/** The actions of a user on a posting. */
export const jobApplications = pgTable(
  "job_applications",
  {
    userId: userRef(),
    jobId: postingRef(),
    hostId: hostId(),
    status: text({
      enum: ["saved", "applied", "dismissed", "hidden", "interviewing", "rejected", "offer"],
    }).notNull(),
    /** Why a posting was dismissed; ignored after 90 days. */
    dismissReason: text({ enum: ["company", "title", "other"] }),
    dismissedAt: instant(),
    savedAt: instant().notNull().defaultNow(),
    /** When a posting that is only saved is deleted. */
    expiresAt: instant().generatedAlwaysAs(
      // In the zone UTC the sum depends on no setting of the session.
      sql`(saved_at at time zone 'UTC' + interval '10 days') at time zone 'UTC'`,
    ),
    updatedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // recommendations: what a user did.
    primaryKey({ columns: [t.userId, t.jobId] }),
    // a posting that is deleted.
    index("job_applications_job").on(t.jobId),
    // cleanup-saved-jobs.
    index("job_applications_saved").on(t.expiresAt).where(sql`status = 'saved'`),
    // incremental runs: dismissals that are forgotten.
    index("job_applications_dismissed").on(t.dismissedAt).where(sql`dismiss_reason is not null`),
    check(
      "job_applications_status",
      sql`status in ('saved', 'applied', 'dismissed', 'hidden', 'interviewing', 'rejected', 'offer')`,
    ),
    check("job_applications_reason", sql`dismiss_reason in ('company', 'title', 'other')`),
  ],
).enableRLS();

/** Recommendations that a user has seen without opening them: one row per posting, counted by days. */
export const recommendationViews = pgTable(
  "recommendation_views",
  {
    userId: userRef(),
    jobId: postingRef(),
    /** Number of days on which it was seen. A click deletes the row. */
    days: smallint().notNull(),
    lastDay: date({ mode: "string" }).notNull(),
    updatedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // recommendations: what a user has seen.
    primaryKey({ columns: [t.userId, t.jobId] }),
    // a posting that is deleted.
    index("recommendation_views_job").on(t.jobId),
    // cleanup-recommendations.
    index("recommendation_views_last_day").on(t.lastDay),
  ],
).enableRLS();

/**
 * The recommendations of a user as one row: five million rows would take 30 times as long to write. The view
 * job_recommendations shows a row for each, and deletes them. A full list is stored inline, two on a page
 * (toast_tuple_target).
 */
export const recommendationLists = pgTable(
  "recommendation_lists",
  {
    userId: userRef().primaryKey(),
    /** Best first. The top, then the rest (src/scoring/postings/recommend/diversity.ts). */
    postingIds: bigint({ mode: "number" }).array().notNull(),
    scores: doublePrecision().array().notNull(),
    /** When each was recommended last, in seconds since 1970. It expires three days later. */
    createdAt: integer().array().notNull(),
    /** src/scoring/postings/recommend/components.ts. */
    components: bytes().notNull(),
    /** Number of items at the top. */
    firstPlaces: smallint().notNull(),
    /**
     * No posting that is not in the list comes before one of this score and id: higher scores first, then
     * lower ids.
     */
    floorScore: doublePrecision().notNull(),
    floorId: bigint({ mode: "number" }).notNull().default(0),
    /** Formula, vocabulary and weights. Lists of different versions are never merged. */
    algoVersion: text().notNull(),
    /** The instant that the scores were computed for. */
    asOf: instant().notNull(),
    /**
     * The user's facts that scores depend on (src/scoring/postings/recommend/packed-user.ts), so that runs
     * which merge lists need not read the CV. Null: not stored.
     */
    userFacts: bytes(),
  },
  (t) => [
    // cleanup-recommendations: lists that were not computed again.
    index("recommendation_lists_as_of").on(t.asOf),
    check(
      "recommendation_lists_sizes",
      sql`cardinality(scores) = cardinality(posting_ids) and cardinality(created_at) = cardinality(posting_ids)
          and length(components) = 24 * cardinality(posting_ids) and first_places between 0 and cardinality(posting_ids)`,
    ),
  ],
).enableRLS();

/** The last time that a user requested recommendations, which is allowed once an hour. */
export const recommendationRequests = pgTable(
  "recommendation_requests",
  {
    userId: userRef().primaryKey(),
    /** A row of job_runs. No foreign key: this row is deleted long before it. */
    runId: ref().notNull(),
    requestedAt: instant().notNull(),
  },
  (t) => [
    // cleanup-recommendations.
    index("recommendation_requests_requested").on(t.requestedAt),
  ],
);

/** Weights of skills, as the full runs computed them. Lists that are merged were computed with the same. */
export const skillRarities = pgTable("skill_rarities", {
  id: id(),
  vocabulary: text().notNull(),
  /** One byte for each skill of the vocabulary. */
  weights: bytes().notNull(),
  createdAt: instant().notNull().defaultNow(),
});

/** Names of the skills that stored components refer to by key. */
export const skillNames = pgTable("skill_names", { key: integer().primaryKey(), name: text().notNull() });

/**
 * Vectors of the texts of postings, by the SHA-256 of the text that was sent. Deleted after 30 days: texts
 * that are still in use are sent again.
 */
export const postingVectors = pgTable(
  "posting_vectors",
  {
    /** Rises with every vector, so that the latest one shows whether any was added. */
    id: id(),
    model: text().notNull(),
    textHash: bytes().notNull(),
    /** Single-precision floats, little-endian. */
    vector: bytes().notNull(),
    createdAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // recommendations: the vectors of texts.
    uniqueIndex("posting_vectors_text").on(t.model, t.textHash),
    // cleanup-recommendations.
    index("posting_vectors_created").on(t.createdAt),
    check("posting_vectors_size", sql`length(vector) between 4 and 32768 and length(vector) % 4 = 0`),
  ],
);

/** The vector of a user's text, identified by its hash: one row for each user. */
export const userVectors = pgTable(
  "user_vectors",
  {
    userId: userRef().primaryKey(),
    model: text().notNull(),
    textHash: bytes().notNull(),
    vector: bytes().notNull(),
    createdAt: instant().notNull().defaultNow(),
  },
  () => [check("user_vectors_size", sql`length(vector) between 4 and 32768 and length(vector) % 4 = 0`)],
).enableRLS();
