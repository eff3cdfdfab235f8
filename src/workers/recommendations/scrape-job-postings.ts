import { z } from "zod";
import type { ListRef } from "../../config/postings.ts";
import { type FetchedList, fetchList, listRange } from "../../postings/fetch-list.ts";
import { dueListings, nextRetryMs } from "../../postings/listings.ts";
import { recordList } from "../../postings/record-list.ts";
import { enqueue } from "../../queues/enqueue.ts";
import { defineJob, type RangedJob } from "../../queues/job.ts";
import { type Counts, done, skipped } from "../../queues/outcome.ts";

const NOTHING = { found: 0, stored: 0, duplicates: 0, failed: 0, closed: 0 };

type Payload = { source?: string | undefined; failedOnly?: boolean | undefined };

/**
 * Fetches the configured lists of job postings, each in a range of its own: a list that fails is counted and
 * fetched again later, and the others are stored.
 */
export const scrapeJobPostings: RangedJob<Payload, ListRef, FetchedList | null> = defineJob({
  name: "scrape-job-postings",
  queue: "recommendations",
  description:
    "Fetches job postings from the configured sources, stores new ones and closes those that are gone.",
  payload: z.object({
    source: z.string().optional().describe("fetch the lists of this source only"),
    failedOnly: z.boolean().optional().describe("fetch only lists that failed the last time"),
  }),
  // Hosts may take half a minute for each of several pages.
  timeLimitMs: 600_000,
  key: ({ source, failedOnly }) => (failedOnly ? "failed" : (source ?? "all")),
  range: listRange,
  cut: ({ source, failedOnly = false }, { tx, now, settings }) =>
    dueListings(tx, settings.postings.lists, { source, failedOnly }, now),
  compute: fetchList,
  run: async (list, context, fetched) => {
    // Null in a dry run.
    if (fetched === null) return done();
    const counts = await recordList(list, fetched, context);
    return done({ ...counts, ...ofSource(list.source, counts) });
  },
  sum: async (_payload, counts, { tx, now, settings }) => {
    if (settings.postings.lists.length === 0) return skipped("POSTING_LISTS is not set");
    if (counts["failedLists"] !== undefined) {
      const delayMs = await nextRetryMs(tx, settings.postings.lists, now);
      if (delayMs !== null) await enqueue(tx, scrapeJobPostings, { failedOnly: true }, { delayMs });
    }
    return done({ ...NOTHING, ...counts });
  },
});

const BY_SOURCE = ["found", "stored", "duplicates", "failed", "failedLists"] as const;

/** The counts of a source under its own name, such as `remotive.stored`. */
const ofSource = (source: string, counts: Counts): Counts =>
  Object.fromEntries(
    BY_SOURCE.flatMap((name) => {
      const count = counts[name] ?? 0;
      return count > 0 ? [[`${source}.${name}`, count]] : [];
    }),
  );
