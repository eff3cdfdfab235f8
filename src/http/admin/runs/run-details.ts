import { type Html, html } from "../../../html.ts";
import type { Run } from "../../../queues/runs.ts";
import {
  codeHtml,
  facts,
  formatCount,
  section,
  textHtml,
  timeWithAge,
  traceHtml,
} from "../frame/elements.ts";
import { table } from "../frame/table.ts";
import { durationText, rangesHtml, runStatusBadge } from "./run-table.ts";

/** The parts of a run's page that change while it is open. */
export function runDetails(run: Run, now: Date): Html {
  const counts = Object.entries(run.counts);
  return html`${facts([
    ["Status", runStatusBadge(run.status)],
    ["Trigger", run.schedule === null ? run.trigger : html`${run.trigger} ${codeHtml(run.schedule)}`],
    ["Slot", timeWithAge(run.slot, now)],
    ["Enqueued", timeWithAge(run.createdAt, now)],
    ["Started", timeWithAge(run.startedAt, now)],
    ["Finished", timeWithAge(run.finishedAt, now)],
    ["Duration", durationText(run, now)],
    ["Ranges", rangesHtml(run)],
    ["Log lines", codeHtml(`"run":"${run.id}"`)],
    ...(run.trace === null ? [] : ([["Trace", traceHtml(run.trace)]] as const)),
    ...(run.error === null ? [] : ([["Why it ended", textHtml(run.error)]] as const)),
  ])}
${section(
  "Counts",
  table({
    caption: "Counts of the run",
    columns: ["Name", { title: "Count", kind: "number" }],
    rows: counts.map(([name, n]) => [name, formatCount(n)]),
    empty: "It has counted nothing yet.",
  }),
)}`;
}
