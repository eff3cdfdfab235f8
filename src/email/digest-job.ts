import { z } from "zod";
import type { Tx } from "../db/transaction.ts";
import type { ZoneContext } from "../notifications/user-zone.ts";
import { enqueue } from "../queues/enqueue.ts";
import { defineJob, type Job, type SingleJob } from "../queues/job.ts";
import { done, skipped } from "../queues/outcome.ts";
import type { DigestCadence } from "../scoring/notifications/notify-decision.ts";
import { createMailings, enqueueMailings } from "./create-mailings.ts";
import { nextHourlyDigest, openDueDigests } from "./due-digests.ts";

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
      const zones = { defaultZone: settings.notifications.userTimeZone, log };
      const { digests, items } = await openDueDigests(tx, cadence, now, {
        limit: DIGESTS_PER_RUN,
        ...zones,
        cap: settings.nudges.cap,
      });
      if (digests.length === 0) return skipped(await whyNone(tx, cadence, now, zones));
      const mailings = await createMailings(tx, digests, settings.email.batchSize);
      await enqueueMailings(context, send, mailings);
      if (digests.length === DIGESTS_PER_RUN) await enqueue(tx, job, {});
      return done({ digests: digests.length, items, mailings: mailings.length });
    },
  });
  return job;
}

/** Each user has their own times for daily and weekly digests. */
async function whyNone(tx: Tx, cadence: DigestCadence, now: Date, zones: ZoneContext): Promise<string> {
  const none = "no digest is due";
  if (cadence !== "hourly") return none;
  const { waiting, at } = await nextHourlyDigest(tx, now, zones);
  if (waiting === 0) return none;
  const next = at === null ? "none within a day" : `the next one at ${at.toISOString()}`;
  return `${none}: ${waiting} deliveries wait, ${next}`;
}
