import { Router } from "express";
import { z } from "zod";
import { QUEUE_NAMES, type QueueName } from "../../../config/queues.ts";
import { type Html, html } from "../../../html.ts";
import type { Job } from "../../../queues/job.ts";
import { type DecidedPause, listDecidedPauses } from "../../../queues/job-pauses.ts";
import { latestRuns, type Run } from "../../../queues/runs.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { listPausedSchedules, type SchedulePause } from "../../../schedules/pause.ts";
import { nextSlot } from "../../../schedules/slots.ts";
import { contentHtml, regionHtml, timeWithAge } from "../frame/elements.ts";
import { filterForm, readFilters } from "../frame/filters.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { following, showPage } from "../frame/page.ts";
import { table } from "../frame/table.ts";
import { pausedJob, pausedSchedule } from "../pauses/paused.ts";
import { durationText, runStatusBadge } from "../runs/run-table.ts";
import { jobRoutes } from "./job.ts";

/** Lists the jobs. */
export const jobsPage: AdminPage = {
  path: "/jobs",
  title: "Jobs",
  section: "Work",
  role: "viewer",
  routes: jobsRoutes,
};

const filterSchema = z.object({
  queue: z.enum(QUEUE_NAMES, "is not a queue").optional(),
  name: z.string().max(100).optional(),
});

/** `GET /jobs` lists the jobs; `GET /jobs/:job` shows one, and starts it. */
function jobsRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/jobs", async (req, res) => {
    const filters = readFilters(filterSchema, req);
    const { filter } = filters;
    const fields = [
      { name: "queue", label: "Queue", choices: QUEUE_NAMES },
      { name: "name", label: "Name contains" },
    ];
    const form = filterForm("/admin/jobs", fields, filters);
    if (filter === null) return showPage(res.status(422), { title: "Jobs", body: form });
    const jobs = chosen(runtime.catalogue.jobs, filter);
    const on = runtime.db.drizzle;
    const [runs, pauses, pausedSchedules] = await Promise.all([
      latestRuns(on),
      listDecidedPauses(on),
      listPausedSchedules(on, runtime.timetable),
    ]);
    const known = { runs, pauses, pausedSchedules };
    showPage(res, {
      title: "Jobs",
      live: following("job_runs", "job_pauses", "schedules"),
      body: html`${form}${regionHtml("jobs", jobTable(runtime, jobs, known))}`,
    });
  });
  router.use(jobRoutes(runtime));
  return router;
}

type Chosen = { readonly queue?: QueueName | undefined; readonly name?: string | undefined };

/** By queue, heaviest first, and name. */
const chosen = (jobs: readonly Job[], { queue, name = "" }: Chosen): Job[] =>
  jobs
    .filter((job) => (queue === undefined || job.queue === queue) && job.name.includes(name))
    .sort(
      (a, b) => QUEUE_NAMES.indexOf(a.queue) - QUEUE_NAMES.indexOf(b.queue) || (a.name < b.name ? -1 : 1),
    );

type Known = {
  readonly runs: readonly Run[];
  readonly pauses: readonly DecidedPause[];
  readonly pausedSchedules: readonly SchedulePause[];
};

function jobTable(runtime: Runtime, jobs: readonly Job[], { runs, pauses, pausedSchedules }: Known): Html {
  const now = runtime.clock.now();
  const last = new Map(runs.map((run) => [run.job, run]));
  return table({
    caption: "Jobs",
    columns: [
      { title: "Job", kind: "fixed" },
      { title: "Description", kind: "long" },
      { title: "Last run", kind: "fixed" },
      { title: "Took", kind: "number" },
      { title: "Next slot", kind: "fixed" },
    ],
    rows: jobs.map(({ name, queue, description }) => {
      const run = last.get(name);
      return [
        html`<a href="/admin/jobs/${name}">${name}</a><small>${queue}</small>${pausedJob(pauses.find(({ job }) => job === name))}`,
        description,
        run === undefined ? null : html`${runStatusBadge(run.status)}${timeWithAge(run.createdAt, now)}`,
        run === undefined ? null : durationText(run, now),
        nextHtml(runtime, name, pausedSchedules),
      ];
    }),
    empty: "No job matches.",
  });
}

/** The next slot of the schedules of a job that are not paused, and those that are. */
function nextHtml({ timetable, clock }: Runtime, name: string, paused: readonly SchedulePause[]): Html {
  const now = clock.now();
  const schedules = timetable.filter(({ job }) => job.name === name);
  const pauses = paused.filter((pause) => schedules.some((schedule) => schedule.name === pause.name));
  const slots = schedules
    .filter((schedule) => !pauses.some((pause) => pause.name === schedule.name))
    .map((schedule) => nextSlot(schedule, now).getTime());
  const next = slots.length === 0 ? null : timeWithAge(new Date(Math.min(...slots)), now);
  return pauses.length === 0 ? contentHtml(next) : html`${next}${pauses.map(pausedSchedule)}`;
}
