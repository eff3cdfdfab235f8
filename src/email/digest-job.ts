import { z } from "zod";
import { enqueue } from "../queues/enqueue.ts";
import { defineJob, type Job, type SingleJob } from "../queues/job.ts";
import { done, skipped } from "../queues/outcome.ts";
import type { DigestCadence } from "../scoring/notifications/notify-decision.ts";
import { createMailings, enqueueMailings } from "./create-mailings.ts";
import { openDueDigests } from "./due-digests.ts";

/** Digests per run. If more are due, another run follows. */
const DIGESTS_PER_RUN = 2_000;

/** The three digest jobs differ only in their windows. `send` is the job that sends a mailing. */
export function digestJob(
  name: string,
  cadence: DigestCadence,
  description: string,
  send: Job<{ batchId: string }>,
): SingleJob<Record<string, never>> {
  const job: SingleJob<Record<string, never>> = defineJob({
    name,
    queue: "notifications",
    description,
    payload: z.object({}),
    key: () => "due",
    run: async (_payload, context) => {
      const { tx, now, settings, log } = context;
      const { digests, items } = await openDueDigests(tx, cadence, now, {
        limit: DIGESTS_PER_RUN,
        defaultZone: settings.notifications.userTimeZone,
        log,
        cap: settings.nudges.cap,
      });
      if (digests.length === 0) return skipped("no digest is due");
      const mailings = await createMailings(tx, digests, settings.email.batchSize);
      await enqueueMailings(context, send, mailings);
      if (digests.length === DIGESTS_PER_RUN) await enqueue(tx, job, {});
      return done({ digests: digests.length, items, mailings: mailings.length });
    },
  });
  return job;
}
