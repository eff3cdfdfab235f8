import { sql } from "drizzle-orm";
import { z } from "zod";
import { enqueue } from "../../../queues/enqueue.ts";
import { defineJob, type SingleJob } from "../../../queues/job.ts";
import { done } from "../../../queues/outcome.ts";

/** Rows deleted in one transaction; the rest is left to another one. */
const ROWS_PER_TRANSACTION = 100_000;

const payload = z.object({ days: z.int().min(30).default(90).describe("keep notices of this many days") });
type Payload = z.output<typeof payload>;

/** A notice counts for 30 days (NOTICE_REPEAT); older ones are kept for audits. */
export const pruneCandidateNotifications: SingleJob<Payload> = defineJob<Payload>({
  name: "prune-candidate-notifications",
  queue: "notifications",
  description: "Deletes records of notices about projects that are older than the given number of days.",
  payload,
  key: () => "all",
  run: async ({ days }, { tx, now }) => {
    const before = sql`${now}::timestamptz - ${days} * interval '24 hours'`;
    const notices = await tx.execute(
      sql`delete from candidate_notifications where ctid in (
            select ctid from candidate_notifications where slot < ${before} limit ${ROWS_PER_TRANSACTION})`,
    );
    const noticeRuns = await tx.execute(
      sql`delete from candidate_batches b where b.slot < ${before}
            and not exists (select 1 from candidate_notifications c where c.batch_id = b.id)`,
    );
    // Left by runs that failed before choosing. The table is empty otherwise, so it is read first.
    await tx.execute(
      sql`delete from notice_candidates where run_id in (
            select c.run_id from (select distinct run_id from notice_candidates) c
            join lateral (select created_at from job_runs where id = c.run_id limit 1) r on r.created_at < ${before})`,
    );
    const pruned = notices.rowCount ?? 0;
    if (pruned === ROWS_PER_TRANSACTION) await enqueue(tx, pruneCandidateNotifications, { days });
    return done({ notices: pruned, runs: noticeRuns.rowCount ?? 0 });
  },
});
