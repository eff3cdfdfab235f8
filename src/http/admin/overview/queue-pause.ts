import { type Response, Router } from "express";
import { isQueueName, type QueueName } from "../../../config/queues.ts";
import { withinLimit } from "../../../deadlines.ts";
import { type Html, html } from "../../../html.ts";
import { dueAfterPause, listPauses } from "../../../queues/job-pauses.ts";
import { pauseQueue, resumeQueue } from "../../../queues/queue-pauses.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { sessionOf } from "../access/guard.ts";
import { actionForm, decisionOf, mayAct } from "../frame/actions.ts";
import { doneHref } from "../frame/done.ts";
import { section } from "../frame/elements.ts";
import { postponeField, secondsIn } from "../work/bulk.ts";

const REDIS_LIMIT_MS = 2_000;

/**
 * `POST /queue/:queue/pause` with `by` and a reason pauses all jobs of a queue for a time; `POST
 * /queue/:queue/resume` ends that, and a pause of the queue in Redis.
 */
export function queuePauseRoutes(runtime: Runtime): Router {
  const router = Router();
  const { relay } = runtime;
  const jobsOf = (queue: QueueName) => runtime.catalogue.jobs.filter((job) => job.queue === queue);
  router.post("/queue/:queue/pause", async (req, res, next) => {
    const { queue } = req.params;
    if (!isQueueName(queue)) return next();
    const decision = decisionOf(req, res);
    if (decision === null) return;
    await relay.transact((tx) => pauseQueue(tx, queue, jobsOf(queue), secondsIn(req), decision));
    res.redirect(303, doneHref(`/admin/queue/${queue}`, "queue-paused", queue));
  });
  router.post("/queue/:queue/resume", async (req, res, next) => {
    const { queue } = req.params;
    if (!isQueueName(queue)) return next();
    const decision = decisionOf(req, res);
    if (decision === null) return;
    const resumed = await relay.transact((tx) => resumeQueue(tx, queue, jobsOf(queue), decision));
    for (const { job, until } of resumed) while (await relay.transact((tx) => dueAfterPause(tx, job, until)));
    await resumeCarriers(runtime, queue);
    res.redirect(303, doneHref(`/admin/queue/${queue}`, "queue-resumed", queue));
  });
  return router;
}

/** The dashboard pauses no queue in Redis, but another program with access to it may have. */
async function resumeCarriers({ producers, log }: Runtime, queue: QueueName): Promise<void> {
  if (!producers.ready()) return;
  await withinLimit(REDIS_LIMIT_MS, () => producers.queue(queue).resume()).catch((error: unknown) =>
    log.warn({ err: error, queue }, "the queue could not be resumed in Redis"),
  );
}

/** Whether jobs of a queue are paused, or the queue itself. */
export type QueuePauses = { readonly isAnyJob: boolean; readonly isInRedis: boolean };

/** Reads the state again: the snapshot of the overview may be older than a pause. */
export async function readQueuePauses(runtime: Runtime, queue: QueueName): Promise<QueuePauses> {
  const { db, catalogue, producers } = runtime;
  const [pauses, isInRedis] = await Promise.all([
    listPauses(db.drizzle),
    producers.ready()
      ? withinLimit(REDIS_LIMIT_MS, () => producers.queue(queue).isPaused()).catch(() => false)
      : false,
  ]);
  return { isAnyJob: pauses.some(({ job }) => catalogue.find(job)?.job.queue === queue), isInRedis };
}

/** The form that pauses or resumes a queue. */
export function queuePauseSection(
  res: Response,
  queue: QueueName,
  { isAnyJob, isInRedis }: QueuePauses,
): Html | null {
  if (!mayAct(res)) return null;
  const path = `/admin/queue/${queue}`;
  const form = actionForm(
    sessionOf(res),
    [
      { action: `${path}/pause`, label: `Pause all jobs of the queue ${queue}` },
      ...(isAnyJob || isInRedis
        ? [{ action: `${path}/resume`, label: `Resume all jobs of the queue ${queue}` }]
        : []),
    ],
    { needsReason: true, fields: postponeField("Pause for") },
  );
  return section(
    "Pause the queue",
    html`<p class="dim">A pause ends by itself. Work is enqueued as always and done afterwards; what a worker has begun continues. To pause one job alone, open its page.${isInRedis ? " The queue itself is paused in Redis, by another program: no carrier starts until it is resumed." : null}</p>${form}`,
  );
}
