import { z } from "zod";
import {
  closeExpired,
  closeUnseen,
  deleteClosed,
  deleteFetchRecords,
  isFullPass,
} from "../../postings/cleanup.ts";
import { enqueue } from "../../queues/enqueue.ts";
import { defineJob, type SingleJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";

/** Closes postings that are over, and deletes those that were closed long ago. */
export const cleanupOldPostings: SingleJob<Record<string, never>> = defineJob({
  name: "cleanup-old-postings",
  queue: "recommendations",
  description:
    "Closes job postings that have expired or are no longer listed, and deletes those closed long ago.",
  payload: z.object({}),
  key: () => "all",
  run: async (_payload, { tx, now, settings }) => {
    const expired = await closeExpired(tx, now);
    const unseen = await closeUnseen(tx, settings.postings.unseenDays, now);
    const deleted = await deleteClosed(tx, settings.postings.keptDays, now);
    await deleteFetchRecords(tx, now);
    if ([expired, unseen, deleted].some(isFullPass)) await enqueue(tx, cleanupOldPostings, {});
    return done({ expired, unseen, deleted });
  },
});
