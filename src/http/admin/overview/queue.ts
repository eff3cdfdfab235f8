import { Router } from "express";
import { z } from "zod";
import { isQueueName, QUEUE_WEIGHTS } from "../../../config/queues.ts";
import { type Html, html } from "../../../html.ts";
import { readActivity } from "../../../queues/activity.ts";
import { type QueueWaits, readQueueWaits } from "../../../queues/queue-waits.ts";
import { concurrencyOf } from "../../../queues/queues.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { doneNotice } from "../frame/done.ts";
import {
  badge,
  formatCount,
  formatMs,
  formatSeconds,
  regionHtml,
  section,
  tiles,
  timeHtml,
} from "../frame/elements.ts";
import { choiceOf, filterForm, hrefOf, readFilters } from "../frame/filters.ts";
import { following, showPage } from "../frame/page.ts";
import type { Snapshots } from "../snapshot/snapshot.ts";
import { activityCharts } from "./activity-charts.ts";
import { amountText, type QueueFigures, queueFigures } from "./figures.ts";
import { queueJobs } from "./queue-jobs.ts";
import { queuePauseRoutes, queuePauseSection, readQueuePauses } from "./queue-pause.ts";

/** How far back the charts go, and the minutes of their steps. */
const SPANS: Readonly<Record<string, readonly [hours: number, stepMinutes: number]>> = {
  "3 hours": [3, 1],
  "1 day": [24, 10],
  "7 days": [168, 60],
};

const DEFAULT_SPAN = "3 hours";

const spanSchema = z.object({
  span: choiceOf(SPANS, "is not a time that can be chosen").default(DEFAULT_SPAN),
});

/** `GET /queue/:queue?span=`: the figures, charts and jobs of one queue, and the way to its carriers. */
export function queueRoutes(runtime: Runtime, snapshots: Snapshots): Router {
  const router = Router();
  router.get("/queue/:queue", async (req, res, next) => {
    const { queue } = req.params;
    if (!isQueueName(queue)) return next();
    const filters = readFilters(spanSchema, req);
    const [hours, stepMinutes] = SPANS[filters.filter?.span ?? DEFAULT_SPAN] ?? [3, 1];
    const snapshot = await snapshots.read();
    const stepSeconds = stepMinutes * 60;
    const last = Math.floor(snapshot.at.getTime() / 1_000 / stepSeconds) * stepSeconds;
    const x = Array.from({ length: (hours * 60) / stepMinutes }, (_, n) => last - n * stepSeconds).reverse();
    const on = runtime.db.drizzle;
    const since = new Date((x[0] ?? last) * 1_000);
    const now = runtime.clock.now();
    const [activity, jobs, waits, pauses] = await Promise.all([
      readActivity(on, since, stepSeconds),
      queueJobs(runtime, queue, since, now),
      readQueueWaits(on, queue, now),
      readQueuePauses(runtime, queue),
    ]);
    const figure = queueFigures(snapshot).find((each) => each.queue === queue);
    const form = filterForm(
      `/admin/queue/${queue}`,
      [{ name: "span", label: "Time", choices: Object.keys(SPANS) }],
      { given: { span: DEFAULT_SPAN, ...filters.given }, faults: filters.faults },
    );
    showPage(res.status(filters.filter === null ? 422 : 200), {
      title: `Queue ${queue}`,
      above: [["Overview", "/admin"]],
      aside: pauses.isInRedis ? badge("paused in Redis", "warn") : null,
      hasCharts: true,
      live: following("queue_minutes", "outbox", "job_pauses"),
      body: html`${doneNotice(req, [queue])}${regionHtml("tiles", html`${lateHtml(waits)}${figure === undefined ? null : queueTiles(figure, waits)}`)}${links(queue)}
${form}${regionHtml(
  "activity",
  html`${activityCharts(
    activity.filter((step) => step.queue === queue),
    x,
    stepMinutes,
  )}
${section("Jobs, by the time that they took", html`<p class="dim">The time per entry is that of the last day, from the averages of each ten minutes.</p>${jobs}`)}`,
)}
${regionHtml("pause", html`${queuePauseSection(res, queue, pauses)}`)}`,
    });
  });
  router.use(queuePauseRoutes(runtime));
  return router;
}

/** Since when work of the queue waits for long. */
const lateHtml = ({ lateSince }: QueueWaits): Html | null =>
  lateSince === null
    ? null
    : html`<p class="warn why">Late since ${timeHtml(lateSince)}: some work has waited for more than a minute in each minute since then.</p>`;

const queueTiles = (
  { queue, amounts, oldestSeconds, active, failed }: QueueFigures,
  { medianMs, p95Ms }: QueueWaits,
): Html =>
  tiles([
    {
      label: "Wait, last day",
      value: medianMs === null ? "–" : formatMs(medianMs),
      note: p95Ms === null ? "none" : `median; 95 of 100 within ${formatMs(p95Ms)}`,
    },
    { label: "Due", value: amountText(amounts.due), href: hrefOf("/admin/work", { queue, state: "due" }) },
    { label: "Oldest unsettled", value: oldestSeconds === null ? "–" : formatSeconds(oldestSeconds) },
    {
      label: "Carried",
      value: amountText(amounts.carried),
      href: hrefOf("/admin/work", { queue, state: "carried" }),
    },
    { label: "Running carriers", value: active === null ? "–" : formatCount(active) },
    {
      label: "Later",
      value: amountText(amounts.later),
      href: hrefOf("/admin/work", { queue, state: "later" }),
    },
    { label: "Failed attempts", value: formatCount(failed), note: "last hour" },
    {
      label: "Dead",
      value: amountText(amounts.dead),
      href: hrefOf("/admin/work", { queue, state: "dead" }),
      ...(amounts.dead.count > 0 ? { tone: "bad" as const } : {}),
    },
  ]);

const links = (queue: keyof typeof QUEUE_WEIGHTS): Html =>
  html`<p class="dim">Weight ${QUEUE_WEIGHTS[queue]}: ${concurrencyOf(queue)} carriers at once in each process. <a href="/admin/queues/queue/${queue}">Carriers in Redis</a> (Bull Board, read-only).</p>`;
