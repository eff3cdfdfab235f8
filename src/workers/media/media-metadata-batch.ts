import { z } from "zod";
import { type CheckedRecord, checkRangeFiles } from "../../media/check-range.ts";
import { type CheckRange, checkRange, cutUnchecked, NO_STORE } from "../../media/queue-checks.ts";
import { NO_CHECKS, recordRange } from "../../media/record-metadata.ts";
import { defineJob, type RangedJob } from "../../queues/job.ts";
import { done, skipped } from "../../queues/outcome.ts";

const HOUR_MS = 3_600_000;

type Payload = { batchSize: number; maxAgeHours: number; pauseMs: number };

/** Checks recent uploads, and those that failed lately again. */
export const mediaMetadataBatch: RangedJob<Payload, CheckRange, CheckedRecord[] | null> = defineJob({
  name: "media-metadata-batch",
  queue: "media",
  description: "Checks recent media records that were not checked yet.",
  payload: z.object({
    batchSize: z.int().min(1).max(1_000).default(50).describe("records per batch"),
    maxAgeHours: z
      .int()
      .min(1)
      .max(87_600)
      .default(24)
      .describe("check records that are at most this many hours old"),
    pauseMs: z.int().min(0).max(60_000).default(100).describe("pause before each batch, in ms"),
  }),
  timeLimitMs: 600_000,
  key: () => "all",
  range: checkRange,
  cut: async ({ batchSize, maxAgeHours, pauseMs }, { tx, now, settings }) => {
    if (!settings.media.isStored) return [];
    const since = new Date(now.getTime() - maxAgeHours * HOUR_MS).toISOString();
    return cutUnchecked(tx, { since, previews: null, perRange: batchSize, pauseMs });
  },
  compute: checkRangeFiles,
  run: (_range, context, checked) => recordRange(context, checked),
  sum: async (_payload, counts, { settings }) =>
    settings.media.isStored ? done({ ...NO_CHECKS, ...counts }) : skipped(NO_STORE),
});
