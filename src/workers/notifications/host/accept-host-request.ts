import { createHash } from "node:crypto";
import { z } from "zod";
import { groupBy } from "../../../group-by.ts";
import { enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob, type Job } from "../../../queues/job.ts";
import { done, type Outcome, PayloadRejected } from "../../../queues/outcome.ts";
import { hostJobOf, parseRequest, resolvePayloads, unknownRows } from "./host-jobs.ts";

const payload = z.object({
  job: z.string().describe("the job that is requested"),
  payload: z.record(z.string(), z.unknown()).default({}).describe("its payload, with ids of the host"),
  requestedBy: z.string().describe("the database role that requested it"),
});
type HostRequest = z.output<typeof payload>;

/**
 * Follows the SQL function `enqueue`, which inserts the entries of this job: it appends to the outbox without
 * a key that another transaction could wait for.
 */
export const acceptHostRequest = defineJob({
  name: "accept-host-request",
  queue: "notifications",
  description:
    "Enqueues a job that the host requested in its own transaction, with our ids in place of its own.",
  payload,
  key: (request) => createHash("sha256").update(JSON.stringify(request)).digest("hex"),
  afterMirrors: true,
  batch: { size: 200 },
  runBatch: async (requests, { tx, attempt }): Promise<Outcome[]> => {
    for (const [job, group] of groupBy(requests, requestedJob)) {
      const { resolved, unknown } = await resolvePayloads(
        tx,
        job,
        group.map(({ payload }) => payload),
      );
      if (unknown.length > 0) throw unknownRows(unknown, attempt);
      await enqueueMany(
        tx,
        job,
        resolved.map((each) => parseRequest(job, each)),
      );
    }
    return requests.map(() => done({ enqueued: 1 }));
  },
});

/** @throws PayloadRejected for a job that no host may request. */
function requestedJob({ job: name }: HostRequest): Job {
  const job = hostJobOf(name);
  if (job === undefined) throw new PayloadRejected(`job: ${name} cannot be requested by a host`);
  return job;
}
