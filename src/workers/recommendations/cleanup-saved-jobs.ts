import { sql } from "drizzle-orm";
import { z } from "zod";
import { defineJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";

/** Deletes saved postings that were saved ten days ago and never applied for. */
export const cleanupSavedJobs = defineJob({
  name: "cleanup-saved-jobs",
  queue: "recommendations",
  description: "Deletes saved postings ten days after they were saved, unless the user applied.",
  payload: z.object({}),
  key: () => "all",
  run: async (_, { tx, now }) => {
    const deleted = await tx.execute(
      sql`delete from job_applications where status = 'saved' and expires_at < ${now}::timestamptz`,
    );
    return done({ deleted: deleted.rowCount ?? 0 });
  },
});
