import { Router } from "express";
import { formatInstant } from "../../format-instant.ts";
import { type Html, html } from "../../html.ts";
import { startRun } from "../../queues/manual-runs.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { type ListedSchedule, listSchedules } from "../../schedules/list-schedules.ts";
import { pauseSchedule, resumeSchedule } from "../../schedules/pause.ts";
import { sessionOf } from "./guard.ts";
import { hiddenToken, page } from "./page.ts";
import type { Session } from "./sessions.ts";

/**
 * `GET /schedules` lists the timetable. `POST /schedules/:name/pause|resume` changes one, `POST
 * /schedules/:name/run` opens a manual run of its job.
 */
export function scheduleRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/schedules", async (req, res) => {
    const schedules = await listSchedules(runtime.db.drizzle, runtime.timetable, runtime.clock.now());
    const session = sessionOf(res);
    const run =
      typeof req.query["run"] === "string" && /^\d{1,18}$/.test(req.query["run"]) ? req.query["run"] : null;
    res.type("html").send(page({ title: "Schedules", session, body: schedulePage(schedules, session, run) }));
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

function schedulePage(schedules: readonly ListedSchedule[], session: Session, run: string | null): Html {
  const actor = session.role === "admin" ? session : null;
  const rows = schedules.map(
    (
      schedule,
    ) => html`<tr><td class="fixed">${schedule.name}<small class="dim">${schedule.pattern} ${schedule.tz}</small></td>
<td class="fixed">${schedule.job}</td><td class="fixed">${formatInstant(schedule.lastSlot)}<small class="dim">${schedule.lastStatus}</small></td>
<td class="fixed">${schedule.pausedAt ? html`<strong class="bad">paused</strong><small class="dim">since ${formatInstant(schedule.pausedAt)}</small>` : formatInstant(schedule.nextSlot)}</td>
${actor === null ? null : html`<td><div class="actions">${actions(schedule, actor)}</div></td>`}</tr>`,
  );
  return html`${run === null ? null : html`<p role="status">Run ${run} was opened.</p>`}
<div class="wide"><table><thead><tr><th>Schedule</th><th>Job</th><th>Last slot</th><th>Next slot</th>
${actor === null ? null : html`<th></th>`}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function actions({ name, pausedAt }: ListedSchedule, session: Session): Html {
  const form = (action: string, label: string) =>
    html`<form method="post" action="/admin/schedules/${name}/${action}">${hiddenToken(session)}<button>${label}</button></form>`;
  return html`${form("run", "Run now")}${pausedAt ? form("resume", "Resume") : form("pause", "Pause")}`;
}
