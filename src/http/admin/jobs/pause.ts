import { type Response, Router } from "express";
import { type Html, html } from "../../../html.ts";
import type { Job } from "../../../queues/job.ts";
import { type DecidedPause, dueAfterPause, pauseJob, resumeJob } from "../../../queues/job-pauses.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { sessionOf } from "../access/guard.ts";
import { actionForm, decisionOf, mayAct } from "../frame/actions.ts";
import { doneHref } from "../frame/done.ts";
import { section } from "../frame/elements.ts";
import { jobPauseText } from "../pauses/paused.ts";
import { postponeField, secondsIn } from "../work/bulk.ts";

/**
 * `POST /jobs/:job/pause` with `by` and a reason pauses a job for a time; `POST /jobs/:job/resume` ends it.
 */
export function pauseRoutes(runtime: Runtime): Router {
  const router = Router();
  const { relay, catalogue } = runtime;
  const known = (name: string) => catalogue.jobs.find((job) => job.name === name);
  router.post("/jobs/:job/pause", async (req, res, next) => {
    const job = known(req.params.job);
    if (!job) return next();
    const decision = decisionOf(req, res);
    if (decision === null) return;
    await relay.transact((tx) => pauseJob(tx, job, secondsIn(req), decision));
    res.redirect(303, doneHref(`/admin/jobs/${job.name}`, "job-paused", job.name));
  });
  router.post("/jobs/:job/resume", async (req, res, next) => {
    const job = known(req.params.job);
    if (!job) return next();
    const decision = decisionOf(req, res);
    if (decision === null) return;
    const until = await relay.transact((tx) => resumeJob(tx, job, decision));
    if (until !== null) while (await relay.transact((tx) => dueAfterPause(tx, job, until)));
    res.redirect(303, doneHref(`/admin/jobs/${job.name}`, "job-resumed", job.name));
  });
  return router;
}

/** Whether a job is paused, and the form that changes it. */
export function pauseSection(res: Response, { name }: Job, pause: DecidedPause | undefined): Html | null {
  if (pause === undefined && !mayAct(res)) return null;
  const state =
    pause === undefined
      ? html`<p class="dim">This stops the job, whoever enqueued its work. A pause ends by itself. Work is enqueued as always and done afterwards; what a worker has begun continues. To stop what a schedule opens and nothing else, pause it under <a href="/admin/schedules">Schedules</a>.</p>`
      : html`<p>Paused${jobPauseText(pause)}. Its work is enqueued as always and done afterwards.</p>`;
  const path = `/admin/jobs/${name}`;
  const buttons = [
    {
      action: `${path}/pause`,
      label: pause === undefined ? `Pause the job ${name}` : `Change the pause of the job ${name}`,
    },
    ...(pause === undefined ? [] : [{ action: `${path}/resume`, label: `Resume the job ${name}` }]),
  ];
  const form = actionForm(sessionOf(res), buttons, {
    needsReason: true,
    fields: postponeField("Pause for"),
  });
  return section("Pause the job", html`${state}${mayAct(res) ? form : null}`);
}
