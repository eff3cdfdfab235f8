import { createHash } from "node:crypto";
import { z } from "zod";
import { enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob, type Job } from "../../../queues/job.ts";
import { done, type Outcome, PayloadRejected } from "../../../queues/outcome.ts";
import { hostJobOf, parseRequest, resolvePayloads, unknownRows } from "../../host-jobs.ts";

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
    for (const [job, payloads] of byJob(requests)) {
      const { resolved, unknown } = await resolvePayloads(tx, job, payloads);
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

function byJob(requests: readonly HostRequest[]): Map<Job, HostRequest["payload"][]> {
  const groups = new Map<Job, HostRequest["payload"][]>();
  for (const { job: name, payload } of requests) {
    const job = hostJobOf(name);
    if (job === undefined) throw new PayloadRejected(`job: ${name} cannot be requested by a host`);
    groups.set(job, [...(groups.get(job) ?? []), payload]);
  }
  return groups;
}
