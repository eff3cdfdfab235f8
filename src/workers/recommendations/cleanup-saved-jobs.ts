import { sql } from "drizzle-orm";
import { z } from "zod";
import { deleteSome } from "../../db/delete-some.ts";
import { enqueue } from "../../queues/enqueue.ts";
import { defineJob, type SingleJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";

/** Rows of one transaction: well under a second. */
export const DELETED_PER_RUN = 20_000;

/** Deletes saved postings that were saved ten days ago and never applied for. */
export const cleanupSavedJobs: SingleJob<Record<string, never>> = defineJob({
  name: "cleanup-saved-jobs",
  queue: "recommendations",
  description: "Deletes saved postings ten days after they were saved, unless the user applied.",
  payload: z.object({}),
  key: () => "all",
  run: async (_payload, { tx, now }) => {
    const expired = sql`status = 'saved' and expires_at < ${now}::timestamptz`;
    const gone = await tx.execute(deleteSome("job_applications", expired, DELETED_PER_RUN));
    const deleted = gone.rowCount ?? 0;
    if (deleted >= DELETED_PER_RUN) await enqueue(tx, cleanupSavedJobs, {});
    return done({ deleted });
  },
});
