import { Router } from "express";
import { type Html, html } from "../../html.ts";
import { startRun } from "../../queues/manual-runs.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { type ListedSchedule, listSchedules } from "../../schedules/list-schedules.ts";
import { pauseSchedule, resumeSchedule } from "../../schedules/pause.ts";
import { actionForm, mayAct, resultOf } from "./frame/actions.ts";
import { badge, notice, timeHtml, timeWithAge } from "./frame/elements.ts";
import type { AdminPage } from "./frame/navigation.ts";
import { showPage } from "./frame/page.ts";
import { table } from "./frame/table.ts";
import { sessionOf } from "./guard.ts";
import type { Session } from "./sessions.ts";

/** The timetable. */
export const schedulesPage: AdminPage = {
  path: "/schedules",
  title: "Schedules",
  section: "Work",
  role: "viewer",
  routes: scheduleRoutes,
};

/**
 * `GET /schedules` lists the timetable. `POST /schedules/:name/pause|resume` changes one, `POST
 * /schedules/:name/run` opens a manual run of its job.
 */
function scheduleRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/schedules", async (req, res) => {
    const now = runtime.clock.now();
    const schedules = await listSchedules(runtime.db.drizzle, runtime.timetable, now);
    const result = resultOf(req, { run: "Opened run" });
    const body = html`${result === null ? null : notice(result)}${scheduleTable(schedules, mayAct(res) ? sessionOf(res) : null, now)}`;
    showPage(res, { title: "Schedules", body });
  });
  const known = (name: string) => runtime.timetable.find((schedule) => schedule.name === name);
  router.post("/schedules/:name/run", async (req, res, next) => {
    const schedule = known(req.params.name);
    if (!schedule) return next();
    const run = await runtime.relay.transact((tx) => startRun(tx, schedule.job, schedule.input));
    res.redirect(303, `/admin/schedules?run=${run}`);
  });
  for (const [action, change] of [
    ["pause", pauseSchedule],
    ["resume", resumeSchedule],
  ] as const)
    router.post(`/schedules/:name/${action}`, async (req, res, next) => {
      const name = req.params["name"];
      if (typeof name !== "string" || !known(name)) return next();
      await runtime.relay.transact((tx) => change(tx, name, { actor: sessionOf(res).role }));
      res.redirect(303, "/admin/schedules");
    });
  return router;
}

const scheduleTable = (schedules: readonly ListedSchedule[], actor: Session | null, now: Date): Html =>
  table({
    caption: "Schedules",
    columns: [
      { title: "Schedule", kind: "fixed" },
      { title: "Job", kind: "fixed" },
      { title: "Last slot", kind: "fixed" },
      { title: "Next slot", kind: "fixed" },
      ...(actor === null ? [] : [""]),
    ],
    rows: schedules.map((schedule) => [
      html`${schedule.name}<small>${schedule.pattern} ${schedule.tz}</small>`,
      schedule.job,
      html`${timeWithAge(schedule.lastSlot, now)}<small>${schedule.lastStatus}</small>`,
      schedule.pausedAt
        ? html`${badge("paused", "warn")}<small>since ${timeHtml(schedule.pausedAt)}</small>`
        : timeWithAge(schedule.nextSlot, now),
      actor === null ? null : scheduleActions(schedule, actor),
    ]),
    empty: "The timetable is empty.",
  });

const scheduleActions = ({ name, pausedAt }: ListedSchedule, session: Session): Html =>
  actionForm(
    session,
    [
      { action: `/admin/schedules/${name}/run`, label: "Run now" },
      pausedAt
        ? { action: `/admin/schedules/${name}/resume`, label: "Resume" }
        : { action: `/admin/schedules/${name}/pause`, label: "Pause" },
    ],
    { about: name },
  );
