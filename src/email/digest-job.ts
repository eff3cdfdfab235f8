import { z } from "zod";
import { enqueue, enqueueMany } from "../queues/enqueue.ts";
import { defineJob, type Job, type SingleJob } from "../queues/job.ts";
import { done, skipped } from "../queues/outcome.ts";
import { freezeEmails } from "./create-mailings.ts";
import { openDueDigests } from "./due-digests.ts";
import type { DigestKind } from "./render/digest.ts";

/** What one run opens; more users are gone through by further runs. */
const AT_ONCE = 2_000;

/** The three jobs of digests differ in their windows alone. `send` takes over the batches. */
export function digestJob(
  name: string,
  kind: DigestKind,
  description: string,
  send: Job<{ batchId: string; users: string[] }>,
): SingleJob<Record<string, never>> {
  const job: SingleJob<Record<string, never>> = defineJob({
    name,
    queue: "notifications",
    description,
    payload: z.object({}),
    key: () => "due",
    run: async (_payload, { tx, now, settings }) => {
      const { digests, items } = await openDueDigests(tx, kind, now, {
        limit: AT_ONCE,
        otherZone: settings.notifications.userTimeZone,
        cap: settings.nudges.cap,
      });
      if (digests.length === 0) return skipped("no digest is due");
      const batches = await freezeEmails(tx, digests, settings.email.batchSize);
      await enqueueMany(
        tx,
        send,
        batches.map(({ batchId, users }) => ({ batchId, users: [...users] })),
      );
      if (digests.length === AT_ONCE) await enqueue(tx, job, {});
      return done({ digests: digests.length, items, batches: batches.length });
    },
  });
  return job;
}
