import { z } from "zod";
import { ownIdField } from "../../ids.ts";
import { type CheckedRecord, checkRangeFiles } from "../../media/check-range.ts";
import { type CheckRange, checkRange, findRecord, NO_STORE, rangeOfOne } from "../../media/queue-checks.ts";
import { recordRange } from "../../media/record-metadata.ts";
import { defineJob, type RangedJob } from "../../queues/job.ts";
import { Cancel, done, skipped } from "../../queues/outcome.ts";

/** Checks one media record, also one that was checked before. */
export const mediaMetadata: RangedJob<{ mediaId: string }, CheckRange, CheckedRecord[] | null> = defineJob({
  name: "media-metadata",
  queue: "media",
  description: "Reads the file of one media record, stores its metadata, and sets the status of the record.",
  payload: z.object({ mediaId: ownIdField().describe("the media record to check") }),
  timeLimitMs: 600_000,
  key: ({ mediaId }) => mediaId,
  range: checkRange,
  cut: async ({ mediaId }, { tx, settings }) => {
    const record = await findRecord(tx, mediaId);
    if (!record) throw new Cancel(`there is no media record ${mediaId}`);
    return settings.media.isStored && record.skipped === null ? [rangeOfOne(mediaId)] : [];
  },
  compute: checkRangeFiles,
  run: (_range, context, checked) => recordRange(context, checked),
  sum: async ({ mediaId }, counts, { tx, settings }) => {
    if (Object.keys(counts).length > 0) return done(counts);
    if (!settings.media.isStored) return skipped(NO_STORE);
    return skipped((await findRecord(tx, mediaId))?.skipped ?? "the record was deleted");
  },
});
