import { type Html, html } from "../../../html.ts";
import { memoizeLast } from "../../../memoize-last.ts";
import type { JobPause } from "../../../queues/job-pauses.ts";
import type { Run } from "../../../queues/runs.ts";
import { sparkline } from "../frame/chart.ts";
import { badge, formatCount, formatSeconds, section, type Tone, tiles, timeHtml } from "../frame/elements.ts";
import { hrefOf } from "../frame/filters.ts";
import { table } from "../frame/table.ts";
import { pausedSection } from "../pauses/paused.ts";
import { runDetails } from "../runs/run-details.ts";
import { runTable } from "../runs/run-table.ts";
import type { RunsNow, Snapshot } from "../snapshot/snapshot.ts";
import { activityCharts } from "./activity-charts.ts";
import { alertTable } from "./alerts.ts";
import { amountText, chartMinutes, minuteOf, type QueueFigures, queueFigures, sumOf } from "./figures.ts";

/** The parts of pages that the stream keeps current, by name. */
export type Regions = ReadonlyMap<string, Html>;

/** The parts of the overview. */
export function overviewRegions(snapshot: Snapshot): Regions {
  const figures = queueFigures(snapshot);
  const { at, running, slow } = snapshot;
  return new Map([
    ["tiles", overviewTiles(figures, running, slow)],
    ["queues", queueTable(figures)],
    ["running", runTable(running, at, "No run is in progress.")],
    ...slowRegions(slow, minuteOf(at)),
  ]);
}

/** Those that are the same for all snapshots with the same slow part, within a minute. */
const slowRegions = memoizeLast((slow: Snapshot["slow"], minuteMs: number) => [
  ["alerts", alertTable(slow.alerts)] as const,
  ["paused", pausedSection({ schedules: slow.pausedSchedules, jobs: slow.pauses })] as const,
  ["charts", activityCharts(slow.activity, chartMinutes(new Date(minuteMs)), 1)] as const,
  ["servers", serverTables(slow)] as const,
]);

/** The details of runs. */
export const runRegions = ({ runs, at }: RunsNow): Regions =>
  new Map(runs.map((run) => [`run-${run.id}`, runDetails(run, at)]));

function overviewTiles(
  figures: readonly QueueFigures[],
  running: readonly Run[],
  { alerts, sales }: Pick<Snapshot["slow"], "alerts" | "sales">,
): Html {
  const due = sumOf(figures, "due");
  const dead = sumOf(figures, "dead");
  const oldest = Math.max(0, ...figures.map(({ oldestSeconds }) => oldestSeconds ?? 0));
  const slowest = figures.find(({ oldestSeconds }) => oldestSeconds !== null && oldestSeconds === oldest);
  const perMinute = figures.reduce((all, figure) => all + figure.perMinute, 0);
  const failed = figures.reduce((all, figure) => all + figure.failed, 0);
  const firing = alerts.filter(({ state }) => state === "firing").length;
  const toned = (is: boolean, tone: Tone) => (is ? { tone } : {});
  return tiles([
    {
      label: "Settled per minute",
      value: formatCount(Math.round(perMinute * 10) / 10),
      note: "last 15 minutes",
    },
    { label: "Due now", value: amountText(due), note: "wait for a worker", href: "/admin/work?state=due" },
    {
      label: "Oldest unsettled",
      value: slowest === undefined ? "–" : formatSeconds(oldest),
      note: slowest?.queue ?? "nothing is due",
      ...toned(oldest > 900, "warn"),
    },
    {
      label: "Runs in progress",
      value: formatCount(running.length),
      href: "/admin/runs?status=running",
      note: "listed below",
    },
    { label: "Failed attempts", value: formatCount(failed), note: "last hour", ...toned(failed > 0, "warn") },
    {
      label: "Dead letters",
      value: amountText(dead),
      note: "wait for an operator",
      href: "/admin/work?state=dead",
      ...toned(dead.count > 0, "bad"),
    },
    {
      label: "Sales held",
      value: formatCount(sales.held),
      note: `${formatCount(sales.unresolved)} others wait for their buyer`,
      href: "/admin/sales?status=held",
      ...toned(sales.held > 0, "warn"),
    },
    {
      label: "Alerts",
      value: `${firing}`,
      note: `${alerts.length - firing} pending`,
      ...toned(firing > 0, "bad"),
    },
  ]);
}

const numbers = (title: string) => ({ title, kind: "number" }) as const;

const pausedText = ({ job, until }: JobPause): Html =>
  html`<small class="warn"><a href="/admin/jobs/${job}">${job}</a> is paused until ${timeHtml(until)}</small>`;

const queueTable = (figures: readonly QueueFigures[]): Html =>
  table({
    caption: "Queues",
    columns: [
      { title: "Queue", kind: "fixed" },
      ...["Due", "Carried", "Running", "Later", "Dead", "Oldest unsettled", "Per minute", "Failed, 1 h"].map(
        numbers,
      ),
      { title: "Settled, last hour", kind: "fixed" },
    ],
    rows: figures.map((figure) => {
      const { queue, amounts, oldestSeconds, active, isPaused, pauses, perMinute, failed, lastHour } = figure;
      return [
        html`<a href="/admin/queue/${encodeURIComponent(queue)}">${queue}</a>${isPaused ? html` ${badge("paused", "warn")}` : null}${pauses.map(pausedText)}`,
        amountText(amounts.due),
        amountText(amounts.carried),
        active,
        amountText(amounts.later),
        amounts.dead.count === 0
          ? 0
          : html`<a class="bad" href="${hrefOf("/admin/work", { queue, state: "dead" })}">${amountText(amounts.dead)}</a>`,
        oldestSeconds === null ? null : formatSeconds(oldestSeconds),
        Math.round(perMinute * 10) / 10,
        failed,
        sparkline(lastHour, `Settled entries of ${queue} in each minute of the last hour`),
      ];
    }),
    empty: "",
  });

function serverTables({ servers, processes }: Snapshot["slow"]): Html {
  const versions = new Set(processes.filter(({ isGone }) => !isGone).map(({ version }) => version));
  return html`<div class="split">${section(
    "Servers",
    table({
      caption: "Servers",
      columns: ["Server", "Version", numbers("Up for"), { title: "Notes", kind: "long" }],
      rows: servers.map(({ name, version, upSeconds, notes }) => [
        name,
        version ?? badge("does not answer", "bad"),
        upSeconds === null ? null : formatSeconds(upSeconds),
        notes.join(" · "),
      ]),
      empty: "",
    }),
  )}${section(
    "Processes",
    table({
      caption: "Processes of the service",
      columns: ["Process", "Version", { title: "Roles", kind: "long" }, "Started"],
      rows: processes.map(({ machine, pid, version, roles, queues, startedAt, isGone }) => [
        html`${machine}${isGone ? html` ${badge("not seen", "bad")}` : null}<small>${pid}</small>`,
        version,
        html`${roles.join(", ")}${queues.length > 0 ? html`<small>${queues.join(", ")}</small>` : null}`,
        timeHtml(startedAt),
      ]),
      empty: "No process has reported yet; each does every 15 seconds.",
    }),
    versions.size > 1 ? badge(`${versions.size} versions`, "warn") : null,
  )}</div>`;
}
