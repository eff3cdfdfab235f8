import { z } from "zod";
import { type CheckedRecord, checkRangeFiles } from "../../media/check-range.ts";
import { type CheckRange, checkRange, cutUnchecked, NO_STORE } from "../../media/queue-checks.ts";
import { NO_CHECKS, recordRange } from "../../media/record-metadata.ts";
import { defineJob, type RangedJob } from "../../queues/job.ts";
import { done, skipped } from "../../queues/outcome.ts";

const PER_RANGE = 50;

/** Checks everything that waits for a check, of any age: for backfills. */
export const mediaMetadataAll: RangedJob<
  Record<string, never>,
  CheckRange,
  CheckedRecord[] | null
> = defineJob({
  name: "media-metadata-all",
  queue: "media",
  description:
    "Checks every media record that was not checked yet, whatever its age, and creates missing previews (MEDIA_PREVIEWS) of those that were.",
  payload: z.object({}),
  timeLimitMs: 600_000,
  key: () => "all",
  range: checkRange,
  cut: async (_payload, { tx, settings }) =>
    settings.media.isStored
      ? cutUnchecked(tx, { since: null, previews: settings.media.previews, perRange: PER_RANGE, pauseMs: 0 })
      : [],
  compute: checkRangeFiles,
  run: (_range, context, checked) => recordRange(context, checked),
  sum: async (_payload, counts, { settings }) =>
    settings.media.isStored ? done({ ...NO_CHECKS, ...counts }) : skipped(NO_STORE),
});
