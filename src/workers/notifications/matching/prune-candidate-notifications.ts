import { sql } from "drizzle-orm";
import { z } from "zod";
import { enqueue } from "../../../queues/enqueue.ts";
import { defineJob, type SingleJob } from "../../../queues/job.ts";
import { done } from "../../../queues/outcome.ts";

/** So many rows go in one transaction; what is left goes in the next one. */
const ROWS_AT_ONCE = 100_000;

const payload = z.object({ days: z.int().min(30).default(90).describe("how many days are kept") });
type Payload = z.output<typeof payload>;

/** Nobody is kept from being told again by a notice of more than 30 days ago; the rest is for the audit. */
export const pruneCandidateNotifications: SingleJob<Payload> = defineJob<Payload>({
  name: "prune-candidate-notifications",
  queue: "notifications",
  description: "Deletes the record of who was told of which project after the given number of days.",
  payload,
  key: () => "all",
  run: async ({ days }, { tx, now }) => {
    const before = sql`${now}::timestamptz - ${days} * interval '24 hours'`;
    const notices = await tx.execute(
      sql`delete from candidate_notifications where ctid in (
            select ctid from candidate_notifications where slot < ${before} limit ${ROWS_AT_ONCE})`,
    );
    const batches = await tx.execute(
      sql`delete from candidate_batches b where b.slot < ${before}
            and not exists (select 1 from candidate_notifications c where c.batch_id = b.id)`,
    );
    // Of runs that failed before they chose.
    await tx.execute(
      sql`delete from notice_candidates where run_id in (select id from job_runs where created_at < ${before})`,
    );
    const pruned = notices.rowCount ?? 0;
    if (pruned === ROWS_AT_ONCE) await enqueue(tx, pruneCandidateNotifications, { days });
    return done({ notices: pruned, batches: batches.rowCount ?? 0 });
  },
});
