import { Router } from "express";
import { type Html, html } from "../../../html.ts";
import type { Job } from "../../../queues/job.ts";
import { readWaitingWork } from "../../../queues/job-activity.ts";
import { listDecidedPauses } from "../../../queues/job-pauses.ts";
import { readJobTimes } from "../../../queues/job-times.ts";
import { payloadFieldsOf } from "../../../queues/payload-fields.ts";
import { readQueueWaits } from "../../../queues/queue-waits.ts";
import { listRuns, type Run, type RunStatus } from "../../../queues/runs.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { type ListedSchedule, listSchedules } from "../../../schedules/list-schedules.ts";
import { listPausedSchedules, type SchedulePause } from "../../../schedules/pause.ts";
import { mayAct } from "../frame/actions.ts";
import { type Chart, chartHtml } from "../frame/chart.ts";
import { doneNotice } from "../frame/done.ts";
import {
  badge,
  codeHtml,
  facts,
  formatCount,
  formatSeconds,
  regionHtml,
  section,
  type Tone,
} from "../frame/elements.ts";
import { hrefOf } from "../frame/filters.ts";
import { following, showPage } from "../frame/page.ts";
import { table } from "../frame/table.ts";
import { scheduleHref } from "../pauses/paused.ts";
import { runTable } from "../runs/run-table.ts";
import { nextSlotHtml } from "../schedules/next-slot.ts";
import { pauseRoutes, pauseSection } from "./pause.ts";
import { NOTHING_ENTERED } from "./run-form.ts";
import { runForm, startRoutes } from "./start.ts";
import { timesSection } from "./times.ts";

const CHARTED = 200;
const LISTED = 15;

/** `GET /jobs/:job`: the declaration of a job, its runs, its schedules, and the form that starts it. */
export function jobRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/jobs/:job", async (req, res, next) => {
    const job = runtime.catalogue.jobs.find(({ name }) => name === req.params.job);
    if (!job) return next();
    const on = runtime.db.drizzle;
    const now = runtime.clock.now();
    const timetable = runtime.timetable.filter((schedule) => schedule.job.name === job.name);
    const [runs, pauses, schedules, pausedSchedules, [times], waits, waiting] = await Promise.all([
      listRuns(on, { job: job.name }, CHARTED),
      listDecidedPauses(on),
      listSchedules(on, timetable, now),
      listPausedSchedules(on, timetable),
      readJobTimes(on, [job.name], now),
      readQueueWaits(on, job.queue, now),
      readWaitingWork(on, job.queue, runtime.relay.scanStarts().get(job.queue) ?? null),
    ]);
    const own = waiting.filter(({ name }) => runtime.catalogue.find(name)?.job.name === job.name);
    const pause = pauses.find((each) => each.job === job.name);
    showPage(res, {
      title: job.name,
      above: [["Jobs", "/admin/jobs"]],
      hasCharts: true,
      live: following("job_runs", "job_pauses", "schedules", "job_activity"),
      aside: pause === undefined ? null : badge("paused", "warn"),
      body: html`${doneNotice(req, [job.name])}<p>${job.description}</p>
${regionHtml("times", timesSection({ times, waits, waiting: own, runs }, now))}
${declaration(job)}
<div class="split">${section("Input", inputTable(job))}${regionHtml("schedules", section("Schedules", scheduleTable(schedules, pausedSchedules, now)))}</div>
${regionHtml("pause", html`${pauseSection(res, job, pause)}`)}
${mayAct(res) ? section("Run it", runForm(res, job, NOTHING_ENTERED)) : null}
${regionHtml(
  "runs",
  html`${section("Durations", runs.length === 0 ? html`<p class="empty">It has no run yet. Work that other work enqueues has none unless it fails.</p>` : chartHtml(durationChart(runs)))}
${section("Last runs", runTable(runs.slice(0, LISTED), now, "No run yet."), html`<a class="end" href="${hrefOf("/admin/runs", { job: job.name, work: "all" })}">All runs</a>`)}`,
)}`,
    });
  });
  router.use(startRoutes(runtime), pauseRoutes(runtime));
  return router;
}

const FORMS: Readonly<Record<Job["form"], string>> = {
  single: "one entry per transaction",
  batch: "a group of entries per transaction",
  outside: "an outside call between two transactions",
  ranged: "ranges, each in a transaction of its own",
};

const declaration = (job: Job): Html =>
  facts([
    ["Queue", html`<a href="/admin/queue/${job.queue}">${job.queue}</a>`],
    ["Form", job.form === "batch" ? `${FORMS.batch}, up to ${formatCount(job.batch.size)}` : FORMS[job.form]],
    [
      "Attempts",
      `${job.attempts}, from ${formatSeconds(job.backOff.baseMs / 1_000)} to ${formatSeconds(job.backOff.capMs / 1_000)} apart`,
    ],
    ["Time limit", formatSeconds(job.timeLimitMs / 1_000)],
    ...(job.formerly === undefined ? [] : ([["Formerly", job.formerly.join(", ")]] as const)),
    ["A host may request it", job.fromHost === undefined ? "no" : "yes"],
    [
      "Waiting work",
      html`<a href="${hrefOf("/admin/work", { job: job.name })}">Outbox entries of this job</a>`,
    ],
  ]);

function inputTable(job: Job): Html {
  const { fields, required } = payloadFieldsOf(job);
  return table({
    caption: "Fields of the payload",
    columns: ["Field", "Type", { title: "Description", kind: "long" }, "Default"],
    rows: fields.map(([name, schema]) => [
      html`${codeHtml(name)}${required.has(name) ? html`<small>required</small>` : null}`,
      schema.enum?.join(" | ") ?? [schema.type].flat().join(" | "),
      schema.description,
      schema.default === undefined ? null : codeHtml(JSON.stringify(schema.default)),
    ]),
    empty: "This job has no input.",
  });
}

const scheduleTable = (
  schedules: readonly ListedSchedule[],
  paused: readonly SchedulePause[],
  now: Date,
): Html =>
  table({
    caption: "Schedules of the job",
    columns: ["Schedule", "Pattern", { title: "Input", kind: "long" }, "Next slot"],
    rows: schedules.map((schedule) => [
      html`<a href="${scheduleHref(schedule.name)}">${schedule.name}</a>`,
      html`<code>${schedule.pattern}</code><small>${schedule.tz}</small>`,
      codeHtml(JSON.stringify(schedule.input)),
      nextSlotHtml(schedule, paused, now),
    ]),
    empty: "It has no schedule.",
  });

const OUTCOMES: readonly (readonly [RunStatus, Tone])[] = [
  ["done", "good"],
  ["skipped", "idle"],
  ["failed", "bad"],
  ["cancelled", "warn"],
];

/** The durations of finished runs, by outcome. */
function durationChart(runs: readonly Run[]): Chart {
  const finished = runs
    .filter(({ startedAt, finishedAt }) => startedAt !== null && finishedAt !== null)
    .reverse();
  const seconds = ({ startedAt, finishedAt }: Run) =>
    Math.round((finishedAt?.getTime() ?? 0) - (startedAt?.getTime() ?? 0)) / 1_000;
  const series = OUTCOMES.filter(([status]) => finished.some((run) => run.status === status)).map(
    ([status, tone]) => ({
      label: status,
      tone,
      values: finished.map((run) => (run.status === status ? seconds(run) : null)),
    }),
  );
  const counts = series.map(
    ({ label, values }) => `${values.filter((value) => value !== null).length} ${label}`,
  );
  const longest = Math.max(0, ...finished.map(seconds));
  return {
    title: finished.length === 1 ? "The only finished run" : `The last ${finished.length} finished runs`,
    summary: `${counts.join(", ")}; the longest took ${formatSeconds(longest)}.`,
    unit: " s",
    kind: "points",
    x: finished.map(({ createdAt }) => createdAt.getTime() / 1_000),
    series,
  };
}
