import { z } from "zod";
import { CLEANUP_BATCH, deleteStaleFeeds } from "../../feeds/cleanup.ts";
import { enqueue } from "../../queues/enqueue.ts";
import { defineJob, type SingleJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";

const payload = z.object({});
type Payload = z.output<typeof payload>;

/** Deletes feeds that are no longer served. */
export const feedPresortCleanup: SingleJob<Payload> = defineJob<Payload>({
  name: "feed-presort-cleanup",
  queue: "feeds",
  description:
    "Deletes stored feeds that expired, were replaced, or belong to users who are inactive or gone.",
  payload,
  key: () => "all",
  run: async (_payload, { tx, now }) => {
    const counts = await deleteStaleFeeds(tx, now);
    if (Object.values(counts).some((rows) => rows >= CLEANUP_BATCH))
      await enqueue(tx, feedPresortCleanup, {});
    return done({ ...counts });
  },
});
