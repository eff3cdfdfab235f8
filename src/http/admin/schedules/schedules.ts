import { type Request, type Response, Router } from "express";
import { audit, circumstancesOf } from "../../../db/audit.ts";
import { type Html, html } from "../../../html.ts";
import { listDecidedPauses } from "../../../queues/job-pauses.ts";
import { startRun } from "../../../queues/manual-runs.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { type ListedSchedule, listSchedules } from "../../../schedules/list-schedules.ts";
import { listPausedSchedules, pauseSchedule, resumeSchedule } from "../../../schedules/pause.ts";
import type { Schedule } from "../../../schedules/schedule.ts";
import { sessionOf } from "../access/guard.ts";
import { needsReason } from "../access/needs-reason.ts";
import type { Session } from "../access/sessions.ts";
import { actionForm, mayAct, reasonIn, resultOf } from "../frame/actions.ts";
import { doneHref, doneNotice } from "../frame/done.ts";
import { type Content, codeHtml, notice, regionHtml, section, timeWithAge } from "../frame/elements.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { following, showPage } from "../frame/page.ts";
import { table } from "../frame/table.ts";
import { type Paused, pausedJob } from "../pauses/paused.ts";
import { runStatusBadge } from "../runs/run-table.ts";
import { nextSlotHtml } from "./next-slot.ts";
import { weekPicture } from "./week.ts";

/** The timetable. */
export const schedulesPage: AdminPage = {
  path: "/schedules",
  title: "Schedules",
  section: "Work",
  role: "viewer",
  routes: scheduleRoutes,
};

/**
 * `GET /schedules` shows the timetable and the coming week. `POST /schedules/:name/pause|resume` changes one,
 * `POST /schedules/:name/run` opens a manual run of its job.
 */
function scheduleRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/schedules", (req, res) => showSchedules(runtime, req, res));
  const known = (name: unknown) => runtime.timetable.find((schedule) => schedule.name === name);
  router.post("/schedules/:name/run", async (req, res, next) => {
    const schedule = known(req.params.name);
    if (!schedule) return next();
    const decision = reasonIn(req, res, needsReason(schedule.job));
    if (decision === null) return;
    const run = await runtime.relay.transact(async (tx) => {
      const id = await startRun(tx, schedule.job, schedule.input);
      await audit(tx, {
        actor: decision.actor,
        action: "schedules.run",
        subject: `schedules:${schedule.name}`,
        details: { run: id, ...circumstancesOf(decision) },
      });
      return id;
    });
    res.redirect(303, `/admin/schedules?run=${run}`);
  });
  for (const [action, change, done] of [
    ["pause", pauseSchedule, "schedule-paused"],
    ["resume", resumeSchedule, "schedule-resumed"],
  ] as const)
    router.post(`/schedules/:name/${action}`, async (req, res, next) => {
      const schedule = known(req.params["name"]);
      if (!schedule) return next();
      const decision = reasonIn(req, res, needsReason(schedule.job));
      if (decision === null) return;
      await runtime.relay.transact((tx) => change(tx, schedule.name, decision));
      res.redirect(303, doneHref("/admin/schedules", done, schedule.name));
    });
  return router;
}

async function showSchedules(runtime: Runtime, req: Request, res: Response): Promise<void> {
  const { timetable, clock, db } = runtime;
  const now = clock.now();
  const [schedules, jobs, paused] = await Promise.all([
    listSchedules(db.drizzle, timetable, now),
    listDecidedPauses(db.drizzle),
    listPausedSchedules(db.drizzle, timetable),
  ]);
  const result = resultOf(req, { run: "Opened run" });
  const actor = mayAct(res) ? sessionOf(res) : null;
  const planned = schedules.map(({ name, pattern, tz, pausedAt }) => ({
    name,
    pattern,
    tz,
    isPaused: pausedAt !== null,
  }));
  showPage(res, {
    title: "Schedules",
    live: following("job_runs", "schedules", "job_pauses"),
    body: html`${result === null ? null : notice(result)}${doneNotice(
      req,
      timetable.map(({ name }) => name),
    )}
${schedules.length === 0 ? null : section("The coming week", weekPicture(planned, now), html`<span class="dim">A band fires every hour or more often.</span>`)}
${section("Timetable", html`${actor === null ? null : PAUSING}${regionHtml("timetable", scheduleTable(schedules, { jobs, schedules: paused }, runtime, actor))}`)}`,
  });
}

const PAUSING = html`<p class="dim">A paused schedule opens no slots. Its job still does what other work, hosts and operators enqueue: to stop that as well, pause the job on its page.</p>`;

const scheduleTable = (
  schedules: readonly ListedSchedule[],
  paused: Paused,
  { timetable, clock }: Runtime,
  actor: Session | null,
): Html =>
  table({
    caption: "Timetable",
    columns: [
      { title: "Schedule", kind: "fixed" },
      { title: "Job", kind: "fixed" },
      { title: "Last slot", kind: "fixed" },
      { title: "Next slot", kind: "fixed" },
      ...(actor === null ? [] : [""]),
    ],
    rows: schedules.map((schedule) => [
      html`<span id="${schedule.name}">${schedule.name}</span><small><code>${schedule.pattern}</code> ${schedule.tz}</small><small>if missed: ${misfireText(schedule.misfire)}</small>`,
      html`<a href="/admin/jobs/${schedule.job}">${schedule.job}</a>${inputHtml(schedule.input)}${pausedJob(paused.jobs.find(({ job }) => job === schedule.job))}`,
      lastHtml(schedule, clock.now()),
      nextSlotHtml(schedule, paused.schedules, clock.now()),
      actor === null ? null : scheduleActions(schedule, timetable, actor),
    ]),
    empty: "The timetable is empty.",
  });

const inputHtml = (input: ListedSchedule["input"]): Html | null =>
  Object.keys(input).length === 0 ? null : html`<small>${codeHtml(JSON.stringify(input))}</small>`;

function lastHtml({ lastSlot, lastStatus, lastRun }: ListedSchedule, now: Date): Content {
  if (lastSlot === null) return null;
  const status =
    lastStatus === null || lastStatus === "no work"
      ? html`<span class="dim">${lastStatus}</span>`
      : runStatusBadge(lastStatus);
  return html`${timeWithAge(lastSlot, now)}${lastRun === null ? status : html`<a href="/admin/runs/${lastRun}">${status}</a>`}`;
}

function misfireText(misfire: ListedSchedule["misfire"]): string {
  if (misfire === "once") return "the latest runs";
  return misfire === "skip" ? "skipped" : `the latest ${misfire.backfill} run`;
}

function scheduleActions(
  { name, pausedAt }: ListedSchedule,
  timetable: readonly Schedule[],
  session: Session,
): Html {
  const job = timetable.find((schedule) => schedule.name === name)?.job;
  return actionForm(
    session,
    [
      { action: `/admin/schedules/${name}/run`, label: "Run now" },
      pausedAt
        ? { action: `/admin/schedules/${name}/resume`, label: "Resume this schedule" }
        : { action: `/admin/schedules/${name}/pause`, label: "Pause this schedule" },
    ],
    { about: name, needsReason: job !== undefined && needsReason(job) },
  );
}
