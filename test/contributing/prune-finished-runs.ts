import { sql } from "drizzle-orm";
import { z } from "zod";
import { defineJob } from "../../src/queues/job.ts";
import { done } from "../../src/queues/outcome.ts";

/** Metrics keep the totals of old runs; their rows are no longer needed. */
export const pruneFinishedRuns = defineJob({
  name: "prune-finished-runs",
  queue: "maintenance",
  description: "Deletes runs that finished more than the given number of days ago.",
  payload: z.object({ days: z.int().min(30).default(365).describe("how many days runs are kept") }),
  key: () => "all",
  run: async ({ days }, { tx, now }) => {
    const pruned = await tx.execute(
      sql`delete from job_runs where finished_at < ${now}::timestamptz - ${days} * interval '1 day'`,
    );
    return done({ pruned: pruned.rowCount ?? 0 });
  },
});
